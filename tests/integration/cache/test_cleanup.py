from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import timedelta

import pytest
import redis

from dbsbm.cache import MISS, Cache, Category, Key, clean_up, connect
from dbsbm.cache.keys import BATCH, VERSION
from dbsbm.cache.operating.cleanup import _AROUND
from dbsbm.cache.policy.policies import Policies
from tests.integration.cache.looks import commands
from tests.servers import ValkeyServer, free_port

GAME = Category.GAME_DATA
LIFE_MS = (GAME.policy.ttl + GAME.policy.grace) // timedelta(milliseconds=1)
LONG = timedelta(hours=1)
NAMESPACE, OLDER, NEWER = (f"dbsbm:v{VERSION + step}:" for step in (0, -1, 1))


def put(
    client: redis.Redis, key: Key, *, left: float, life_ms: int = LIFE_MS, mark: bytes = b"N"
) -> None:
    """Store a value of which only a share of its life is left."""
    model = Key.of(key.category, "model of a value").wire
    if (stored := _models.get(key.category)) is None:
        assert Cache(client).set(Key(key.category, model), "value")
        stored = _models[key.category] = client.getdel(model)[5:]
    head = mark + life_ms.to_bytes(4, "big")
    client.set(key.wire, head + stored, px=round(life_ms * left))


_models: dict[Category, bytes] = {}


class Listener:
    """Hears which of our keys change, as a process with copies of its own does."""

    def __init__(self, client: redis.Redis) -> None:
        self._connection = client.connection_pool.make_connection()
        self._client = client

    def __enter__(self) -> Listener:
        self._command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", NAMESPACE)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.disconnect()

    def heard(self) -> set[bytes]:
        """What changed until now: a push comes before the answer to a command sent later."""
        pushed: set[bytes] = set()
        self._connection._parser.set_invalidation_push_handler(lambda push: pushed.update(push[1]))
        self._command("PING")
        return pushed

    def _command(self, *words: str) -> None:
        self._connection.send_command(*words)
        self._connection.read_response()


def names(client: redis.Redis) -> set[str]:
    return {wire.decode() for wire in client.scan_iter()}


def test_each_kind_of_rest_is_removed_and_nothing_else(cache: Cache, client: redis.Redis) -> None:
    limit = Category.USER_DATA.max_bytes
    rests = {
        "old_version": [f"{OLDER}game_data:x", f"{OLDER}gone:x", f"{OLDER}list"],
        "no_expiry": [Key.of(GAME, "forever").wire, Key.of(GAME, "list").wire],
        "oversized": [Key.of(Category.USER_DATA, "big").wire],
        "never_read": [Key.of(GAME, "unwanted").wire, Key.of(GAME, "short").wire],
    }
    for wire in rests["old_version"][:2]:
        client.set(wire, "x", ex=60)
    client.lpush(f"{OLDER}list", 1)
    client.set(rests["no_expiry"][0], "x")
    client.lpush(rests["no_expiry"][1], 1)
    client.set(rests["oversized"][0], b"R" + bytes(limit + _AROUND + 1), ex=60)
    put(client, Key.of(GAME, "unwanted"), left=0.45)
    put(client, Key.of(GAME, "short"), left=0.4, life_ms=60_000)

    kept = {
        Key.of(GAME, "read"): {"left": 0.1, "mark": b"R"},
        Key.of(GAME, "loading"): {"left": 0.1, "mark": b"L"},
        Key.of(GAME, "young"): {"left": 0.55},
        Key.of(GAME, "short and young"): {"left": 0.7, "life_ms": 60_000},
    }
    for key, how in kept.items():
        put(client, key, **how)  # type: ignore[arg-type] # the table above is its arguments
    client.set(Key.of(Category.USER_DATA, "large").wire, b"R" + bytes(limit + 100), ex=60)
    client.set(Key.of(GAME, "foreign").wire, "?", ex=60)
    foreign = [f"{NEWER}game_data:x", f"{NAMESPACE}unheard_of:x", "dbsbm:game_data", "celery"]
    foreign += [f"{NAMESPACE}tag:t:bets", f"{NAMESPACE}tag:game_data:x", f"{NAMESPACE}policy"]
    foreign += ["dbsbm:stats:totals", "dbsbm:refresh:game_data:x", f"other:{OLDER}game_data:x"]
    for wire in foreign:
        client.set(wire, "x")
    before = names(client)

    planned = clean_up(client, dry_run=True)
    assert names(client) == before
    report = clean_up(client)
    assert report.removed_by_reason == {reason: len(found) for reason, found in rests.items()}
    assert before - names(client) == {wire for found in rests.values() for wire in found}
    assert report.removed == 8
    assert report.scanned == 8 + len(kept) + 2
    assert report.bytes_freed > limit
    assert (report.errors, report.cursor, report.dry_run) == (0, 0, False)
    assert planned.removed_by_reason == report.removed_by_reason
    assert (planned.bytes_freed, planned.dry_run) == (report.bytes_freed, True)
    again = clean_up(client)
    assert (again.removed, again.bytes_freed) == (0, 0)


