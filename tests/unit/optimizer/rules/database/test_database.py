"""The server's memory, connections, locks and transactions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dbsbm.optimizer.missing import Missing, NotEnabledError
from dbsbm.optimizer.rules.database import (
    buffer_pool,
    connections,
    deadlock,
    idle_transaction,
    lock_waits,
)
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Deadlock, LockWait, Transaction
from tests.unit.optimizer.cases import case

GIB = 2**30
DAY = timedelta(days=1)


def server(*, variables: Any = (), status: Any = (), data: int = 0, **moment: Any) -> Case:
    judged = case(
        "CREATE TABLE t (id INT PRIMARY KEY)",
        changes={"t": {"bytes": data}},
        server={
            "uptime": DAY,
            "variables": {name: str(value) for name, value in dict(variables).items()},
            "status": {name: str(value) for name, value in dict(status).items()},
        },
    )
    return replace(judged, snapshot=replace(judged.snapshot, **moment))


def pool(asked: int, from_disk: int, size: int, data: int) -> Case:
    return server(
        variables={"innodb_buffer_pool_size": size},
        status={
            "innodb_buffer_pool_read_requests": asked,
            "innodb_buffer_pool_reads": from_disk,
        },
        data=data,
    )


def test_a_pool_that_reads_from_disk_all_the_time_is_too_small() -> None:
    (finding,) = buffer_pool.examine(pool(10_000_000, 400_000, GIB // 8, 6 * GIB))
    assert finding.severity == "warning"
    assert finding.fix == (f"SET GLOBAL innodb_buffer_pool_size = {GIB // 4}",)
    assert finding.revert == (f"SET GLOBAL innodb_buffer_pool_size = {GIB // 8}",)


def test_a_pool_is_never_made_smaller() -> None:
    (finding,) = buffer_pool.examine(pool(1_000_000, 200_000, GIB // 8 + 9, GIB // 8 + 99))
    assert finding.fix == (f"SET GLOBAL innodb_buffer_pool_size = {GIB // 4}",)


def test_a_pool_that_misses_each_tenth_page_is_critical() -> None:
    (finding,) = buffer_pool.examine(pool(1_000_000, 200_000, GIB // 8, 6 * GIB))
    assert finding.severity == "critical"


@pytest.mark.parametrize(
    ("asked", "from_disk", "data"),
    [
        pytest.param(10_000_000, 400_000, GIB // 16, id="all fits"),
        pytest.param(10_000_000, 50_000, 6 * GIB, id="rare"),
        pytest.param(20_000, 5_000, 6 * GIB, id="warming up"),
    ],
)
def test_a_pool_that_is_big_enough_is_no_fault(asked: int, from_disk: int, data: int) -> None:
    assert buffer_pool.examine(pool(asked, from_disk, GIB // 8, data)) == []


@pytest.mark.parametrize(
    ("most", "refused", "severity"),
    [(149, 0, "warning"), (151, 3, "critical"), (100, 0, None), (101, 3, None)],
)
def test_connections_near_their_limit_are_named(
    most: int, refused: int, severity: str | None
) -> None:
    judged = server(
        variables={"max_connections": 151},
        status={"max_used_connections": most, "connection_errors_max_connections": refused},
    )
    assert [each.severity for each in connections.examine(judged)] == (
        [severity] if severity else []
    )


def waits(count: int, milliseconds: int, *now: LockWait) -> Case:
    status = {"innodb_row_lock_waits": count, "innodb_row_lock_time": milliseconds}
    return server(status=status, lock_waits=now)


def test_long_waits_for_locks_are_named() -> None:
    (finding,) = lock_waits.examine(waits(5_000, 1_500_000))
    assert "5,000 times for a row's lock, 300 ms on average" in finding.cause


def test_whoever_waits_now_is_named_with_whom_it_waits_for() -> None:
    wait = LockWait("UPDATE wallets SET cents = ?", "", 12.0)
    (finding,) = lock_waits.examine(waits(1, 12_000, wait))
    assert finding.severity == "critical"
    assert finding.evidence["now"] == [
        {
            "waiting": "UPDATE wallets SET cents = ?",
            "blocking": "nothing: its transaction is idle",
            "seconds": 12.0,
        }
    ]


@pytest.mark.parametrize(
    ("count", "milliseconds", "now"),
    [
        pytest.param(20, 1_500_000, (), id="few"),
        pytest.param(50_000, 500_000, (), id="short"),
        pytest.param(200, 20_000, (), id="rare"),
        pytest.param(0, 0, (LockWait("UPDATE a", "UPDATE b", 0.4),), id="a moment"),
    ],
)
def test_waits_that_nobody_notices_are_no_fault(
    count: int, milliseconds: int, now: tuple[LockWait, ...]
) -> None:
    assert lock_waits.examine(waits(count, milliseconds, *now)) == []


def test_waits_and_deadlocks_are_counted_since_the_server_started() -> None:
    """The statistics of statements, whose age is `uptime`, may have been emptied an hour ago."""
    month = 30 * 86_400
    status = {"uptime": month, "innodb_row_lock_waits": 200, "innodb_row_lock_time": 60_000}
    status["innodb_deadlocks"] = 400
    judged = server(status=status, lock_waits=(), deadlock=None)
    emptied = replace(judged.snapshot.server, uptime=timedelta(hours=1))
    judged = replace(judged, snapshot=replace(judged.snapshot, server=emptied))
    assert lock_waits.examine(judged) == []
    assert [each.severity for each in deadlock.examine(judged)] == ["warning"]


def test_a_deadlock_is_named_with_both_statements() -> None:
    at = datetime(2026, 11, 22, 9, tzinfo=UTC)
    last = Deadlock(at, ("UPDATE a SET b = ?", "UPDATE c SET d = ?"))
    (finding,) = deadlock.examine(server(status={"innodb_deadlocks": 3}, deadlock=last))
    assert finding.evidence["statements"] == ["UPDATE a SET b = ?", "UPDATE c SET d = ?"]
    assert finding.cause.startswith("There were 3 deadlocks")
    assert finding.severity == "warning"


def test_many_deadlocks_a_day_are_critical() -> None:
    judged = server(status={"innodb_deadlocks": 500}, deadlock=Missing("No PROCESS privilege."))
    (finding,) = deadlock.examine(judged)
    assert finding.severity == "critical"


def test_one_deadlock_in_a_month_is_no_reason_to_be_woken() -> None:
    status = {"uptime": 30 * 86_400, "innodb_deadlocks": 1}
    (finding,) = deadlock.examine(server(status=status, deadlock=None))
    assert finding.severity == "info"


def test_no_deadlock_is_no_fault() -> None:
    assert deadlock.examine(server(status={"innodb_deadlocks": 0}, deadlock=None)) == []


def test_whoever_may_not_see_deadlocks_says_so() -> None:
    with pytest.raises(NotEnabledError, match="PROCESS"):
        deadlock.examine(server(deadlock=Missing("Grant PROCESS.")))


def test_a_transaction_that_does_nothing_is_named() -> None:
    idle = Transaction(4711, "app", 1_200, 1_140, locked_rows=300, changed_rows=2)
    busy = Transaction(4712, "app", 1_200, 0, locked_rows=9)
    (finding,) = idle_transaction.examine(server(transactions=(idle, busy)))
    assert (finding.object, finding.severity) == ("transactions of app", "critical")
    assert finding.fix[1] == "KILL 4711"
    assert len(finding.evidence["transactions"]) == 1


def test_a_transaction_of_a_quarter_of_an_hour_that_is_idle_for_a_moment_is_named() -> None:
    held = Transaction(4711, "app", 900, 5, changed_rows=1)
    (finding,) = idle_transaction.examine(server(transactions=(held,)))
    assert "4711 has been open for 900 s" in finding.cause
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    "transaction",
    [
        Transaction(1, "app", 3_000, 0, locked_rows=9),
        Transaction(1, "app", 30, 30, locked_rows=9),
        Transaction(1, "app", 300, 5, locked_rows=9),
    ],
)
def test_a_transaction_that_works_or_has_just_stopped_is_no_fault(transaction: Transaction) -> None:
    assert idle_transaction.examine(server(transactions=(transaction,))) == []


def test_what_the_server_does_not_tell_is_said() -> None:
    for rule in (buffer_pool, connections, lock_waits):
        with pytest.raises(NotEnabledError, match="did not tell"):
            rule.examine(server())
    with pytest.raises(NotEnabledError, match="not read"):
        idle_transaction.examine(server())
