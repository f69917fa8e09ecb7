from __future__ import annotations

from pathlib import Path

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.cache.opening import open_cache
from dbsbm.optimizer.repetition import watch
from dbsbm.optimizer.repetition.watch import CacheCalls
from tests.servers import start_valkey


def test_reads_of_the_server_one_by_one_are_seen_and_reads_of_many_are_not(tmp_path: Path) -> None:
    keys = [Key.of(Category.API_RESPONSE, "fixtures", number) for number in range(12)]
    with start_valkey(tmp_path / "cache") as server, open_cache(server.url) as cache:
        cache.watch_reads(CacheCalls())
        assert cache.set_many(dict.fromkeys(keys, 1)) == 12
        with watch.scope() as one_by_one:
            assert [cache.get(key) for key in keys] == [1] * 12
        with watch.scope() as at_once:
            assert len(cache.get_many(keys)) == 12
    (loop,) = one_by_one.repetitions()
    assert (loop.shape.kind, loop.shape.id, loop.calls) == ("cache", "api_response", 12)
    assert at_once.repetitions() == []
