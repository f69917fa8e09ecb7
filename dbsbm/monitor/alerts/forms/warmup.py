"""Cold caches: after a restart a share is bad for some minutes, and that is no incident."""

from __future__ import annotations

from collections import deque
from statistics import median

from dbsbm.monitor.alerts.rule import MINUTE

# What a restart spoils is spoilt at once: within this time, or so many readings. What has been good
# for that time, and some readings, has recovered.
AT_ONCE = MINUTE
STEPS = 2
READINGS = 3
# A series that was silent for this long, and for so many of its steps, may have restarted.
GAP = 20.0
GAP_STEPS = 2.5
# With less than this share of the usual traffic, readings are those of a restart.
THIN = 0.3
# Readings that say whether it was bad before already, and all that are kept for it.
_BEFORE = 10
_RECENT = 40
_USUAL_READINGS = 60
_ENOUGH_READINGS = 10


class Warmup:
    """Tells which readings are those of a cold cache.

    They are the bad ones that begin with a restart (one that was told of, a gap, or a fall of the
    traffic), until it has recovered or the grace is over. What was bad before is no cold cache.
    """

    def __init__(self, grace: float, min_samples: float) -> None:
        """Start without a restart.

        Args:
            grace: Seconds that a cache may take to fill.
            min_samples: Measurements below which readings show neither recovery nor traffic.
        """
        self._grace = grace
        self._restarted_at: float | None = None
        self._is_cold = False
        self._min_samples = min_samples
        self._well: list[tuple[float, float]] = []
        self._recent: deque[tuple[float, bool]] = deque(maxlen=_RECENT)
        self._last_at: float | None = None
        self._step = 0.0
        self._counts: deque[float] = deque(maxlen=_USUAL_READINGS)
        self._usual = 0.0
        self._was_thin = False

    def restarted(self, at: float) -> bool:
        """Hear of a restart; True where it spoilt readings since, that were not swallowed."""
        before = [bad for when, bad in self._recent if when <= at][-_BEFORE:]
        if self._is_cold or sum(before) > len(before) / 2:
            return False
        self._restarted_at = at
        spoilt = [when for when, bad in self._recent if when > at and bad]
        self._is_cold, self._well = bool(spoilt) and spoilt[0] - at <= self._soon, []
        return self._is_cold

    def swallows(self, at: float, count: float, *, bad: bool) -> bool:
        """Whether a reading is to be ignored; takes note of it."""
        if not self._grace:
            return False
        if self._is_after_gap(at) or self._becomes_thin(count):
            self.restarted(at)
        cold = self._is_cold_at(at, count, bad=bad)
        if not cold:
            self._recent.append((at, bad))
        return cold

    @property
    def _soon(self) -> float:
        return max(AT_ONCE, STEPS * self._step)

    def _is_cold_at(self, at: float, count: float, *, bad: bool) -> bool:
        if self._restarted_at is None or at < self._restarted_at:
            return False
        since = at - self._restarted_at
        if not self._is_cold:
            is_late = since > self._soon
            self._is_cold, self._well = bad and not is_late, []
            if is_late:
                self._restarted_at = None
            return self._is_cold
        self._well = [] if bad else [*self._well, (at, count)]
        if self._has_recovered() or since > self._grace:
            self._restarted_at, self._is_cold = None, False
        return self._is_cold

    def _has_recovered(self) -> bool:
        """Whether all was good for a while, by enough measurements where they are told of."""
        enough = self._min_samples if self._usual > 1 else 0
        if len(self._well) < READINGS or self._well[-1][0] - self._well[0][0] < AT_ONCE:
            return False
        return sum(count for _, count in self._well) >= enough

    def _is_after_gap(self, at: float) -> bool:
        last = at if self._last_at is None else self._last_at
        step, self._last_at = at - last, max(at, last)
        is_gap = step > GAP and 0 < GAP_STEPS * self._step < step
        if step > 0 and not is_gap:
            self._step = max(step, self._step * 0.9)
        return is_gap

    def _becomes_thin(self, count: float) -> bool:
        """Whether there is suddenly far less traffic than usual."""
        was_thin, self._was_thin = self._was_thin, self._is_far_below(count)
        self._counts.append(count)
        if len(self._counts) >= _ENOUGH_READINGS:
            self._usual = median(self._counts)
        return self._was_thin and not was_thin

    def _is_far_below(self, count: float) -> bool:
        return self._usual >= self._min_samples and count < THIN * self._usual
