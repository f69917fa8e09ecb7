"""The live evaluation: one incident and one promise to tell, whoever evaluates and dies."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from dbsbm.db import changes
from dbsbm.db.engine import Database
from dbsbm.db.models import AlertSilence, AlertState, Change, Effect, Incident, Statement
from dbsbm.errors import UserError
from dbsbm.monitor.alerts import incidents, silences
from dbsbm.monitor.alerts.rule import Rule, Signal
from dbsbm.monitor.alerts.watch import Alerts, Report
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.reading import Point, Series, Summary

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RUNS_ON: dict[str, Any] = {"code": "aaaa", "settings": {"log_level": "1"}}

SLOW = Rule(
    name="slow",
    form="level",
    signal=Signal(metric="wait", statistic="high", by=("queue",)),
    threshold=1.0,
    resolve=0.8,
    is_above=True,
    severity="page",
    effect="Members wait.",
    runbook="slow",
    min_samples=0,
    evidence_by=("queue",),
)
WIDE = Rule(
    name="wide",
    form="level",
    signal=Signal(metric="wait", statistic="high"),
    threshold=1.0,
    resolve=0.8,
    is_above=True,
    severity="page",
    effect="Everybody waits.",
    runbook="wide",
    min_samples=0,
    inhibits=("slow",),
)


class Waits(History):
    """A history in which the wait of one queue is bad in some minutes."""

    def __init__(self, *bad: range, until: int = 600) -> None:
        self._bad = bad
        self._until = until

    @contextmanager
    def together(self) -> Iterator[History]:
        yield self

    def series(
        self, name: str, since: datetime, until: datetime, *, by: Sequence[str] = (), **asked: Any
    ) -> list[Series]:
        assert (name, asked) == ("wait", {"where": {}, "step": MINUTE, "only": ("high",)})
        first = -((START - since) // MINUTE)
        minutes = range(first, min((until - START) // MINUTE + 1, self._until))
        points = [self._point(START + n * MINUTE) for n in minutes]
        labels = {"queue": "images"} if by else {}
        return [Series(labels, "gauge", MINUTE, points)]

    def top(
        self, name: str, since: datetime, until: datetime, *, by: Sequence[str], **_asked: Any
    ) -> list[Summary]:
        parts = {"images": 30.0, "fetch": 10.0}
        return [
            Summary(since, 60, "gauge", 5, total, 0.1, 9.0, 1.0, (), name, {by[0]: value})
            for value, total in parts.items()
        ]

    def _point(self, at: datetime) -> Point:
        number = (at - START) // MINUTE
        value = 5.0 if any(number in bad for bad in self._bad) else 0.1
        return Point(at, 60, "gauge", 2, 2 * value, value, value, value, ())


def alerts(database: Database, history: Waits, *rules: Rule, **runs_on: Any) -> Alerts:
    return Alerts(database, history, rules or (SLOW,), runs_on=lambda: {**RUNS_ON, **runs_on})


def run(watch: Alerts, minutes: range) -> list[Report]:
    """Evaluate once a minute."""
    return [watch.evaluate(START + n * MINUTE, trace_id="t") for n in minutes]


def all_incidents(database: Database) -> list[Incident]:
    with database.read() as session:
        return list(session.scalars(select(Incident).order_by(Incident.id)))


def promises(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Effect.dedupe_key).order_by(Effect.id)))


def test_an_incident_begins_and_ends_and_both_are_told_once(database: Database) -> None:
    reports = run(alerts(database, Waits(range(10, 30))), range(45))
    (incident,) = all_incidents(database)
    assert (incident.rule, incident.series, incident.severity) == ("slow", "queue=images", "page")
    assert (incident.state, incident.resolution) == ("resolved", "recovered")
    assert incident.started_at == START + 11 * MINUTE, "the end of the first bad minute"
    assert incident.fired_at is not None
    assert incident.fired_at - incident.started_at <= 4 * MINUTE
    assert incident.resolved_at is not None
    assert START + 30 * MINUTE < incident.resolved_at < START + 42 * MINUTE
    assert (incident.worst, incident.threshold, incident.version) == (5.0, 1.0, 2)
    assert promises(database) == [f"incident:{incident.id}:1", f"incident:{incident.id}:2"]
    assert (sum(r.fired for r in reports), sum(r.resolved for r in reports)) == (1, 1)


def test_what_is_calm_for_long_leaves_no_state(database: Database) -> None:
    run(alerts(database, Waits(range(10, 30))), range(45))
    with database.read() as session:
        assert len(session.scalars(select(AlertState)).all()) == 2, "its own row, and the series'"
    alerts(database, Waits(range(10, 30))).evaluate(START + 300 * MINUTE, trace_id="t")
    with database.read() as session:
        assert [row.rule for row in session.scalars(select(AlertState))] == [""]


def test_flaps_are_one_incident(database: Database) -> None:
    flaps = [range(n, n + 3) for n in range(5, 40, 6)]
    run(alerts(database, Waits(*flaps)), range(50))
    assert len(all_incidents(database)) == 1


def test_the_same_moment_twice_and_a_clock_that_is_behind_change_nothing(
    database: Database,
) -> None:
    watch = alerts(database, Waits(range(10, 30)))
    run(watch, range(20))
    before = promises(database)
    assert watch.evaluate(START + 19 * MINUTE, trace_id="t").is_late
    assert watch.evaluate(START + 18 * MINUTE, trace_id="t").is_late
    assert promises(database) == before


@pytest.mark.parametrize("ahead", [10 * MINUTE, 120 * MINUTE])
def test_a_clock_that_was_far_ahead_holds_nothing_up_for_as_long(
    database: Database, ahead: timedelta
) -> None:
    watch = alerts(database, Waits(range(10, 60), range(100, 120), until=130))
    run(watch, range(20))
    assert not watch.evaluate(START + 19 * MINUTE + ahead, trace_id="t").is_late
    run(watch, range(20, 130))
    *earlier, newest = all_incidents(database)
    assert earlier, "what is bad before and after the jump"
    assert newest.started_at == START + 101 * MINUTE, "what begins later is found in time"
    assert [each.state for each in (*earlier, newest)].count("firing") == 0


def test_monitors_that_evaluate_at_once_make_one_incident(migrated_url: str) -> None:
    databases = [Database(SecretStr(migrated_url)) for _ in range(3)]
    history = Waits(range(10, 30))
    try:
        with ThreadPoolExecutor(3) as pool:
            for minute in range(45):
                at = START + minute * MINUTE
                moves = [timedelta(milliseconds=n) for n in range(3)]
                runs = [
                    pool.submit(alerts(database, history).evaluate, at + move, trace_id="t")
                    for database, move in zip(databases, moves, strict=True)
                ]
                for each in runs:
                    each.result()
        (incident,) = all_incidents(databases[0])
        assert incident.version == 2
        assert promises(databases[0]) == [f"incident:{incident.id}:{n}" for n in (1, 2)]
    finally:
        for database in databases:
            database.dispose()


# Evaluates until it is killed within a transaction, at whichever statement is told.
_VICTIM = """
import os, signal, sys
from pydantic import SecretStr
from sqlalchemy import event
from dbsbm.db.engine import Database
from tests.integration.monitor.test_alerts import START, MINUTE, Waits, alerts

