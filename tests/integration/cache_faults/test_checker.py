"""The checker itself: what it must see, it sees."""

from __future__ import annotations

from pathlib import Path

from tests.checker.access import Access
from tests.checker.board import Board
from tests.checker.counts import Counts
from tests.checker.crew import Effort, crew
from tests.checker.plan import Plan
from tests.checker.truth import Truth

SECOND = 1_000_000_000


def test_a_cache_that_never_hears_of_writes_is_found_out() -> None:
    plan = Plan(keys=8, readers=("threads",), deaf=True, bound=0.2, patience=1.0)
    with crew(plan) as working:
        verdict = working.run(lambda _: None, Effort(operations=2_000, writes=100, rounds=1))
    assert len(verdict.permanent) > 0
    assert verdict.counts.late > 0
    assert verdict.counts.longest > plan.bound


def test_a_value_that_was_rolled_back_is_found_out(tmp_path: Path) -> None:
    counts = checked(tmp_path, {"key": 0, "version": 2, "token": 1})
    assert (counts.reads, counts.phantoms, counts.stale) == (1, 1, 0)


def test_a_value_older_than_what_was_committed_before_the_read_is_stale(tmp_path: Path) -> None:
    counts = checked(tmp_path, {"key": 0, "version": 1, "token": 0}, noted=(2, 1))
    assert (counts.stale, counts.late) == (1, 1)


def test_what_is_committed_while_a_read_is_under_way_may_be_missing_from_it(tmp_path: Path) -> None:
    counts = checked(tmp_path, {"key": 0, "version": 1, "token": 0}, noted=(2, 2**62))
    assert (counts.reads, counts.stale) == (1, 0)


def test_the_board_knows_when_a_version_was_outdated(tmp_path: Path) -> None:
    Board.create(tmp_path / "board", keys=2, writers=2)
    board, elsewhere = (Board(tmp_path / "board", 2, 2) for _ in range(2))
    board.note(0, 1, 2, 20 * SECOND)
    board.note(1, 1, 4, 40 * SECOND)
    board.note(0, 1, 3, 50 * SECOND)  # it noted its commit after the other writer did
    assert elsewhere.newest(1) == 4
    assert elsewhere.outdated_since(1, 1) == 20 * SECOND
    assert elsewhere.outdated_since(1, 2) == 40 * SECOND
    assert elsewhere.outdated_since(1, 4) is None
    assert elsewhere.newest(0) == 0


def test_a_transaction_that_is_not_committed_changes_nothing(tmp_path: Path) -> None:
    Truth.create(tmp_path / "truth.db", keys=2)
    truth = Truth(tmp_path / "truth.db")
    with truth.transaction([0, 1], token=1) as versions:
        assert versions == {0: 2, 1: 2}
        # Another connection, as another process has it.
        assert Truth(tmp_path / "truth.db").read(0) == {"key": 0, "version": 1, "token": 0}
    with truth.transaction([0], token=2):
        truth.commit()
    assert truth.read_many([0, 1]) == {
        0: {"key": 0, "version": 2, "token": 2},
        1: {"key": 1, "version": 1, "token": 0},
    }


def checked(folder: Path, row: dict[str, int], noted: tuple[int, int] | None = None) -> Counts:
    """What is counted of a read that a cache answers with this row."""
    plan = Plan(folder=str(folder), keys=1, writers=1)
    Truth.create(plan.database, plan.keys)
    Board.create(plan.board, plan.keys, plan.writers)
    access, counts = Access(plan, Answering(row), "test"), Counts()
    if noted is not None:
        access.board.note(0, 0, *noted)
    access.check([0], counts)
    return counts


class Answering:
    """A cache with one answer."""

    def __init__(self, row: dict[str, int]) -> None:
        self._row = row

    def get_or_load(self, *_: object, **__: object) -> dict[str, int]:
        return self._row
