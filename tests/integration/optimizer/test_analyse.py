from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from pydantic import SecretStr
from sqlalchemy import delete, func, select, text

from dbsbm.db import policies
from dbsbm.db.engine import Database
from dbsbm.db.models import (
    DeadLetter,
    Effect,
    FindingRow,
    Guild,
    Interaction,
    MetricBatch,
    MetricPoint,
    OptimizerRun,
    SlowStatement,
)
from dbsbm.errors import TransientError
from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.counting.series import Kind
from dbsbm.monitor.readings import queries
from dbsbm.monitor.readings.pool import timed_pool
from dbsbm.monitor.store.resolutions import floor
from dbsbm.monitor.store.sampler import sample
from dbsbm.optimizer import analyse as analysis
from dbsbm.optimizer.analyse import analyse
from dbsbm.optimizer.rules import RULES, SERVER_RULES
from tests.integration.monitor.store.filling import Filler
from tests.servers import MariaDBServer, ValkeyServer

WINDOW = timedelta(hours=24)
TRACE = "11111111-2222-3333-4444-555555555555"


def run(database: Database, cache: redis.Redis) -> dict[str, Any]:
    report = analyse(database, cache, window=WINDOW, trace_id=TRACE)
    json.dumps(report)
    return report


def add(database: Database, *rows: Any) -> None:
    database.transact(lambda session: session.add_all(rows))


def counted(database: Database, age: timedelta = timedelta(minutes=5), **values: float) -> None:
    """Store a sample of `game_data` reads and of the database pool."""
    at = datetime.now(UTC) - age
    add(database, MetricBatch(id=f"{at.timestamp()}"[:32], taken_at=at, samples=len(values)))
    measured = Filler(database)
    minute = floor(at, 60)
    measured.minute(minute, "db.pool_wait", [0.0] * 1000)
    for name, value in values.items():
        measured.plain(minute, f"cache.{name}", Kind.COUNTER, [value], category="game_data")


def held_up(report: dict[str, Any]) -> list[str]:
    """The rules that could not look. MariaDB does not keep runs of statements unasked."""
    names = [line.partition(":")[0] for line in report["not_enabled"]]
    return [rule for name in names if name != "load" for rule in name.split(", ")]


YOUNG = {
    "cache.evictions",
    "fleet.n_plus_one",
    "system.broker_memory",
    "system.disk",
    "system.memory",
    "system.table_growth",
}
"""What cannot be told of a fleet that was measured for minutes, and whose servers were not."""


def forget_samples(database: Database) -> None:
    database.transact(lambda session: [session.execute(delete(MetricPoint))])


def states(database: Database) -> dict[str, str]:
    with database.read() as session:
        return {row.object: row.state for row in session.scalars(select(FindingRow))}


def test_a_fleet_without_faults_is_healthy(database: Database, cache: redis.Redis) -> None:
    counted(database, hits=900, misses=100)
    report = run(database, cache)
    assert report["findings"] == []
    assert set(held_up(report)) == YOUNG
    assert report["healthy"]
    with database.read() as session:
        (row,) = session.scalars(select(OptimizerRun))
    rules = len(RULES) - len(YOUNG) + (len(SERVER_RULES) if database.dialect != "sqlite" else 0)
    assert (row.id, row.rules, row.findings, row.healthy) == (report["run_id"], rules, 0, True)
    assert row.trace_id == TRACE


def test_a_fleet_that_is_not_sampled_is_not_called_healthy(
    database: Database, cache: redis.Redis
) -> None:
    counted(database, age=timedelta(hours=25), hits=900, misses=100)
    report = run(database, cache)
    unsampled = {"cache.limit", "fleet.dead_letters", "fleet.job_overlap", "fleet.overdue_effects"}
    assert set(held_up(report)) == RULES.keys() - unsampled
    assert "ENABLE_PERFORMANCE_MONITORING" in report["not_enabled"][0]
    assert not report["healthy"]


def test_samples_before_the_window_do_not_count(database: Database, cache: redis.Redis) -> None:
    counted(database, age=timedelta(hours=25), hits=0, misses=5000)
    counted(database, hits=900, misses=100)
    assert run(database, cache)["findings"] == []


def test_a_lifetime_that_an_operator_changed_is_the_one_that_is_judged(
    database: Database, cache: redis.Redis
) -> None:
    counted(database, hits=10, misses=990, sets=990)
    database.transact(
        lambda session: policies.record(
            session, "game_data", {"ttl": 120}, changed_by="ann", reason="scores come late"
        )
    )
    (finding,) = run(database, cache)["findings"]
    assert "before its TTL of 2 min ends" in finding["cause"]