url, deadly, begin = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
database = Database(SecretStr(url))
statements = 0

@event.listens_for(database.engine, "before_cursor_execute")
def count(*_):
    global statements
    statements += 1
    if statements == deadly:
        os.kill(os.getpid(), signal.SIGKILL)

watch = alerts(database, Waits(range(10, 30)))
for half in range(begin, 100):
    watch.evaluate(START + half * MINUTE / 2, trace_id="t")
"""


def test_a_monitor_that_is_killed_anywhere_loses_and_doubles_nothing(migrated_url: str) -> None:
    begin = 0
    for deadly in (7, 61):
        victim = subprocess.run(
            [sys.executable, "-c", _VICTIM, migrated_url, str(deadly), str(begin)], check=False
        )
        assert victim.returncode == -signal.SIGKILL
        begin += 10
    database = Database(SecretStr(migrated_url))
    try:
        run(alerts(database, Waits(range(10, 30))), range(45))
        (incident,) = all_incidents(database)
        assert incident.state == "resolved"
        assert promises(database) == [f"incident:{incident.id}:{n}" for n in (1, 2)]
    finally:
        database.dispose()


def silence(length: timedelta, **values: Any) -> Callable[[Any], AlertSilence]:
    options = {"by": "ann", "reason": "", "trace_id": "t"} | values
    return lambda session: silences.add(session, "slow", length=length, **options)


def add_silence(database: Database, since: datetime, until: datetime, **values: Any) -> None:
    """A silence of the past, where the history is."""

    def write(session: Any) -> None:
        row = silence(timedelta(days=1), **values)(session)
        row.created_at, row.until = since, until

    database.transact(write)


def test_a_silence_keeps_quiet_and_the_incident_is_told_when_it_ends(database: Database) -> None:
    watch = alerts(database, Waits(range(10, 60)))
    add_silence(database, START, START + 30 * MINUTE, series="queue=images")
    run(watch, range(10, 29))
    (incident,) = all_incidents(database)
    assert (incident.state, incident.version, promises(database)) == ("firing", 0, [])
    run(watch, range(30, 35))
    assert promises(database) == [f"incident:{incident.id}:1"]


def test_what_another_incident_explains_is_not_told(database: Database) -> None:
    run(alerts(database, Waits(range(10, 30)), SLOW, WIDE), range(45))
    found = {each.rule: each for each in all_incidents(database)}
    assert {name: each.state for name, each in found.items()} == {
        "slow": "resolved",
        "wide": "resolved",
    }
    assert (found["slow"].version, found["wide"].version) == (0, 2)


def test_an_incident_of_a_rule_that_was_removed_ends(database: Database) -> None:
    run(alerts(database, Waits(range(10, 60))), range(10, 20))
    alerts(database, Waits(range(10, 60)), WIDE).evaluate(START + 20 * MINUTE, trace_id="t")
    (incident,) = [each for each in all_incidents(database) if each.rule == "slow"]
    assert (incident.state, incident.resolution) == ("resolved", "rule removed")


def test_a_series_that_ends_does_not_keep_its_incident_for_ever(database: Database) -> None:
    watch = alerts(database, Waits(range(10, 20), until=20))
    run(watch, range(10, 40))
    assert all_incidents(database)[0].state == "firing", "a gap is no recovery"
    run(watch, range(40, 60))
    (incident,) = all_incidents(database)
    assert (incident.state, incident.resolution) == ("resolved", "no data")


def test_evidence_names_the_largest_parts_and_what_was_changed_before(
    database: Database,
) -> None:
    def write(session: Any) -> None:
        for minutes, summary in ((-10, "long ago"), (1, "just before")):
            at = START + minutes * MINUTE
            session.add(Change(at=at, kind="policy", summary=summary, by="ann"))
        changes.record(session, "policy", "in the future", "ann")

    database.transact(write)
    run(alerts(database, Waits(range(10, 30))), range(20))
    (incident,) = all_incidents(database)
    assert [part["labels"] for part in incident.evidence["top"]] == [
        {"queue": "images"},
        {"queue": "fetch"},
    ]
    assert [part["share"] for part in incident.evidence["top"]] == [0.75, 0.25]
    assert [change["summary"] for change in incident.evidence["changes"]] == ["just before"]


def test_statements_are_shown_by_their_text(database: Database) -> None:
    at = START
    database.transact(
        lambda s: s.add(
            Statement(
                fingerprint="images",
                text="SELECT ?",
                verb="SELECT",
                table="bets",
                first_seen=at,
                last_seen=at,
            )
        )
    )
    by_statement = Rule(
        **{**{n: getattr(SLOW, n) for n in Rule.__slots__}, "evidence_by": ("fingerprint",)}
    )
    run(alerts(database, Waits(range(10, 30)), by_statement), range(20))
    (incident,) = all_incidents(database)
    assert incident.evidence["top"][0]["text"] == "SELECT ?"


def test_a_release_and_settings_that_differ_are_changes_once(database: Database) -> None:
    run(alerts(database, Waits()), range(3))
    for minute in range(3, 6):  # both releases evaluate while one replaces the other
        run(alerts(database, Waits(), code="bbbb"), range(minute, minute + 1))
        run(alerts(database, Waits()), range(minute, minute + 1))
    run(alerts(database, Waits(), code="bbbb"), range(6, 9))
    run(alerts(database, Waits(), code="bbbb", settings={"log_level": "2"}), range(9, 12))
    with database.read() as session:
        found = session.scalars(select(Change).order_by(Change.id)).all()
    assert [(each.kind, each.summary) for each in found] == [
        ("deploy", "Release bbbb replaced aaaa."),
        ("setting", "Other values of LOG_LEVEL."),
    ]


def test_an_acknowledgement_is_the_first_ones_and_is_told(database: Database) -> None:
    run(alerts(database, Waits(range(10, 60))), range(10, 20))
    (incident,) = all_incidents(database)

    def acknowledge(by: str) -> Callable[[Any], Incident]:
        return lambda s: incidents.acknowledge(s, incident.id, by=by, trace_id="t")

    database.transact(acknowledge("ann"))
    again = database.transact(acknowledge("bob"))
    assert (again.acknowledged_by, again.version) == ("ann", 2)
    with pytest.raises(UserError, match="There is no incident 999"):
        database.transact(lambda s: incidents.acknowledge(s, 999, by="ann", trace_id="t"))


def test_a_silence_ends_once(database: Database) -> None:
    found = database.transact(silence(timedelta(hours=1)))
    database.transact(lambda s: silences.end(s, found.id, trace_id="t"))
    with pytest.raises(UserError, match="There is no silence"):
        database.transact(lambda s: silences.end(s, found.id, trace_id="t"))
    with pytest.raises(UserError, match="30 days"):
        database.transact(silence(timedelta(days=99)))


@pytest.mark.parametrize(
    ("series", "is_about_it"), [("", True), ("queue=images", True), ("queue=fetch", False)]
)
def test_a_message_is_told_that_its_incident_is_silenced_and_that_it_no_longer_is(
    database: Database, series: str, *, is_about_it: bool
) -> None:
    run(alerts(database, Waits(range(10, 60))), range(10, 20))
    found = database.transact(silence(timedelta(hours=1), series=series))
    versions = [all_incidents(database)[0].version]
    with database.read() as session:
        on = silences.of(session, all_incidents(database)[0])
    database.transact(lambda s: silences.end(s, found.id, trace_id="t"))
    (incident,) = all_incidents(database)
    versions.append(incident.version)
    with database.read() as session:
        assert silences.of(session, incident) is None
    assert (versions, on is not None) == (([2, 3], True) if is_about_it else ([1, 1], False))
    assert promises(database) == [f"incident:{incident.id}:{n + 1}" for n in range(versions[-1])]


def test_an_incident_that_nobody_was_told_of_is_not_told_because_of_a_silence(
    database: Database,
) -> None:
    add_silence(database, START, START + 60 * MINUTE)
    run(alerts(database, Waits(range(10, 60))), range(10, 20))
    database.transact(silence(timedelta(hours=1)))
    (incident,) = all_incidents(database)
    assert (incident.state, incident.version, promises(database)) == ("firing", 0, [])


def test_an_incident_that_is_over_is_not_told_of_a_silence(database: Database) -> None:
    run(alerts(database, Waits(range(10, 30))), range(45))
    database.transact(silence(timedelta(hours=1)))
    (incident,) = all_incidents(database)
    assert (incident.state, incident.version) == ("resolved", 2)
