"""A container: one local process behind the part of docker-py's interface that is used."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from docker.errors import APIError

from tests.engine.archive import pack, unpack
from tests.engine.execution import ExecResult, is_socket_table, run_inside, socket_table
from tests.engine.programs import REDIS_PORT, local_command
from tests.engine.volumes import Mounts
from tests.servers import ChildProcess

# A container does not inherit the environment of whoever starts it.
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass
class Specification:
    """What a container was created with."""

    id: str
    command: Sequence[str]
    environment: Mapping[str, str]
    mounts: Mounts
    working_directory: str
    network: str
    labels: Mapping[str, str]
    name: str
    published: int | None

    @property
    def hostname(self) -> str:
        """The name under which others reach it: with the port, as all share one interface."""
        return f"127.0.0.1:{self.published}" if self.published else self.id[:12]


class LocalContainer:
    """A process that is started, signalled and removed as a container.

    As in docker-py, `attrs` and `status` are what the last `reload` saw.
    """

    def __init__(
        self, specification: Specification, directory: Path, forget: Callable[[str], None]
    ) -> None:
        self._specification = specification
        self._forget = forget
        self.id, self.name = specification.id, specification.name
        self._directory = specification.mounts.host_path(specification.working_directory)
        self._process = ChildProcess(
            self._argv(),
            cwd=self._directory,
            log=directory / "log",
            env=self._environment(),
        )
        self.reload()

    def _argv(self) -> list[str]:
        specification = self._specification
        hostname, port = specification.id[:12], specification.published or 0
        return local_command(specification.command, hostname, port, self._directory)

    def _environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        environment = {**inherited, **self._specification.environment}
        if "PYTHONPATH" in environment:
            path = self._specification.mounts.translate(environment["PYTHONPATH"])
            environment["PYTHONPATH"] = path
        return environment

    @property
    def labels(self) -> dict[str, str]:
        """The labels that it was created with."""
        return dict(self._specification.labels)

    @property
    def status(self) -> str:
        """`created`, `running` or `exited`, as the last `reload` saw it."""
        return str(self.attrs["State"]["Status"])

    def reload(self) -> None:
        """Look at the process again."""
        self.attrs = self._inspect()

    def _inspect(self) -> dict[str, Any]:
        specification = self._specification
        port = specification.published
        binding = {f"{REDIS_PORT}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
        return {
            "State": {"Status": self._state(), "ExitCode": self._process.exit_code},
            "Config": {
                "Hostname": specification.hostname,
                "Env": [f"{name}={value}" for name, value in specification.environment.items()],
                "Labels": self.labels,
            },
            "HostConfig": {"PortBindings": binding if port else {}},
            "NetworkSettings": {
                "Ports": binding if port else {},
                "Networks": {specification.network: {"IPAddress": "127.0.0.1"}},
            },
        }

    def _state(self) -> str:
        if self._process.running:
            return "running"
        return "created" if self._process.exit_code is None else "exited"

    def start(self) -> None:
        """Start the main process.

        Raises:
            APIError: Neither the container nor its image names a command.
        """
        if not self._specification.command:
            raise APIError(f"container {self.name} has no command")
        self._process.start()

    def kill(self, signal: str | int | None = None) -> None:
        """Send a signal (SIGKILL unless given) to the main process.

        Raises:
            APIError: The container is not running.
        """
        if not self._process.running:
            raise APIError(f"container {self.name} is not running")
        number = _signal_number(signal)
        self._process.signal(number)
        if number == _signal_number(None):
            self._process.wait(timeout=30)

    def stop(self, timeout: float = 10) -> None:
        """End the main process in good order, or by force after `timeout` seconds."""
        try:
            self._process.stop(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def restart(self, timeout: float = 10) -> None:
        """Stop the main process and start it again on the same port, files and log."""
        self.stop(timeout)
        self.start()

    def wait(self, timeout: float | None = None) -> dict[str, int | None]:
        """Wait for the end and return the exit code, 128 plus the signal's number if killed.

        Raises:
            subprocess.TimeoutExpired: It did not end in time.
        """
        code = self._process.wait(timeout)
        return {"StatusCode": 128 - code if code is not None and code < 0 else code}

    def remove(self, force: bool = False) -> None:
        """Remove the container; a running one only by force. Its log stays, as evidence.

        Raises:
            APIError: It is running.
        """
        if self._process.running and not force:
            raise APIError(f"container {self.name} is running")
        self._process.kill()
        self._forget(self.id)

    def logs(self) -> bytes:
        """Return all that the main process printed, over restarts."""
        return self._process.log().encode()

    def exec_run(self, cmd: str | list[str]) -> ExecResult:
        """Run a command inside the container.

        Raises:
            APIError: The container is not running.
        """
        if not self._process.running:
            raise APIError(f"container {self.name} is not running")
        if is_socket_table(cmd):
            return socket_table(cmd, self._specification.published)
        return run_inside(
            cmd,
            main_process=self._process.pid,
            directory=self._directory,
            environment=self._environment(),
        )

    def put_archive(self, path: str, data: bytes | BinaryIO) -> bool:
        """Write the files of a tar archive below a path within a volume."""
        unpack(data, self._specification.mounts.host_path(path))
        return True

    def get_archive(self, path: str) -> tuple[Iterator[bytes], dict[str, object]]:
        """Return a file or a directory of a volume as a tar archive, and its description."""
        return pack(self._specification.mounts.host_path(path))


def _signal_number(name: str | int | None) -> int:
    if isinstance(name, str):
        return signal.Signals[name]
    return signal.SIGKILL if name is None else name