def test_values_stored_and_read_by_the_cache_stay(cache: Cache, client: redis.Redis) -> None:
    loaded = [Key.of(category, "loaded") for category in Category if category.codec == "typed"]
    for key in loaded:
        cache.get_or_load(key, lambda: 1)
    largest = Key.of(Category.SESSION, "largest")
    assert cache.set(largest, "x" * (Category.SESSION.max_bytes - 100))
    assert clean_up(client).removed == 0
    # As old as a value can be, a loaded one is unread; its first reader makes it wanted.
    assert set(cache.get_many(loaded)) == set(loaded)
    assert clean_up(client, unread_share=0).removed_by_reason == {"never_read": 1}
    assert set(cache.get_many(loaded)) == set(loaded)


def test_a_limit_that_was_changed_removes_nothing_that_either_limit_allows(
    client: redis.Redis,
) -> None:
    policies, key = Policies(), Key.of(Category.USER_DATA, "large")
    policies.replace({Category.USER_DATA: {"max_bytes": 8 * 1024 * 1024}})
    client.set(key.wire, b"R" + bytes(Category.USER_DATA.max_bytes + _AROUND + 1), ex=60)
    assert clean_up(client, policies=policies).removed == 0
    policies.replace({Category.USER_DATA: {"max_bytes": 1024}})
    assert clean_up(client, policies=policies).removed_by_reason == {"oversized": 1}
    client.set(key.wire, b"R" + bytes(Category.USER_DATA.max_bytes), ex=60)
    assert clean_up(client, policies=policies).removed == 0


def test_an_unread_value_whose_grace_is_as_long_as_its_ttl_is_kept_while_it_is_fresh(
    client: redis.Redis,
) -> None:
    assert GAME.policy.grace == GAME.ttl
    put(client, Key.of(GAME, "fresh"), left=0.51)
    put(client, Key.of(GAME, "stale"), left=0.49)
    assert clean_up(client).removed_by_reason == {"never_read": 1}
    assert names(client) == {Key.of(GAME, "fresh").wire}


def test_looking_tells_no_process_of_a_change(client: redis.Redis) -> None:
    kept, unwanted = Key.of(GAME, "kept"), Key.of(GAME, "unwanted")
    put(client, kept, left=0.1, mark=b"R")
    put(client, unwanted, left=0.1)
    with Listener(client) as listener:
        clean_up(client, dry_run=True)
        assert listener.heard() == set()
        clean_up(client)
        assert listener.heard() == {unwanted.wire.encode()}


def test_looking_does_not_count_as_use(cache: Cache, client: redis.Redis) -> None:
    keys = [Key.of(GAME, number) for number in range(50)]
    for key in keys:
        put(client, key, left=0.1, mark=b"R")
    frequencies = [client.object("FREQ", key.wire) for key in keys]
    for _ in range(20):
        clean_up(client)
    assert [client.object("FREQ", key.wire) for key in keys] == frequencies
    # And a read through the same pool counts again.
    for _ in range(2000):
        client.get(keys[0].wire)
    assert client.object("FREQ", keys[0].wire) > frequencies[0]


