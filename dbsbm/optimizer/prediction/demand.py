"""How much the values of a game are read, learned from the games before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Final, TypeVar

K = TypeVar("K")

WEEK: Final = 7 * 86_400.0
_MEMORY: Final = 4 * WEEK
"""A game counts half after about three weeks: teams win and lose their readers slowly."""
_PATIENCE: Final = 5.0
"""Reads that have to be expected of a team before its own numbers weigh as much as the league's."""
_ROUNDS: Final = 4


@dataclass(frozen=True, slots=True)
class Slot:
    """The values of one kind of one game, such as its odds.

    Attributes:
        kind: Which of its values.
        league: Games of a league are read alike.
        game: The game's id.
        teams: Who plays.
        starts_at: Unix time.
    """

    kind: str
    league: str
    game: int
    teams: tuple[str, ...]
    starts_at: float


@dataclass(frozen=True, slots=True)
class Past:
    """A slot that was, with its reads: seconds after the start, before it they are negative."""

    slot: Slot
    reads: tuple[float, ...]


@dataclass(slots=True)
class Demand:
    """Expected reads of coming slots.

    A slot's reads are taken to be the mean of its kind in its league, times a factor of each team
    that plays. The factors are fitted by turns, each drawn towards 1 where little was seen of it
    (a gamma prior on the rate of a Poisson count).

    Attributes:
        offsets: When the slots of a kind and a league were read, from the start on, sorted.
    """

    offsets: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    _means: dict[tuple[str, str], float] = field(default_factory=dict)
    _factors: dict[str, float] = field(default_factory=dict)

    @classmethod
    def learn(cls, past: Sequence[Past], now: float) -> Demand:
        """Learn from games that were.

        Args:
            past: Any number of weeks; older ones count less.
            now: Unix time.
        """
        seen = [(each, 0.5 ** ((now - each.slot.starts_at) / _MEMORY)) for each in past]
        demand = cls()
        for each, _ in seen:
            key = (each.slot.kind, each.slot.league)
            demand.offsets.setdefault(key, []).extend(each.reads)
        for offsets in demand.offsets.values():
            offsets.sort()
        for _ in range(_ROUNDS):
            demand._fit_means(seen)
            demand._fit_factors(seen)
        return demand

    def expected(self, slot: Slot) -> float:
        """Expected reads of a slot; 0 for a kind that was never seen in its league."""
        return self._means.get((slot.kind, slot.league), 0.0) * self._factor(slot)

    def _factor(self, slot: Slot) -> float:
        factor = 1.0
        for team in slot.teams:
            factor *= self._factors.get(team, 1.0)
        return factor

    def _fit_means(self, seen: Iterable[tuple[Past, float]]) -> None:
        reads, exposed = _sums(seen, lambda slot: ((slot.kind, slot.league),), self._factor)
        self._means = {key: reads[key] / exposed[key] for key in exposed if exposed[key] > 0}

    def _fit_factors(self, seen: Iterable[tuple[Past, float]]) -> None:
        reads, exposed = _sums(seen, lambda slot: slot.teams, self.expected)
        for team, expected in exposed.items():
            ratio = (reads[team] + _PATIENCE) / (expected + _PATIENCE)
            # Both teams of a game are corrected at once for the same reads: half a step each.
            self._factors[team] = self._factors.get(team, 1.0) * sqrt(ratio)


def _sums(
    seen: Iterable[tuple[Past, float]],
    keys: Callable[[Slot], Iterable[K]],
    exposure: Callable[[Slot], float],
) -> tuple[Mapping[K, float], Mapping[K, float]]:
    """Reads and what was exposed to them, by key, older ones at less weight."""
    reads: defaultdict[K, float] = defaultdict(float)
    exposed: defaultdict[K, float] = defaultdict(float)
    for past, weight in seen:
        for key in keys(past.slot):
            reads[key] += weight * len(past.reads)
            exposed[key] += weight * exposure(past.slot)
    return reads, exposed
