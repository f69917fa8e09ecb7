from __future__ import annotations

import pytest
import redis

from dbsbm.cache import MISS, Cache, Category, Key, connect, open_cache
from dbsbm.cache.server.channel import BELIEF
from tests.integration.cache.looks import calls
from tests.integration.cache.watching import (
    Gate,
    copy,
    hasty,
    in_thread,
    wait_for_channel,
    wait_for_copy,
    wait_for_no_copy,
    watching,
)
from tests.servers import ValkeyServer, wait_until

GAME = Category.GAME_DATA
KEY, OTHER = Key.of(GAME, 1), Key.of(GAME, 2)


def test_what_is_in_the_process_is_read_without_asking_the_server(
    cache: Cache, valkey_cache: ValkeyServer
) -> None:
    cache.set(KEY, {"score": 21})
    with watching(valkey_cache) as reader:
        wait_for_copy(reader, KEY)
        before = calls(valkey_cache, "get"), calls(valkey_cache, "mget")
        for _ in range(50):
            assert reader.get(KEY) == {"score": 21}
            assert reader.get_many([KEY]) == {KEY: {"score": 21}}
            assert reader.get_or_load(KEY, lambda: {"score": 0}) == {"score": 21}
        assert (calls(valkey_cache, "get"), calls(valkey_cache, "mget")) == before


def test_each_caller_gets_a_value_of_its_own(cache: Cache, valkey_cache: ValkeyServer) -> None:
    cache.set(KEY, {"legs": [1, 2]})
    with watching(valkey_cache) as reader:
        wait_for_copy(reader, KEY)
        reader.get(KEY)["legs"].append(3)
        assert reader.get(KEY) == {"legs": [1, 2]}


def test_local_hits_are_counted_exactly_and_as_what_they_are(
    cache: Cache, valkey_cache: ValkeyServer
) -> None:
    cache.set(KEY, "value")
    size = cache.stats.snapshot()[GAME].bytes_written
    with watching(valkey_cache) as reader:
        wait_for_copy(reader, KEY)
        before = reader.stats.snapshot()[GAME]
        for _ in range(1000):
            reader.get(KEY)
        counted = reader.stats.snapshot()[GAME] - before
    assert (counted.hits, counted.local_hits, counted.misses) == (1000, 1000, 0)
    assert counted.bytes_read == counted.local_bytes == 1000 * size


@pytest.mark.parametrize("change", ["set", "invalidate", "invalidate_category", "get_or_load"])
def test_a_change_by_another_process_is_seen_at_once(
    cache: Cache, valkey_cache: ValkeyServer, change: str
) -> None:
    cache.set(KEY, "old")
    with watching(valkey_cache) as reader:
        wait_for_copy(reader, KEY)
        if change == "set":
            cache.set(KEY, "new")
        elif change == "invalidate":
            cache.invalidate(KEY)
        elif change == "invalidate_category":
            cache.invalidate_category(GAME)
        else:
            cache.invalidate(KEY)
            cache.get_or_load(KEY, lambda: "new")
        wait_for_no_copy(reader, KEY)
        assert reader.get(KEY) in {"new", MISS}


@pytest.mark.parametrize("change", ["set", "set_many", "invalidate", "invalidate_category"])
def test_a_process_reads_its_own_writes(valkey_cache: ValkeyServer, change: str) -> None:
    """Without waiting for the push of what it has written itself."""
    with watching(valkey_cache) as cache:
        for number in range(50):
            cache.set(KEY, number)
            wait_for_copy(cache, KEY)
            if change == "set":
                cache.set(KEY, "new")
            elif change == "set_many":
                cache.set_many({KEY: "new"})
            elif change == "invalidate":
                cache.invalidate(KEY)
            else:
                cache.invalidate_category(GAME)
            assert cache.get(KEY) == ("new" if change.startswith("set") else MISS)