def test_a_finding_is_new_then_known_then_gone_then_back(
    database: Database, cache: redis.Redis
) -> None:
    counted(database, hits=10, misses=990, sets=990)
    (first,) = run(database, cache)["findings"]
    assert (first["object"], first["change"]) == ("category game_data", "new")
    (second,) = run(database, cache)["findings"]
    assert (second["id"], second["change"]) == (first["id"], "known")

    forget_samples(database)
    counted(database, age=timedelta(minutes=4), hits=990, misses=10)
    report = run(database, cache)
    assert (report["findings"], report["gone"]) == ([], [first["id"]])
    assert states(database) == {"category game_data": "gone"}

    forget_samples(database)
    counted(database, age=timedelta(minutes=3), hits=10, misses=990, sets=990)
    (back,) = run(database, cache)["findings"]
    assert (back["id"], back["change"]) == (first["id"], "back")
    assert states(database) == {"category game_data": "open"}
    with database.read() as session:
        runs = session.scalars(select(OptimizerRun).order_by(OptimizerRun.id)).all()
        row = session.get_one(FindingRow, first["id"])
    assert row.first_seen == runs[0].started_at
    assert row.last_seen == runs[3].started_at
    assert row.run_id == runs[3].id


def test_a_finding_stays_open_while_its_rule_cannot_look(
    database: Database, cache: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted(database, hits=10, misses=990, sets=990)
    run(database, cache)

    def fail(_: object) -> list[Any]:
        raise ValueError("broken")

    monkeypatch.setattr(analysis, "RULES", {"cache.hit_rate": fail})
    report = run(database, cache)
    assert report["gone"] == []
    assert report["not_enabled"][0] == "cache.hit_rate: The rule failed (ValueError)."
    assert not report["healthy"]
    assert states(database) == {"category game_data": "open"}


def test_a_finding_of_a_rule_that_is_no_more_goes(database: Database, cache: redis.Redis) -> None:
    counted(database, hits=10, misses=990, sets=990)
    run(database, cache)
    database.transact(
        lambda session: [setattr(session.scalars(select(FindingRow)).one(), "rule", "of_old")]
    )
    forget_samples(database)
    counted(database, age=timedelta(minutes=4), hits=990, misses=10)
    assert len(run(database, cache)["gone"]) == 1


def test_a_cache_that_is_away_is_said_and_the_other_rules_look(
    database: Database, cache: redis.Redis, valkey_cache: ValkeyServer
) -> None:
    counted(database, hits=10, misses=990, sets=990)
    valkey_cache.stop()
    report = run(database, cache)
    assert set(held_up(report)) == YOUNG | {"cache.limit", "cache.hot_key"}
    assert "did not say how full it is (ConnectionError)" in report["not_enabled"][0]
    assert [finding["rule"] for finding in report["findings"]] == ["cache.hit_rate"]


def test_a_cache_that_refuses_writes_when_full_is_found(
    database: Database, cache: redis.Redis
) -> None:
    counted(database, hits=900, misses=100)
    cache.config_set("maxmemory-policy", "noeviction")
    (finding,) = run(database, cache)["findings"]
    assert finding["rule"] == "cache.limit"
    assert finding["evidence"]["policy"] == "noeviction"


def test_evictions_of_a_server_that_was_restarted_are_added_up(
    database: Database, cache: redis.Redis
) -> None:
    counted(database, hits=100, misses=400, sets=500)
    at = datetime.now(UTC) - timedelta(hours=1)
    for minute, count in enumerate((1000, 1100, 30, 60)):
        moment = floor(at, 60) + timedelta(minutes=minute)
        Filler(database).plain(moment, "cache.evicted_keys", Kind.GAUGE, [count])
    (finding,) = run(database, cache)["findings"]
    assert "evicted 32%" in finding["cause"]  # 100 + 30 + 30 of 500


def effect(task: str, age: timedelta, state: str = "pending", attempts: int = 0) -> Effect:
    at = datetime.now(UTC) - age
    return Effect(
        dedupe_key=f"{task}:{age}:{state}",
        task=task,
        payload={},
        trace_id=TRACE,
        state=state,
        attempts=attempts,
        next_attempt_at=at,
        created_at=at,
    )


def test_effects_that_do_not_happen_are_found(database: Database, cache: redis.Redis) -> None:
    counted(database, hits=900, misses=100)
    add(
        database,
        effect("tasks.slips.render", timedelta(minutes=4)),
        effect("tasks.slips.render", timedelta(hours=9), state="done"),
        effect("tasks.bets.tell", timedelta(minutes=20), attempts=7),
        effect("tasks.bets.tell", timedelta(minutes=6), attempts=2),
    )
    (finding,) = run(database, cache)["findings"]
    assert (finding["rule"], finding["object"]) == ("fleet.overdue_effects", "task tasks.bets.tell")
    assert finding["severity"] == "critical"
    assert finding["evidence"]["count"] == 2
    assert finding["evidence"]["attempts"] == 7


def letter(number: int, age: timedelta, replayed: bool = False) -> DeadLetter:
    now = datetime.now(UTC)
    return DeadLetter(
        source="outbox",
        source_key=str(number),
        task="tasks.discord.deliver",
        payload={},
        trace_id=TRACE,
        reason="gone",
        created_at=now - age,
        replayed_at=now if replayed else None,
    )


def test_work_that_was_given_up_is_found(database: Database, cache: redis.Redis) -> None:
    counted(database, hits=900, misses=100)
    add(
        database,
        letter(1, timedelta(hours=1)),
        letter(2, timedelta(hours=2)),
        letter(3, timedelta(hours=3), replayed=True),
        letter(4, timedelta(hours=30)),
        letter(5, timedelta(hours=50)),
    )
    (finding,) = run(database, cache)["findings"]
    assert finding["object"] == "outbox tasks.discord.deliver"
    assert finding["evidence"] == {"count": 2, "before": 1}
    assert finding["severity"] == "critical"


def test_a_database_that_is_away_is_a_transient_error(
    mariadb: MariaDBServer, cache: redis.Redis
) -> None:
    database = Database(SecretStr(mariadb.url("any")))
    mariadb.stop()
    with pytest.raises(TransientError):
        analyse(database, cache, window=WINDOW, trace_id=TRACE)
    database.dispose()


# --- from the statement to the index --------------------------------------------------------------


@contextmanager
def measured(database: Database, broker: redis.Redis) -> Iterator[Recorder]:
    recorder = Recorder(broker, flush_seconds=3600)
    queries.attach(database.engine, recorder, slow_query_seconds=1e-9)
    try:
        yield recorder
    finally:
        recorder.close()


def fill_interactions(database: Database, rows: int) -> None:
    now = datetime.now(UTC)
    add(database, Guild(id=1, created_at=now, updated_at=now))
    values = [
        {
            "id": number,
            "guild_id": number % 7,
            "user_id": number,
            "command": "bet",
            "trace_id": str(number),
            "outcome": "ok",
            "created_at": now,
            "handled_at": now,
        }
        for number in range(1, rows + 1)
    ]
    database.transact(lambda session: [session.execute(Interaction.__table__.insert(), values)])


SLOW = (
    select(Interaction.trace_id).where(Interaction.user_id == 77).order_by(Interaction.created_at)
)


def test_a_slow_statement_leads_to_an_index_that_its_plan_then_uses(
    database: Database,
    cache: redis.Redis,
    valkey_broker: ValkeyServer,
) -> None:
    fill_interactions(database, 3000)
    with measured(database, valkey_broker.client()) as recorder:
        with database.read() as session:
            session.execute(SLOW).all()
        sample(database, valkey_broker.client(), cache, recorder, queues=())

    finding = next(
        each
        for each in run(database, cache)["findings"]
        if each["evidence"].get("statement", "").startswith("SELECT interactions.trace_id")
    )
    assert "a full scan of interactions" in finding["cause"]
    create, _ = finding["fix"]
    assert create == (
        "CREATE INDEX ix_interactions_user_id_created_at ON interactions (user_id, created_at)"
    )

    database.transact(lambda session: [session.execute(text(create))])
    assert "ix_interactions_user_id_created_at" in plan_of(database)
    (drop,) = finding["revert"]
    database.transact(lambda session: [session.execute(text(drop))])
    assert "ix_interactions_user_id_created_at" not in plan_of(database)


def plan_of(database: Database) -> str:
    keyword = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
    database.dispose()  # an open SQLite connection explains by the schema it knows
    statement = SLOW.compile(database.engine, compile_kwargs={"literal_binds": True})
    with database.read() as session:
        return str(session.execute(text(f"{keyword} {statement}")).all())


def test_waits_for_the_pool_go_from_the_check_out_to_the_finding(
    database_url: str,
    database: Database,
    cache: redis.Redis,
    valkey_broker: ValkeyServer,
) -> None:
    broker = valkey_broker.client()
    recorder = Recorder(broker, flush_seconds=3600)
    small = Database(
        SecretStr(database_url),
        pool_size=1,
        max_overflow=0,
        pool_timeout=0.05,
        pool=timed_pool(recorder),
    )
    queries.attach(small.engine, recorder, slow_query_seconds=1000)
    with small.read() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(TransientError), small.read() as second:
            second.execute(text("SELECT 1"))
    sample(database, broker, cache, recorder, queues=())
    recorder.close()
    small.dispose()
    found = [
        each for each in run(database, cache)["findings"] if each["rule"] == "database.pool_waits"
    ]
    assert [each["severity"] for each in found] == ["critical"]
    assert found[0]["evidence"]["timeouts"] == 1


def test_slow_statements_out_of_the_window_are_not_reported(
    database: Database, cache: redis.Redis
) -> None:
    counted(database, hits=900, misses=100)
    at = datetime.now(UTC) - timedelta(hours=25)
    row = SlowStatement(fingerprint="f", text="SELECT ?", first_seen=at, last_seen=at)
    add(database, row)
    assert run(database, cache)["findings"] == []
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(SlowStatement)) == 1