def test_a_clean_up_without_time_goes_on_where_it_stopped(client: redis.Redis) -> None:
    for number in range(5 * BATCH):
        put(client, Key.of(GAME, number), left=0.1)
    ticks = iter(range(1_000_000))
    steps = [clean_up(client, budget=timedelta(0), clock=lambda: float(next(ticks)))]
    while steps[-1].cursor:
        steps.append(clean_up(client, cursor=steps[-1].cursor, budget=timedelta(0)))
    assert len(steps) > 2
    assert all(step.removed < 5 * BATCH for step in steps)
    assert sum(step.removed for step in steps) == 5 * BATCH
    assert steps[0].duration > 0


def test_the_server_is_never_asked_for_all_keys_at_once(
    client: redis.Redis, valkey_cache: ValkeyServer
) -> None:
    put(client, Key.of(GAME, 1), left=0.1)
    assert clean_up(client).removed == 1
    used = commands(valkey_cache)
    assert {"scan", "unlink"} <= used
    assert used.isdisjoint({"keys", "del", "flushdb", "flushall"})


def test_a_server_without_the_means_to_look_unseen_is_cleaned_all_the_same(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: redis.Redis, mode: str) -> None:
        raise redis.ResponseError("unknown subcommand 'NO-TOUCH'. Try CLIENT HELP.")

    monkeypatch.setattr(redis.Redis, "client_no_touch", refuse)
    put(client, Key.of(GAME, 1), left=0.1)
    assert clean_up(client).removed == 1


def test_a_server_that_is_away_ends_the_clean_up_with_an_error_counted() -> None:
    with connect(f"redis://127.0.0.1:{free_port()}") as client:
        report = clean_up(client)
    assert (report.scanned, report.removed, report.errors) == (0, 0, 1)


def test_a_replica_is_reported_and_not_cleaned(fresh_valkey_cache: ValkeyServer) -> None:
    with connect(fresh_valkey_cache.url, connect_timeout=30, timeout=30) as client:
        put(client, Key.of(GAME, 1), left=0.1)
        client.replicaof("127.0.0.1", free_port())
        report = clean_up(client)
        assert (report.removed, report.errors) == (0, 1)
        assert client.exists(Key.of(GAME, 1).wire)


ROUNDS, CROWD = 20, 300


def test_no_value_that_was_read_or_written_meanwhile_is_lost(
    cache: Cache, client: redis.Redis
) -> None:
    """Every round, readers, a writer and clean-ups meet over values that are due to be removed."""
    chance, outcomes = random.Random(20261122), Counter[str]()
    for number in range(ROUNDS):
        crowd = [Key.of(GAME, number, each) for each in range(CROWD)]
        for key in crowd:
            put(client, key, left=0.1)
        chance.shuffle(crowd)
        readers = [crowd[:80], crowd[80:160]]
        touched = race(cache, client, readers, writer=crowd[160:220])
        outcomes.update(check_round(client, crowd, touched))
    assert outcomes["lost"] == 0
    assert outcomes["kept"] > ROUNDS
    assert outcomes["removed"] >= ROUNDS * (CROWD - 220)
    assert outcomes["kept"] + outcomes["removed"] == ROUNDS * CROWD


def race(
    cache: Cache, client: redis.Redis, readers: list[list[Key]], writer: list[Key]
) -> set[Key]:
    """Return the keys that were read or written while clean-ups ran."""
    start, touched = threading.Barrier(len(readers) + 2), set[Key]()

    def read(keys: list[Key]) -> None:
        start.wait()
        touched.update([key for key in keys if cache.get(key) is not MISS])

    def write(keys: list[Key]) -> None:
        start.wait()
        touched.update([key for key in keys if cache.set(key, "rewritten", ttl=LONG)])

    threads = [threading.Thread(target=read, args=(keys,)) for keys in readers]
    threads.append(threading.Thread(target=write, args=(writer,)))
    for thread in threads:
        thread.start()
    start.wait()
    while any(thread.is_alive() for thread in threads):
        assert clean_up(client).errors == 0
    for thread in threads:
        thread.join()
    assert clean_up(client).errors == 0
    return touched


def check_round(client: redis.Redis, crowd: list[Key], touched: set[Key]) -> Counter[str]:
    there = dict(
        zip(
            crowd,
            [value is not None for value in client.mget([k.wire for k in crowd])],
            strict=True,
        )
    )
    return Counter(
        "kept"
        if there[key] and key in touched
        else "lost"
        if key in touched
        else "spared"
        if there[key]
        else "removed"
        for key in crowd
    )
