from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.cache.opening import open_cache
from dbsbm.cache.policy.mirror import POLICY_KEY, is_published, publish
from dbsbm.cache.policy.overrides import PolicyError
from dbsbm.cache.policy.policies import Policies, parse_mirror, render_mirror
from dbsbm.cache.server.connection import connect
from dbsbm.db.engine import Database
from dbsbm.db.policies import history
from dbsbm.errors import TransientError
from dbsbm.maintenance import policies
from tests.integration.cache.looks import calls
from tests.servers import ValkeyServer, free_port, wait_until

GAME, TEAM = Category.GAME_DATA, Category.TEAM_DATA
MINUTE = timedelta(minutes=1)


def change(database: Database, category: Category, **changes: object) -> None:
    policies.change(database, category, changes, changed_by="ann", reason="a quiet night")


def mirrored(client: redis.Redis) -> dict[Category, object]:
    stored = client.get(POLICY_KEY)
    assert isinstance(stored, bytes)
    return dict(parse_mirror(stored))


def test_changes_come_together_in_their_order_and_a_reset_undoes_them(database: Database) -> None:
    change(database, GAME, ttl=MINUTE, local=False)
    change(database, TEAM, compress_over=None)
    change(database, GAME, ttl=2 * MINUTE, jitter=0.2)
    together = {"ttl": 2 * MINUTE, "local": False, "jitter": 0.2}
    assert policies.in_force(database) == (3, {GAME: together, TEAM: {"compress_over": None}})
    change(database, GAME)
    assert policies.in_force(database) == (4, {TEAM: {"compress_over": None}})
    change(database, GAME, grace=MINUTE)
    assert policies.in_force(database)[1][GAME] == {"grace": MINUTE}


def test_every_change_is_kept_with_who_made_it_and_why(database: Database) -> None:
    change(database, GAME, ttl=MINUTE)
    change(database, TEAM, ttl=MINUTE)
    change(database, GAME)
    with database.read() as session:
        rows = history(session, "game_data", limit=9)
        assert [row.changes for row in rows] == [{}, {"ttl": 60.0}]
        assert {(row.changed_by, row.reason) for row in rows} == {("ann", "a quiet night")}
        assert len(history(session, limit=2)) == 2


def test_a_change_that_is_not_allowed_is_not_written_down(database: Database) -> None:
    with pytest.raises(PolicyError):
        change(database, GAME, ttl=timedelta(0))
    assert policies.in_force(database) == (0, {})


def test_what_another_release_wrote_down_is_left_out(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO cache_policies (category, changes, changed_by, reason, changed_at) VALUES "
            "('horoscopes', '{\"ttl\": 60}', 'ann', '', '2026-11-22 12:00:00'), "
            "('game_data', '{\"ttl\": 60, \"colour\": 1}', 'ann', '', '2026-11-22 12:00:00')"
        )
    assert policies.in_force(database) == (2, {GAME: {"ttl": MINUTE}})


def test_the_mirror_says_what_the_database_says(database: Database, client: redis.Redis) -> None:
    change(database, GAME, ttl=MINUTE)
    assert policies.publish(database, client)
    assert mirrored(client) == {GAME: {"ttl": MINUTE}}
    change(database, GAME)
    assert policies.publish(database, client)
    assert mirrored(client) == {}
    there = Policies()
    there.replace(parse_mirror(client.get(POLICY_KEY) or b""))
    assert there.of(GAME) == GAME.policy


def test_a_mirror_is_written_only_where_it_differs_for_each_write_is_pushed(
    client: redis.Redis, valkey_cache: ValkeyServer
) -> None:
    assert publish(client, {GAME: {"ttl": MINUTE}}, 1)
    assert not publish(client, {GAME: {"ttl": MINUTE}}, 1)
    assert calls(valkey_cache, "set") == 1


