"""Whatever goes wrong, nothing stays stale: each fault in small, judged by processes of its own.

`./dev bench cache` runs the same scenarios with a hundred thousand operations and more.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.checker.crew import Effort
from tests.checker.scenarios import SCENARIOS, Stage

EFFORT = Effort(operations=8_000, writes=200, rounds=2)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_stays_stale_after(stage: Stage, name: str) -> None:
    verdict = stage.run(SCENARIOS[name], EFFORT)
    assert verdict.violations == []
    assert EFFORT.is_done(verdict.counts, 1.0)
    assert (verdict.deaths > 0) == (name == "crash between commit and release")
