"""Other processes that use the same cache, told what to do line by line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

ROOT: Final = Path(__file__).parents[3]

BEGIN: Final = """
import os, signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from dbsbm.cache import MISS, Category, Key, open_cache
from tests.servers import wait_until

cache = open_cache(sys.argv[1], connect_timeout=30, timeout=30)
cache.get(Key.of(Category.SESSION, "is it there?"))
wait_until(lambda: cache.gauges()["channel"] == "alive", 30)
KEY = Key.of(Category.GAME_DATA, "shared")

def tell(*words):
    print(*words, flush=True)

def listen():
    return sys.stdin.readline().strip()
"""


class Mate:
    """A process with a cache of its own. Leaving the context kills it.

    Args:
        url: The cache's server.
        program: What to do when its channel is alive; it may `tell` and `listen`.
    """

    def __init__(self, url: str, program: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", BEGIN + program, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def hear(self) -> str:
        """Return what the process tells next."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the process has ended"
        return line.strip()

    def say(self, words: str = "go") -> None:
        """Let the process go on."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{words}\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.wait(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self.process:
            self.process.kill()
