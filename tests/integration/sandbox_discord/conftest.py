from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from dbsbm.sandbox.discord.app import DiscordStandin
from dbsbm.sandbox.discord.client import StandinClient
from dbsbm.sandbox.discord.config import StandinConfig

from .raw_bot import PING, TOKEN, RawBot

HERE = Path(__file__).parent


@pytest.fixture
async def standin() -> AsyncIterator[DiscordStandin]:
    """A stand-in in this process, with short deadlines and Discord's limits."""
    async with DiscordStandin(TOKEN, config=StandinConfig(ack_seconds=0.3)) as server:
        yield server


@pytest.fixture
async def bot(standin: DiscordStandin) -> AsyncIterator[RawBot]:
    """A raw bot that is connected and has registered /ping."""
    async with RawBot(standin) as raw:
        await raw.register(PING)
        await raw.identify()
        yield raw


@pytest.fixture(scope="module")
def start(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python processes that end with the module; the token goes to standard input."""
    running: list[subprocess.Popen[str]] = []
    logs = tmp_path_factory.mktemp("logs")

    def run(*arguments: str) -> subprocess.Popen[str]:
        with (logs / f"{len(running)}.err").open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        running.append(process)
        assert process.stdin is not None
        process.stdin.write(f"{TOKEN}\n")
        process.stdin.close()
        return process

    yield run
    for process in reversed(running):
        process.terminate()
        process.wait(10)
        process.stdout.close()
    for log in logs.iterdir():
        assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture(scope="module")
def served(start: Callable[..., subprocess.Popen[str]]) -> Iterator[StandinClient]:
    """A stand-in in a process of its own, and the client that drives it."""
    process = start(
        *("-m", "dbsbm.sandbox.discord", "--port", "0", "--token-file", "-"),
        *("--ack-seconds", "1.0"),
    )
    url = process.stdout.readline().split()[-1]
    with StandinClient(url) as client:
        yield client


@pytest.fixture(scope="module")
def discord_bot(
    served: StandinClient, start: Callable[..., subprocess.Popen[str]]
) -> subprocess.Popen[str]:
    """A discord.py bot in a process of its own, connected to the served stand-in."""
    url = served.url
    process = start(
        str(HERE / "bot_process.py"), f"{url}/api/v10", f"{url.replace('http', 'ws')}/gateway"
    )
    served.wait_for_bot(commands=9)
    return process
