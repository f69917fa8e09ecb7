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
_COST_OF_PAGE: Final = 0.25
_COST_OF_ROW: Final = 0.1
"""Of a page in memory and of a row that is looked at, as MySQL's optimizer counts them (Reference
Manual 8.0, 10.9.5 "The Optimizer Cost Model"). Neither is enough alone: a scan takes few pages for
many rows, and an index a page or two for each row."""
_COST_OF_ENTRY: Final = 3 * _COST_OF_PAGE + _COST_OF_ROW
"""Of an entry that is written: three pages lead to it in an index of up to some million rows."""
_DESCENT: Final = 1.0
"""Cost that counts for nothing, however small the table: four pages, by which another index may be
deeper or fuller, or ten rows."""
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
    def costs(self) -> tuple[float, float]:
        """Cost of what is read, before and after; of rows alone where no pages are known."""
        known = self.before.pages is not None and self.after.pages is not None
        return _cost(self.before, pages=known), _cost(self.after, pages=known)

    @property
    def reads_more(self) -> bool:
        """It costs more than a share and a descent of an index explain."""
        before, after = self.costs
        return after > SLOWER * before + _DESCENT

    @property
    def takes_longer(self) -> bool:
        """It takes longer than other work on the machine explains."""
        return self.after.seconds > _NOISE_FACTOR * self.before.seconds + _NOISE_SECONDS

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
    def costs(self) -> tuple[float, float]:
        """What all its runs would have cost, before and after."""
        before, after = zip(*(trial.costs for trial in self.trials), strict=True)
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
        seconds: To write a row, before and after; None where it could not be tried.
    """

    entries: int
    seconds: tuple[float | None, float | None] = (None, None)

    @property
    def cost(self) -> float:
        """Of the entries, in the unit of what is read."""
        return self.entries * _COST_OF_ENTRY

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        micro = [None if each is None else round(each * 1e6, 1) for each in self.seconds]
        return {"entries": self.entries, "us_per_row": micro}


def _cost(reading: Reading, *, pages: bool) -> float:
    return _COST_OF_ROW * reading.rows + _COST_OF_PAGE * ((reading.pages or 0) if pages else 0)


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
    against = [reason for each in tried if (reason := _worse(each))]
    if makes_index:
        against += _useless(tried, writes)
    return _with_unknown(against, tried, unknown, takes_index=takes_index)


def _worse(tried: Tried) -> str | None:
    """What is worse about a statement, by the first of its trials that is."""
    for trial in tried.trials:
        before, after = trial.costs
        if trial.reads_more:
            what = f"reads more than before (cost {before:,.2f} -> {after:,.2f})"
        elif trial.takes_longer:
            seconds = trial.before.seconds, trial.after.seconds
            what = "takes longer than before ({:,.1f} -> {:,.1f} ms)".format(
                *(1000 * each for each in seconds)
            )
        else:
            continue
        return f"A statement {what}: {tried.load.text[:200]}"
    return None


def _useless(tried: Sequence[Tried], writes: Writes) -> list[str]:
    better = [each.costs for each in tried if each.costs[1] < each.costs[0]]
    before, after = sum(one for one, _ in better), sum(other for _, other in better)
    if not better:
        return ["No statement reads less with the index."]
    if after > (1 - GAIN) * before:
        return [f"The statements that it serves read {1 - after / before:.0%} less, not half."]
    if before - after <= writes.cost:
        return ["Keeping the index up costs more than it saves."]
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