def test_an_answer_that_a_change_overtook_is_not_kept(
    cache: Cache, valkey_cache: ValkeyServer
) -> None:
    """The fill race: the server answers with the old value, tells of the change, and only then
    does the reader come to keeping what it was answered."""
    cache.set(KEY, "old")
    cache.get(KEY)
    with watching(valkey_cache) as reader:
        gate = Gate(reader)
        answer = in_thread(lambda: reader.get(KEY))
        assert gate.is_reached.wait(30)
        sequence = reader._core.sequence
        cache.set(KEY, "new")
        wait_until(lambda: reader._core.sequence > sequence)
        gate.opens.set()
        assert answer() == "old"
        assert copy(reader, KEY) is None
        assert reader.get(KEY) == "new"


def test_without_the_change_the_same_answer_is_kept(
    cache: Cache, valkey_cache: ValkeyServer
) -> None:
    cache.set(KEY, "old")
    cache.get(KEY)
    with watching(valkey_cache) as reader:
        gate = Gate(reader)
        answer = in_thread(lambda: reader.get(KEY))
        assert gate.is_reached.wait(30)
        gate.opens.set()
        assert answer() == "old"
        assert copy(reader, KEY) is not None


def test_a_lost_connection_takes_all_copies_with_it(
    cache: Cache, client: redis.Redis, valkey_cache: ValkeyServer
) -> None:
    cache.set(KEY, "old")
    with watching(valkey_cache) as reader:
        wait_for_copy(reader, KEY)
        [channel] = [each for each in client.client_list() if "t" in each["flags"]]
        client.client_kill_filter(_id=channel["id"])
        cache.set(KEY, "new")
        wait_for_no_copy(reader, KEY)
        wait_for_channel(reader)
        assert len(reader._core.local or ()) == 0
        assert reader.get(KEY) == "new"


def test_an_emptied_server_takes_all_copies_with_it(
    cache: Cache, valkey_cache: ValkeyServer
) -> None:
    cache.set(KEY, 1)
    with watching(valkey_cache) as reader:
        wait_for_copy(reader, KEY)
        valkey_cache.flush()
        wait_for_no_copy(reader, KEY)
        assert reader.get(KEY) is MISS


def test_copies_are_not_believed_for_long_without_a_sign_of_life(
    fresh_valkey_cache: ValkeyServer,
) -> None:
    with watching(fresh_valkey_cache) as reader:
        reader.set(KEY, "value")
        wait_for_copy(reader, KEY)
        fresh_valkey_cache.freeze()
        frozen_at = reader._clock()
        wait_for_no_copy(reader, KEY)
        # The last proof came before the freeze.
        assert reader._channel.believed_until <= frozen_at + BELIEF
        fresh_valkey_cache.thaw()
        wait_for_channel(reader)
        assert reader.get(KEY) == "value"


def test_a_restarted_server_begins_anew(fresh_valkey_cache: ValkeyServer) -> None:
    with watching(fresh_valkey_cache) as reader:
        reader.set(KEY, "old")
        wait_for_copy(reader, KEY)
        fresh_valkey_cache.restart()
        wait_for_no_copy(reader, KEY)
        wait_for_channel(reader)
        assert reader.get_or_load(KEY, lambda: "new") == "new"
        wait_for_copy(reader, KEY)


