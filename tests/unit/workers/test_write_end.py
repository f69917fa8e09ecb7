"""A slot that is done is not run again because the database was away for a moment."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from dbsbm.errors import TransientError
from tasks import base


class Database:
    """Away for so many attempts."""

    def __init__(self, away: int) -> None:
        self.away = away
        self.written = 0

    def transact(self, _work: Callable[[Any], None]) -> None:
        self.away -= 1
        if self.away >= 0:
            raise TransientError("The database did not answer.")
        self.written += 1


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []
    monkeypatch.setattr(base, "time", SimpleNamespace(sleep=pauses.append))
    return pauses


@pytest.mark.parametrize("away", [0, 1, 4])
def test_the_end_is_written_once_the_database_is_back(slept: list[float], away: int) -> None:
    database = Database(away)
    base.write_end(database, lambda _session: None)  # type: ignore[arg-type]
    assert database.written == 1
    assert slept == list(base.END_PAUSES[:away])


def test_an_outage_that_lasts_is_passed_on(slept: list[float]) -> None:
    database = Database(5)
    with pytest.raises(TransientError):
        base.write_end(database, lambda _session: None)  # type: ignore[arg-type]
    assert (database.written, sum(slept)) == (0, 15)
