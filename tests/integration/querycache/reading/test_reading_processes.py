"""Two processes, one database, one cache."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.querycache.reading.house import House
from tests.integration.querycache.reading.stranger import STATE
from tests.servers import ValkeyServer, wait_until

ROOT = Path(__file__).parents[4]

Ask = Callable[[str], str]


@pytest.fixture
def stranger(house: House, valkey_cache: ValkeyServer) -> Iterator[Ask]:
    """Asks another process."""
    program = [sys.executable, "-m", "tests.integration.querycache.reading.stranger"]
    with subprocess.Popen(
        program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(line: str) -> str:
            process.stdin.write(line + "\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            return process.stdout.readline().strip()  # type: ignore[union-attr]

        address = house.engine.url.render_as_string(hide_password=False)
        process.stdin.write(f"{address}\n{valkey_cache.url}\n")
        yield ask
        process.stdin.close()
        assert process.wait(30) == 0


def test_what_one_process_asked_the_other_finds_in_the_cache(house: House, stranger: Ask) -> None:
    house.rows(STATE)
    assert stranger("read") == "open 0"


def test_what_one_process_writes_the_other_reads(house: House, stranger: Ask) -> None:
    house.rows(STATE)
    assert stranger("UPDATE bets SET state = 'won' WHERE id = 110") == "done"
    wait_until(lambda: house.rows(STATE) == [("won",)])
    assert stranger("read") == "won 0"
    with house.sessions.begin() as session:
        session.connection().exec_driver_sql("UPDATE bets SET state = 'lost'")
    wait_until(lambda: stranger("read").startswith("lost"))
    assert stranger("read") == "lost 0"
