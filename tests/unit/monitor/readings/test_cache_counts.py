from __future__ import annotations

import pytest

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.cache.stats import Reloaded, Stats
from dbsbm.monitor.counting.recorder import NullRecorder
from dbsbm.monitor.readings.cache_counts import MOST_FAMILIES, watch_cache
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
    assert stats.on_reload is None
    assert recorder._sources == []


def test_what_a_reload_has_shown_is_recorded_by_family_and_families_are_bounded() -> None:
    recorder, stats = SpyRecorder(), Stats()
    watch_cache(stats, recorder)
    assert stats.on_reload is not None
    names = ["games", *(f"f{number}" for number in range(MOST_FAMILIES + 5))]
    keys = [Key.of(Category.API_RESPONSE, name, 1) for name in names]
    keys += [Key.of(Category.API_RESPONSE, 7), Key.of(Category.API_RESPONSE, "x" * 200)]
    for key in keys:
        stats.on_reload(Reloaded(key.category, key.wire, 30.0, changed=key is keys[0]))
    told = recorder.told()
    games = told["cache.reload_age|category=api_response,changed=yes,family=games"]
    assert (games.count, games.total) == (1, 30.0)
    assert told["cache.reload_age|category=api_response,changed=no,family=other"].count == 8
    assert len(told) == MOST_FAMILIES + 1
