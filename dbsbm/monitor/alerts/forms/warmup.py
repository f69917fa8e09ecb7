"""Cold caches: after a restart a share is bad for some minutes, and that is no incident."""

from __future__ import annotations

from collections import deque
from statistics import median

from dbsbm.monitor.alerts.rule import MINUTE

# What a restart spoils is spoilt at once: within this time, or the next readings.
AT_ONCE = 1.5 * MINUTE
READINGS = 3
# A series that was silent for this long, and for so many of its steps, may have restarted.
GAP = 5 * MINUTE
GAP_STEPS = 5
# With less than this share of the usual traffic, readings are those of a restart.
THIN = 0.3
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
        self._well: list[float] = []
        self._bad_since: float | None = None
        self._good = 0
        self._last_at: float | None = None
        self._step = 0.0
        self._counts: deque[float] = deque(maxlen=_USUAL_READINGS)
        self._usual = 0.0
        self._was_thin = False

    def restarted(self, at: float) -> bool:
        """Hear of a restart; True where it spoilt readings since, that were not swallowed."""
        if self._is_cold or (self._bad_since is not None and self._bad_since <= at):
            return False
        self._restarted_at = at
        if self._bad_since is None:
            return False
        self._is_cold, self._well = self._bad_since - at <= self._soon, []
        self._bad_since = None
        return self._is_cold

    def swallows(self, at: float, count: float, *, bad: bool) -> bool:
        """Whether a reading is to be ignored; takes note of it."""
        if not self._grace:
            return False
        if self._is_after_gap(at) or self._becomes_thin(count):
            self.restarted(at)
        cold = self._is_cold_at(at, count, bad=bad)
        self._note_bad(at, bad=bad and not cold)
        return cold

    @property
    def _soon(self) -> float:
        return max(AT_ONCE, READINGS * self._step)

    def _note_bad(self, at: float, *, bad: bool) -> None:
        """Keep since when readings are bad, but for a good one here and there."""
        self._good = 0 if bad else self._good + 1
        if bad and self._bad_since is None:
            self._bad_since = at
        if self._good >= READINGS:
            self._bad_since = None

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
        self._well = [] if bad else [*self._well, count]
        if self._has_recovered() or since > self._grace:
            self._restarted_at, self._is_cold = None, False
        return self._is_cold

    def _has_recovered(self) -> bool:
        """Whether the last readings were all good, and many measurements or all there are."""
        enough = self._min_samples if self._usual > 1 else 0
        return len(self._well) >= READINGS and sum(self._well) >= enough

    def _is_after_gap(self, at: float) -> bool:
        last = at if self._last_at is None else self._last_at
        step, self._last_at = at - last, max(at, last)
        is_gap = step > GAP and step > GAP_STEPS * self._step
        if step > 0 and not is_gap:
            self._step = step
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
