"""Whether a change is proved: what has to be better, and what must not be worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Final, Literal

from dbsbm.optimizer.proof.measuring import Reading
from dbsbm.optimizer.server.model import Load

Verdict = Literal["proved", "not proved", "needs a person"]

GAIN: Final = 0.5
"""A new index has to save this share of what the statements read that it serves."""
SLOWER: Final = 1.05
"""No statement may read more than this many times what it read."""
_DESCENT: Final = 3
"""Rows or pages more that count for nothing: another index may be one level deeper."""
_NOISE_FACTOR: Final = 1.5
_NOISE_SECONDS: Final = 0.005
"""A busy machine makes the shortest of some runs longer by so much."""
UNKNOWN: Final = 0.2
"""Share of the time that statements may have taken which could not be replayed."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One statement with some values, before and after."""

    name: str
    before: Reading
    after: Reading

    @property
    def amounts(self) -> tuple[int, int]:
        """Pages read before and after, or rows where the server does not tell of pages."""
        if self.before.pages is None or self.after.pages is None:
            return self.before.rows, self.after.rows
        return self.before.pages, self.after.pages

    @property
    def is_worse(self) -> bool:
        """It reads more, or takes longer than other work on the machine explains."""
        amounts = [(self.before.rows, self.after.rows), self.amounts]
        slow = _NOISE_FACTOR * self.before.seconds + _NOISE_SECONDS
        return self.after.seconds > slow or any(
            after > SLOWER * before + _DESCENT for before, after in amounts
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON, without the values."""
        return {
            "values": self.name,
            "rows": [self.before.rows, self.after.rows],
            "pages": [self.before.pages, self.after.pages],
            "ms": [round(each.seconds * 1000, 3) for each in (self.before, self.after)],
        }


@dataclass(frozen=True, slots=True)
class Tried:
    """A kind of statement that was replayed."""

    load: Load = field(repr=False)
    trials: tuple[Trial, ...]

    @property
    def amounts(self) -> tuple[float, float]:
        """What all its runs would have read, before and after."""
        before, after = zip(*(trial.amounts for trial in self.trials), strict=True)
        return self.load.calls * fmean(before), self.load.calls * fmean(after)

    def to_dict(self) -> dict[str, Any]:
        """As JSON, without any literal."""
        return {
            "digest": self.load.digest,
            "statement": self.load.text,
            "calls": self.load.calls,
            "trials": [trial.to_dict() for trial in self.trials],
        }


@dataclass(frozen=True, slots=True)
class Writes:
    """What those pay who write.

    Attributes:
        entries: Of indexes that the load would have written more; below zero for fewer.
        pages: That this costs.
        seconds: To write a row, before and after; None where it could not be tried.
    """

    entries: int
    pages: int
    seconds: tuple[float | None, float | None] = (None, None)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        micro = [None if each is None else round(each * 1e6, 1) for each in self.seconds]
        return {"entries": self.entries, "pages": self.pages, "us_per_row": micro}


def judge(
    tried: Sequence[Tried],
    unknown: Sequence[Load],
    writes: Writes,
    *,
    makes_index: bool,
    takes_index: bool,
) -> tuple[Verdict, list[str]]:
    """Judge a change.

    Args:
        tried: What was replayed.
        unknown: Kinds of statements that read the table and could not be replayed.
        writes: What those pay who write.
        makes_index: The change makes an index: it has to help.
        takes_index: The change takes an index away: nobody may miss it.

    Returns:
        The verdict, and a sentence for each reason against the change.
    """
    against = [
        f"A statement reads more or takes longer than before: {each.load.text[:200]}"
        for each in tried
        if any(trial.is_worse for trial in each.trials)
    ]
    if makes_index:
        against += _useless(tried, writes)
    return _with_unknown(against, tried, unknown, takes_index=takes_index)


def _useless(tried: Sequence[Tried], writes: Writes) -> list[str]:
    better = [each.amounts for each in tried if each.amounts[1] < each.amounts[0]]
    before, after = sum(one for one, _ in better), sum(other for _, other in better)
    if not better:
        return ["No statement reads less with the index."]
    if after > (1 - GAIN) * before:
        return [f"The statements that it serves read {1 - after / before:.0%} less, not half."]
    if before - after <= writes.pages:
        return ["Keeping the index up costs more pages than it saves."]
    return []


def _with_unknown(
    against: list[str], tried: Sequence[Tried], unknown: Sequence[Load], *, takes_index: bool
) -> tuple[Verdict, list[str]]:
    if against:
        return "not proved", against
    if unknown and takes_index:
        many = f"{len(unknown)} kinds of statements on the table"
        return "needs a person", [f"{many} could not be replayed, and may need the index."]
    seconds = sum(load.seconds for load in unknown)
    total = seconds + sum(each.load.seconds for each in tried)
    if total and seconds / total > UNKNOWN:
        return "needs a person", [
            f"Statements with {seconds / total:.0%} of the table's time could not be replayed."
        ]
    return "proved", []
