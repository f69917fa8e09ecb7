"""What the rules say of whole days: of one without faults, and of the same one with all of them."""

from __future__ import annotations

from datetime import timedelta

import redis
from pydantic import SecretStr

from dbsbm.db.engine import Database
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.gather import gather
from dbsbm.optimizer.missing import NotEnabledError
from dbsbm.optimizer.rules import RULES
from tests.integration.optimizer.planted_faults import FAULTS, HOT, crowd
from tests.integration.optimizer.simulated_day import NOW, healthy_day

UNSIMULATED = {"cache.ttl_too_long", "cache.ttl_too_short", "fleet.n_plus_one"}
"""They look at what was learned and at what tasks repeat, of which a day of metrics has none."""


def examined(database: Database, cache: redis.Redis) -> tuple[list[Finding], list[str]]:
    """The findings, and the rules that could not look."""
    evidence = gather(database, cache, window=timedelta(hours=24), now=NOW)
    findings, blind = [], []
    for name, rule in RULES.items():
        try:
            findings += rule(evidence)
        except NotEnabledError:
            blind.append(name)
    return findings, blind


def test_a_day_without_faults_gives_no_finding_above_information(
    database: Database, cache: redis.Redis
) -> None:
    healthy_day().store(database)
    findings, blind = examined(database, cache)
    assert set(blind) <= UNSIMULATED
    assert [each.cause for each in findings if each.severity != "info"] == []


def test_all_faults_of_a_day_are_told_apart_and_nothing_else_is_told(
    migrated_mariadb_url: str, cache: redis.Redis
) -> None:
    database = Database(SecretStr(migrated_mariadb_url))
    day = healthy_day()
    for plant in dict.fromkeys(fault.plant for fault in FAULTS):
        plant(day)
    day.store(database)
    crowd(cache)
    findings, blind = examined(database, cache)
    database.dispose()
    assert set(blind) <= UNSIMULATED
    planted = {(fault.rule, fault.object) for fault in FAULTS} | {("cache.hot_key", f"key {HOT}")}
    told = {(each.rule, each.object): each for each in findings}
    assert planted - told.keys() == set()
    # Long tasks take their queue's processes, too; what is for information may be anything.
    also = {
        ("fleet.concurrency", "queues fetch, maintenance"),
        ("fleet.queue_waits", "queue fetch"),
    }
    grave = {key for key, finding in told.items() if finding.severity != "info"}
    assert grave - planted - also == set()
