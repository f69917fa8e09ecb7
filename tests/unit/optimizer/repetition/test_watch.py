from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.monitor.counting.tally import Tally
from dbsbm.monitor.readings.discord_calls import DiscordCall
from dbsbm.optimizer.repetition import watch
from dbsbm.optimizer.repetition.watch import (
    CacheCalls,
    DiscordCalls,
    ProviderCalls,
    StatementCalls,
)
from dbsbm.providers.gateway import CallRecord

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def provider_call(outcome: str = "ok", *, sent: bool = True) -> CallRecord:
    return CallRecord("espn", "football/fixtures", 200, outcome, sent, 0.1, 1, None, NOW)


def test_calls_of_every_kind_come_together_in_the_scope_that_is_open() -> None:
    statements, reads = StatementCalls("mysql"), CacheCalls()
    provider, discord = ProviderCalls(), DiscordCalls()
    with watch.scope() as scope:
        for number in range(6):
            statements("SELECT a FROM t WHERE b = %s", (number,), 0.0, 0.001, 1)
            statements("SELECT a FROM u WHERE b = %(b)s", {"b": number}, 0.0, 0.001, 1)
            reads(Key.of(Category.TEAM_DATA, number), 0.0, 0.0001)
            provider(provider_call())
            discord(DiscordCall("GET /users/{id}", 200, 0.2))
    kinds = sorted(each.shape.kind for each in scope.repetitions())
    assert kinds == ["cache", "discord", "provider", "sql", "sql"]


def test_failed_calls_do_not_count_as_they_are_made_again() -> None:
    provider, discord = ProviderCalls(), DiscordCalls()
    with watch.scope() as scope:
        for _ in range(9):
            provider(provider_call("timeout"))
            provider(provider_call(sent=False))
            discord(DiscordCall("GET /users/{id}", 429, 0.2))
            discord(DiscordCall("GET /users/{id}", None, 0.2))
    assert scope.repetitions() == []


def test_nothing_is_counted_outside_of_a_scope_or_into_an_outer_one() -> None:
    statements = StatementCalls("mysql")

    def loop() -> None:
        for number in range(9):
            statements("SELECT a FROM t WHERE b = %s", (number,), 0.0, 0.001, 1)

    loop()
    with watch.scope() as outer:
        with watch.scope() as inner:
            loop()
        assert [each.calls for each in inner.repetitions()] == [9]
    loop()
    assert outer.repetitions() == []


@pytest.mark.parametrize("length", [10, 10_000])
def test_a_known_statement_is_recognised_once_and_a_huge_one_is_not_kept(length: int) -> None:
    statements = StatementCalls("mysql")
    sql = f"SELECT a FROM t WHERE b = %s AND c <> '{'x' * length}'"
    with watch.scope() as scope:
        for number in range(9):
            statements(sql, (number,), 0.0, 0.001, 1)
    assert [each.calls for each in scope.repetitions()] == [9]


def test_only_what_was_repeated_is_recorded_with_few_labels() -> None:
    tally = Tally()
    statements = StatementCalls("mysql")
    with watch.scope() as scope:
        statements("SELECT 1 FROM once WHERE id = %s", (1,), 0.0, 0.001, 1)
        for table in range(30):
            for number in range(9):
                sql = f"SELECT a FROM t{table} WHERE b = %s"
                statements(sql, (number,), 0.0, 0.001 * (table + 1), 1)
    watch.record(tally, "tasks.bets.place", scope.repetitions())
    series = [spelled for minute in tally.collect().minutes.values() for spelled in minute]
    assert len(series) == 30  # three counters of the ten that took the most time