def test_an_older_reading_of_the_database_never_replaces_a_newer_one(client: redis.Redis) -> None:
    publish(client, {GAME: {"ttl": 2 * MINUTE}}, 2)
    assert not publish(client, {GAME: {"ttl": MINUTE}}, 1)
    assert mirrored(client) == {GAME: {"ttl": 2 * MINUTE}}


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b"3", b'{"revision": []}'])
def test_a_damaged_mirror_is_replaced(client: redis.Redis, damaged: bytes) -> None:
    client.set(POLICY_KEY, damaged)
    assert publish(client, {}, 0)
    assert client.get(POLICY_KEY) == render_mirror({}, 0)


def test_a_lost_mirror_is_written_again_and_one_that_is_there_is_left(
    database: Database, client: redis.Redis
) -> None:
    change(database, GAME, ttl=MINUTE)
    assert policies.keep_published(database, client)
    assert not policies.keep_published(database, client)
    client.flushall()
    assert not is_published(client)
    assert policies.keep_published(database, client)
    assert mirrored(client) == {GAME: {"ttl": MINUTE}}


@pytest.fixture
def watching(valkey_cache: ValkeyServer) -> Iterator[Cache]:
    """A cache as the processes of the fleet have it, that watches its server."""
    with open_cache(valkey_cache.url, connect_timeout=30, timeout=30) as cache:
        cache.get(Key.of(GAME, 1))
        yield cache


def test_a_process_has_a_change_in_force_as_soon_as_it_is_published(
    watching: Cache, database: Database, client: redis.Redis
) -> None:
    change(database, GAME, ttl=MINUTE, grace=MINUTE, jitter=0)
    policies.publish(database, client)
    wait_until(lambda: watching.policies.of(GAME).ttl == MINUTE)
    watching.set(Key.of(GAME, 1), "x")
    assert client.pttl(Key.of(GAME, 1).wire) <= 120_000
    change(database, GAME)
    policies.publish(database, client)
    wait_until(lambda: watching.policies.of(GAME) == GAME.policy)


def test_copies_go_where_a_policy_allows_none_any_more(
    watching: Cache, client: redis.Redis
) -> None:
    key, other = Key.of(TEAM, 1), Key.of(GAME, 1)
    for each in (key, other):
        watching.set(each, "x")
        wait_until(lambda each=each: watching.get(each) and watching.copy_of(each.wire))
    publish(client, {TEAM: {"local": False}}, 1)
    wait_until(lambda: not watching.policies.of(TEAM).local)
    wait_until(lambda: watching.copy_of(key.wire) is None)
    assert watching.get(key) == "x"
    assert watching.copy_of(key.wire) is None
    wait_until(lambda: watching.get(other) and watching.copy_of(other.wire))


def test_a_process_that_begins_later_takes_what_is_in_force(
    database: Database, client: redis.Redis, valkey_cache: ValkeyServer
) -> None:
    change(database, TEAM, local=False)
    policies.publish(database, client)
    with open_cache(valkey_cache.url, connect_timeout=30, timeout=30) as cache:
        cache.get(Key.of(GAME, 1))
        wait_until(lambda: not cache.policies.of(TEAM).local)


def test_a_lost_mirror_changes_nothing_in_the_processes_that_live(
    watching: Cache, client: redis.Redis, valkey_cache: ValkeyServer
) -> None:
    publish(client, {GAME: {"ttl": MINUTE}}, 1)
    wait_until(lambda: watching.policies.of(GAME).ttl == MINUTE)
    valkey_cache.client().config_resetstat()
    client.flushall()
    wait_until(lambda: calls(valkey_cache, "get") >= 1)
    client.flushall()
    wait_until(lambda: calls(valkey_cache, "get") >= 2)  # it has looked for the mirror, twice
    assert watching.policies.of(GAME).ttl == MINUTE


def test_a_server_that_is_away_is_a_transient_error() -> None:
    with connect(f"redis://127.0.0.1:{free_port()}") as client:
        with pytest.raises(TransientError):
            publish(client, {}, 0)
        with pytest.raises(TransientError):
            is_published(client)
