"""What the cache counts by category, as counters of the recorder."""

from __future__ import annotations

import os
from dataclasses import asdict

from dbsbm.cache.categories import Category
from dbsbm.cache.stats import Counters, Stats
from dbsbm.monitor.counting.recorder import Recorder


def watch_cache(stats: Stats, recorder: Recorder) -> None:
    """Record `cache.hits`, `cache.misses` and so on before each delivery."""
    recorder.add_source(_CacheCounts(stats, recorder).read)


class _CacheCounts:
    """Remembers what was recorded already. `Stats.drain` would take it from the cache's totals."""

    def __init__(self, stats: Stats, recorder: Recorder) -> None:
        self._stats = stats
        self._recorder = recorder
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._recorded = {category: Counters() for category in Category}

    def read(self) -> None:
        if self._process != os.getpid():
            self._begin()  # the counts of a forked child begin at zero
        for category, counters in self._stats.snapshot().items():
            for name, count in asdict(counters - self._recorded[category]).items():
                if count:
                    self._recorder.add(f"cache.{name}", count, category=category)
            self._recorded[category] = counters