def test_after_an_outage_the_server_is_not_believed_at_once(
    fresh_valkey_cache: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other processes may still have to tell it what changed."""
    monkeypatch.setattr("dbsbm.cache.server.channel.SETTLE", 3600.0)
    with hasty(fresh_valkey_cache) as reader:
        reader.set(KEY, "value")
        fresh_valkey_cache.freeze()
        wait_until(lambda: reader._core.gate.link.is_open)
        fresh_valkey_cache.thaw()
        wait_until(lambda: not reader._core.gate.link.is_open)
        assert reader.get(KEY) is MISS
        assert reader.get_or_load(KEY, lambda: "loaded") == "loaded"
        reader._channel.settled_at = reader._clock()
        assert reader.get(KEY) == "value"


def test_a_category_without_local_copies_has_none(valkey_cache: ValkeyServer) -> None:
    key = Key.of(Category.SESSION, 1)
    with watching(valkey_cache) as cache:
        cache.set(key, 1)
        for _ in range(3):
            assert cache.get(key) == 1
        assert copy(cache, key) is None


def test_a_copy_ends_when_its_value_does(valkey_cache: ValkeyServer) -> None:
    with watching(valkey_cache) as cache:
        wait_for_channel(cache)
        cache.set(KEY, 1)
        wait_for_copy(cache, KEY)
        entry = copy(cache, KEY)
        assert entry is not None
        before = cache.stats.snapshot()[GAME]
        entry.expires_at = entry.refresh_at = cache._clock()
        assert copy(cache, KEY) is None
        counted = cache.stats.snapshot()[GAME] - before
        assert (counted.hits, counted.local_hits) == (0, 0)


def test_a_closed_cache_has_no_thread_and_goes_on_without_copies(
    valkey_cache: ValkeyServer, client: redis.Redis
) -> None:
    cache = open_cache(valkey_cache.url, connect_timeout=30, timeout=30)
    wait_for_channel(cache)
    assert [each for each in client.client_list() if "t" in each["flags"]]
    cache.close()
    assert not cache._channel.is_running
    wait_until(lambda: not [each for each in client.client_list() if "t" in each["flags"]])
    assert cache.set(KEY, 1)
    assert cache.get(KEY) == 1
    assert copy(cache, KEY) is None
    assert cache._client is not None
    cache._client.close()


def test_a_forgotten_cache_ends_its_thread(valkey_cache: ValkeyServer) -> None:
    cache = open_cache(valkey_cache.url, connect_timeout=30, timeout=30)
    wait_for_channel(cache)
    watch, client = cache._watch, cache._client
    assert watch is not None
    assert client is not None
    del cache
    wait_until(lambda: not watch.is_running)
    client.close()


def test_two_caches_of_a_process_share_nothing(valkey_cache: ValkeyServer) -> None:
    with watching(valkey_cache) as one, watching(valkey_cache) as other:
        one.set(KEY, 1)
        wait_for_copy(one, KEY)
        assert copy(other, KEY) is None
        assert other.stats.snapshot()[GAME].sets == 0
        with pytest.raises(ValueError, match="one cache"):
            Cache(one._client, channel=one._watch)


def test_a_server_that_forbids_watching_is_used_without_copies(
    fresh_valkey_cache: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = fresh_valkey_cache.client()
    client.execute_command("ACL", "SETUSER", "poor", "on", ">secret", "~*", "+@all", "-client")
    url = fresh_valkey_cache.url.replace("redis://", "redis://poor:secret@")
    with open_cache(url, connect_timeout=30, timeout=30) as cache:
        cache.get(KEY)
        wait_until(lambda: not cache._channel.is_running)
        assert cache.set(KEY, 1)
        assert cache.get(KEY) == cache.get(KEY) == 1
        assert copy(cache, KEY) is None
    assert "cache.no_channel" in {vars(line).get("action") for line in caplog.records}
    with connect(url, timeout=30) as poor:
        assert Cache(poor).get(KEY) == 1


def test_without_a_thread_callers_go_on_alone(
    fresh_valkey_cache: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    with open_cache(fresh_valkey_cache.url, connect_timeout=30, timeout=30) as cache:
        assert cache.set(KEY, 1)
        assert cache.get(KEY) == 1
        assert not cache._channel.is_running
        fresh_valkey_cache.kill()
        assert cache.get(KEY) is MISS
        fresh_valkey_cache.start()
        wait_until(lambda: cache.set(KEY, 2))


def test_a_fault_of_our_own_in_the_channel_does_not_end_it(
    cache: Cache,
    valkey_cache: ValkeyServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cache.set(KEY, "old")
    with watching(valkey_cache) as reader:
        wait_for_copy(reader, KEY)
        with monkeypatch.context() as patch:
            patch.setattr(reader._core, "heard", lambda _: 1 // 0)
            cache.set(KEY, "new")
            wait_until(lambda: "cache.channel_failed" in actions(caplog))
        wait_for_channel(reader)
        assert reader.get(KEY) == "new"


def actions(caplog: pytest.LogCaptureFixture) -> set[object]:
    return {vars(line).get("action") for line in caplog.records}
