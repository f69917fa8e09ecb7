from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

import bot.__main__ as process
from dbsbm.errors import ConfigError
from dbsbm.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
FORBIDDEN = ("sqlalchemy", "alembic", "tasks", "workers", "dbsbm.db", "dbsbm.bootstrap", "PIL")
COMPLETE: dict[str, Any] = {
    "_env_file": None,
    "secret_key": "k" * 40,
    "discord_token": "a.b.c",
    "broker_url": "redis://127.0.0.1:1/0",
    "cache_url": "redis://127.0.0.1:1/1",
    "redis_host": None,
}


def test_the_bot_never_imports_what_belongs_to_workers() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, bot.__main__; print(*sys.modules, sep='\\n')"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    guilty = [
        name for name in loaded if any(name == f or name.startswith(f + ".") for f in FORBIDDEN)
    ]
    assert guilty == []


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"discord_token": None}, "DISCORD_TOKEN"),
        ({"discord_token": " "}, "DISCORD_TOKEN"),
        ({"broker_url": None}, "BROKER_URL"),
        ({"cache_url": None}, "CACHE_URL"),
    ],
)
def test_a_missing_setting_ends_the_process_with_a_sentence_that_names_it(
    wrong: dict[str, Any],
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = Settings(**(COMPLETE | wrong))
    monkeypatch.setattr(process, "load_settings", lambda: settings)
    assert process.main() == 2
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith(f"{named} is missing")
    assert "a.b.c" not in sentence


def test_settings_that_cannot_be_read_end_the_process_with_their_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> Settings:
        raise ConfigError("Settings: SECRET_KEY is missing.")

    monkeypatch.setattr(process, "load_settings", refuse)
    assert process.main() == 2
    assert capsys.readouterr().err == "Settings: SECRET_KEY is missing.\n"


def test_other_addresses_of_discord_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    there = {
        "discord_api_url": "http://127.0.0.1:8080/api/v10",
        "discord_gateway_url": "ws://127.0.0.1:8080/gateway",
    }
    process.point_at(Settings(**(COMPLETE | there)))
    assert Route("GET", "/users/@me").url == "http://127.0.0.1:8080/api/v10/users/@me"
    assert str(DiscordWebSocket.DEFAULT_GATEWAY) == "ws://127.0.0.1:8080/gateway"
