from __future__ import annotations

import pytest

from dbsbm.cache.categories import Category
from dbsbm.cache.stats import Stats
from dbsbm.monitor.counting.recorder import NullRecorder
from dbsbm.monitor.readings.cache_counts import watch_cache
from tests.unit.monitor.readings.spy import SpyRecorder


def test_what_the_cache_counts_is_recorded_once_by_level_and_left_to_its_own_totals() -> None:
    recorder, stats = SpyRecorder(), Stats()
    watch_cache(stats, recorder)
    stats.hit(Category.GAME_DATA, 100)
    stats.hit(Category.GAME_DATA, 30, local=True)
    stats.missed(Category.GAME_DATA)
    recorder.flush()
    stats.hit(Category.GAME_DATA, 50)
    recorder.flush()
    recorder.flush()
    assert recorder.totals() == {
        "cache.hits|category=game_data,level=process": 1,
        "cache.hits|category=game_data,level=server": 2,
        "cache.misses|category=game_data": 1,
        "cache.bytes_read|category=game_data,level=process": 30,
        "cache.bytes_read|category=game_data,level=server": 150,
    }
    assert stats.drain()[Category.GAME_DATA].hits == 3


def test_each_load_is_a_time_of_its_own() -> None:
    recorder, stats = SpyRecorder(), Stats()
    watch_cache(stats, recorder)
    for milliseconds in (10, 500):
        stats.loaded(Category.GAME_DATA, milliseconds * 1_000_000)
    found = recorder.told()["cache.load_seconds|category=game_data"]
    assert (found.count, found.low, found.high) == (2, 0.01, 0.5)


def test_the_counts_of_a_forked_child_begin_at_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder, stats = SpyRecorder(), Stats()
    watch_cache(stats, recorder)
    stats.hit(Category.SESSION, 1)
    recorder.flush()
    recorder.collect()
    monkeypatch.setattr("os.getpid", lambda: 1)
    stats.renew()  # as the cache does after a fork
    for _ in range(3):
        stats.hit(Category.SESSION, 1)
    recorder.flush()
    assert recorder.totals()["cache.hits|category=session,level=server"] == 3


def test_nothing_is_attached_where_nothing_is_measured() -> None:
    recorder, stats = NullRecorder(), Stats()
    watch_cache(stats, recorder, lambda: {"copy_bytes": 1})
    assert stats._on_load is None
    assert recorder._sources == []
