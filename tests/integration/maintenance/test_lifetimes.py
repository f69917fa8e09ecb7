from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from dbsbm.cache.categories import Category
from dbsbm.cache.policy.mirror import POLICY_KEY
from dbsbm.cache.policy.policies import parse_mirror
from dbsbm.cache.server.connection import connect
from dbsbm.db.engine import Database
from dbsbm.maintenance import policies
from dbsbm.maintenance.lifetimes import WATCHED, work
from dbsbm.optimizer import ledger
from dbsbm.optimizer.finding import Finding
from tests.servers import ValkeyServer

GAME = Category.GAME_DATA
NOW = datetime.now(UTC)
UNDONE = "Cache, game_data: lifetimes are those of the policy, for calls run out."
LEFT = {GAME: {"learned": False}}


@pytest.fixture
def client(valkey_cache: ValkeyServer) -> Iterator[redis.Redis]:
    client = connect(valkey_cache.url)
    yield client
    client.close()


def finding(seconds: float, *, rule: str = "cache.ttl_too_long", of: Category = GAME) -> Finding:
    return Finding(
        rule=rule,
        object=f"category {of}",
        severity="warning",
        cause="Values change sooner.",
        evidence={"learned_ttl_seconds": seconds},
        fix=("python -m dbsbm cache policy set ...",),
        expected_gain="Fewer stale hits.",
        confidence=0.99,
        risk="low",
        revert=("python -m dbsbm cache policy set ...",),
    )


def find(database: Database, *findings: Finding, now: datetime = NOW) -> None:
    """As an analysis does that finds these and nothing else."""
    database.transact(
        lambda session: ledger.record(session, findings, blind_rules=(), run_id=1, now=now)
    )


def state(database: Database, of: Finding) -> str:
    with database.read() as session:
        return ledger.find(session, of.id).state


def in_force(database: Database) -> dict[Category, Any]:
    return policies.in_force(database)[1]


def test_that_lifetimes_are_learned_is_set_told_and_watched_for_a_day(
    database: Database, client: redis.Redis
) -> None:
    long = finding(40)
    find(database, long)
    assert work(database, client) == ["Cache, game_data: lifetimes are learned."]
    expected = {GAME: {"learned": True}}
    assert in_force(database) == parse_mirror(client.get(POLICY_KEY) or b"") == expected
    assert state(database, long) == "applied"
    assert work(database, client) == []
    work(database, client, now=NOW + WATCHED + timedelta(hours=1))
    assert state(database, long) == "verified"
    with database.read() as session:
        steps = [(each.step, each.actor) for each in ledger.steps(session, long.id)]
    assert steps == [("new", "analysis"), ("apply", "auto"), ("verify", "auto")]


def test_while_a_plan_runs_out_it_is_undone_and_nothing_else_is_done(
    database: Database, client: redis.Redis
) -> None:
    long, short = finding(40), finding(9, of=Category.API_RESPONSE)
    find(database, long)
    work(database, client)
    spent = replace(finding(1, rule="fleet.quota"), object="provider apisports")
    find(database, short, spent)
    assert work(database, client, dry=True) == [UNDONE]
    assert in_force(database) == {GAME: {"learned": True}}
    assert work(database, client) == [UNDONE]
    assert in_force(database) == parse_mirror(client.get(POLICY_KEY) or b"") == LEFT
    assert (state(database, long), state(database, short)) == ("open", "open")
    assert work(database, client) == []
    find(database, short)  # no call is left: that is an alert, and no finding any more
    assert work(database, client, now=NOW) == []
    midnight = (NOW + timedelta(days=1)).replace(hour=0, minute=0, second=0)
    assert work(database, client, now=midnight) == ["Cache, api_response: lifetimes are learned."]


def test_what_was_found_again_meanwhile_is_undone_too_when_a_plan_runs_out(
    database: Database, client: redis.Redis
) -> None:
    long = finding(40)
    find(database, long)
    work(database, client)
    later = NOW + WATCHED + timedelta(hours=1)
    work(database, client, now=later)
    find(database, long, replace(finding(1, rule="fleet.quota"), object="provider x"), now=later)
    assert state(database, long) == "open"
    assert work(database, client, now=later) == [UNDONE]
    assert in_force(database) == LEFT


def test_what_a_person_has_set_is_left_alone_until_it_is_reset(
    database: Database, client: redis.Redis
) -> None:
    find(database, finding(40))
    minute = {"ttl": timedelta(minutes=1)}
    policies.change(database, GAME, minute, changed_by="ann", reason="x")
    assert work(database, client) == []
    assert in_force(database) == {GAME: minute}
    policies.change(database, GAME, {}, changed_by="ann", reason="x")
    assert work(database, client) == ["Cache, game_data: lifetimes are learned."]


def test_as_advice_nothing_is_changed(database: Database, client: redis.Redis) -> None:
    find(database, finding(40))
    assert work(database, client, dry=True) == ["Cache, game_data: lifetimes are learned."]
    assert in_force(database) == {}
    assert client.get(POLICY_KEY) is None


def test_no_more_is_changed_in_a_day_than_a_person_can_look_after(
    database: Database, client: redis.Redis
) -> None:
    outside = (GAME, Category.TEAM_DATA, Category.LEAGUE_DATA, Category.API_RESPONSE)
    find(database, *[finding(40, of=category) for category in outside])
    assert len(work(database, client)) == 3
    assert work(database, client) == []
    assert len(work(database, client, now=NOW + timedelta(hours=25))) == 1


def test_a_cache_that_is_away_is_told_by_the_next_round(
    database: Database, fresh_valkey_cache: ValkeyServer
) -> None:
    client = connect(fresh_valkey_cache.url)
    find(database, finding(40))
    fresh_valkey_cache.kill()
    assert len(work(database, client)) == 1
    fresh_valkey_cache.restart()
    work(database, client)
    expected = {GAME: {"learned": True}}
    assert parse_mirror(client.get(POLICY_KEY) or b"") == expected
    client.close()
