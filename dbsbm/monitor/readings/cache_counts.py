"""What the cache does in this process, by category and level, as counters of the recorder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import family
from dbsbm.cache.stats import Counters, Reloaded, Stats
from dbsbm.monitor.counting.recorder import Recorder

MOST_FAMILIES = 32
LOCAL, SERVER = "process", "server"
# What only a process's own copies have.
_LOCAL_ONLY = frozenset({"evictions"})
# Told apart by level from the counters of both.
_SPLIT = {"hits": "local_hits", "bytes_read": "local_bytes"}


def watch_cache(
    stats: Stats, recorder: Recorder, gauges: Callable[[], Mapping[str, Any]] | None = None
) -> None:
    """Record `cache.hits`, `cache.misses` and so on before each delivery, and each load's time.

    Args:
        stats: The cache's own counts, which stay as they are.
        recorder: Where the readings go; one that is off attaches nothing.
        gauges: Tells among other things the `copy_bytes` of the process.
    """
    if not recorder.enabled:
        return
    recorder.add_source(_CacheCounts(stats, recorder).read)
    stats.watch_loads(
        lambda category, seconds: recorder.observe("cache.load_seconds", seconds, category=category)
    )
    stats.on_reload = _Reloads(recorder).record
    if gauges is not None:
        recorder.add_source(
            lambda: recorder.gauge("cache.bytes", gauges()["copy_bytes"], level=LOCAL)
        )


class _Reloads:
    """Records what reloads have shown by the family of their keys: their first part."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._families: set[str] = set()

    def record(self, reload: Reloaded) -> None:
        self._recorder.observe(
            "cache.reload_age",
            reload.age,
            category=reload.category,
            family=self._family(reload),
            changed="yes" if reload.changed else "no",
        )

    def _family(self, reload: Reloaded) -> str:
        name = family(reload.category, reload.wire)
        if name not in self._families:
            if len(self._families) >= MOST_FAMILIES:
                return "other"
            self._families.add(name)
        return name


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
            for name, labels, count in _by_level(asdict(counters - self._recorded[category])):
                self._recorder.add(f"cache.{name}", count, category=category, **labels)
            self._recorded[category] = counters


def _by_level(counts: Mapping[str, int]) -> Iterator[tuple[str, dict[str, str], int]]:
    """The counts that are not zero, with the level where they have one."""
    for name, count in counts.items():
        if name in _SPLIT.values() or not count:
            continue
        if name in _SPLIT:
            local = counts[_SPLIT[name]]
            found = [({"level": LOCAL}, local), ({"level": SERVER}, count - local)]
        else:
            found = [({"level": LOCAL} if name in _LOCAL_ONLY else {}, count)]
        for labels, number in found:
            if number:
                yield name, labels, number
