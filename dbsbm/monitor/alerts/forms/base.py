"""What every form of judgement offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import gt, lt

from dbsbm.monitor.alerts.rule import Rule
from dbsbm.monitor.alerts.track import Reading, Track

# From this many readings on it pays to look at all of them together.
_MANY = 8


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the readings say at one moment.

    Attributes:
        breached: The condition for firing is proven.
        active: True where a firing incident goes on, False where it looks over, None where there
            is too little to tell.
        value: The level now, in the rule's unit.
        since: Where breached: when the first of the readings that prove it was taken.
    """

    breached: bool
    active: bool | None
    value: float | None = None
    since: float | None = None


CALM = Verdict(breached=False, active=False)
UNKNOWN = Verdict(breached=False, active=None)


class Judge(ABC):
    """Collects the readings of one series and judges them by one rule."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.track = Track(self.reach(rule))

    @classmethod
    @abstractmethod
    def reach(cls, rule: Rule) -> float:
        """Seconds of readings that a judgement looks back on."""

    @abstractmethod
    def judge(self, now: float, *, firing_since: float | None, calm_since: float) -> Verdict:
        """Judge.

        Args:
            now: Unix seconds.
            firing_since: When the incident that is on fired; None where none is.
            calm_since: When the last incident ended: what was read before is no measure of calm.
        """

    def accepts(self, reading: Reading) -> bool:
        """Take note of a reading, and say whether it counts."""
        del reading
        return True

    def add_all(self, readings: Sequence[Reading]) -> None:
        """Take readings in, for a fraction of their price where they come in order."""
        times = [each.at for each in readings]
        if len(times) < _MANY or times != sorted(times) or times[0] < self.track.latest:
            for reading in readings:
                self.add(reading)
            return
        kept = [each for each in readings if self.accepts(each)]
        rule, values = self.rule, [each.value for each in kept]
        is_beyond = gt if rule.is_above else lt
        self.track.extend(
            kept,
            [1.0 if each.count is None else each.count for each in kept],
            over=list(map(is_beyond, values, repeat(rule.threshold))),
            near=list(map(is_beyond, values, repeat(rule.resolve))),
        )

    def add(self, reading: Reading) -> None:
        """Take a reading in."""
        if not self.accepts(reading):
            return
        rule = self.rule
        self.track.add(
            reading,
            1.0 if reading.count is None else reading.count,
            over=rule.is_breached_by(reading.value),
            near=rule.is_near(reading.value),
        )

    def restarted(self, at: float) -> None:
        """Hear that what is measured restarted; most forms do not mind."""
        del at

    def worst(self, since: float, until: float) -> float | None:
        """The worst reading after `since`, and not after `until`."""
        window = self.track.window(since, until)
        values = [each.value for each in self.track.readings[window.start : window.stop]]
        if not values:
            return None
        return max(values) if self.rule.is_above else min(values)

    def last_reading(self, now: float) -> float | None:
        """When the newest reading up to `now` was taken."""
        stop = self.track.window(float("-inf"), now).stop
        return self.track.times[stop - 1] if stop else None
