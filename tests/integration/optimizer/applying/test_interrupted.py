from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import pymysql
import pytest

from dbsbm.errors import DbsbmError
from dbsbm.optimizer.applying import applier as applying
from dbsbm.optimizer.applying.alter import NotChangedError
from dbsbm.optimizer.applying.applier import Applier
from dbsbm.optimizer.applying.layout import same
from dbsbm.optimizer.applying.target import LeaseTakenError, Target
from dbsbm.optimizer.server.connection import ServerAwayError
from tests.integration.optimizer.applying.conftest import Shop
from tests.servers.waiting import wait_until

ADD = "ALTER TABLE bets ADD INDEX by_all (`game`, `slip`)"


def test_a_long_transaction_leaves_the_table_and_the_finding_as_they_were(
    shop: Shop, applier: Applier
) -> None:
    before, finding = shop.layout(), shop.find(ADD)
    with shop.server.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"SELECT * FROM {shop.schema}.bets LIMIT 1")
        with pytest.raises(NotChangedError, match="long transaction"):
            applier.apply(finding, approved=True)
    assert shop.layout() == before
    assert shop.state(finding) == "open"
    assert shop.steps(finding)[-1] == ("apply failed", "open")
    assert applier.apply(finding, approved=True).state == "applied"


def test_a_lock_that_is_free_in_time_is_waited_for(shop: Shop, applier: Applier) -> None:
    finding = shop.find(ADD)
    with shop.server.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"SELECT * FROM {shop.schema}.bets LIMIT 1")
        working = threading.Thread(target=applier.apply, args=(finding,), kwargs={"approved": True})
        working.start()
        wait_until(lambda: is_running(shop, "metadata lock"), 10, "the change waits")
        cursor.execute("COMMIT")
        working.join()
    assert shop.state(finding) == "applied"


def test_two_optimizers_do_not_work_on_one_server(
    shop: Shop, open_applier: Callable[[], Applier]
) -> None:
    finding = shop.find(ADD)
    with Target(shop.address) as other, other.lease(), pytest.raises(LeaseTakenError):
        open_applier().apply(finding, approved=True)
    assert shop.state(finding) == "open"
    assert open_applier().apply(finding, approved=True).state == "applied"


@pytest.mark.parametrize("made", [True, False])
@pytest.mark.parametrize("kind", ["apply", "finish", "revert"])
def test_a_process_that_ends_in_the_middle_is_settled_by_the_next(
    shop: Shop,
    open_applier: Callable[[], Applier],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    made: bool,
) -> None:
    finding, applier = shop.find("ALTER TABLE bets DROP INDEX by_game"), open_applier()
    layouts = [shop.layout()]
    calls: list[tuple[str, Callable[[], object]]] = [
        ("apply", lambda: applier.apply(finding, approved=True)),
        ("finish", lambda: applier.finish(finding)),
        ("revert", lambda: applier.revert(finding)),
    ]
    states = ["open"]
    for name, call in calls:
        if name == kind:
            monkeypatch.setattr(applying, "run_online", dying(made=made))
            with pytest.raises(ServerAwayError):
                call()
            break
        call()
        layouts.append(shop.layout())
        states.append(shop.state(finding))
    monkeypatch.undo()
    (outcome,) = open_applier().settle()
    ended = {"apply": "applied", "finish": "verified", "revert": "reverted"}
    assert outcome.state == shop.state(finding) == (ended[kind] if made else states[-1])
    if not made:
        assert shop.layout() == layouts[-1]
    if kind == "revert" and made:
        assert same(shop.layout(), layouts[0])
    assert open_applier().settle() == []


def test_a_table_that_was_dropped_after_a_crash_ends_the_finding(
    shop: Shop, open_applier: Callable[[], Applier], monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = shop.find(ADD)
    monkeypatch.setattr(applying, "run_online", dying(made=True))
    with pytest.raises(ServerAwayError):
        open_applier().apply(finding, approved=True)
    shop.run("DROP TABLE bets")
    (outcome,) = open_applier().settle()
    assert outcome.state == shop.state(finding) == "gone"


def test_a_server_killed_in_the_middle_of_a_change_has_the_old_or_the_new_table(
    shop: Shop, open_applier: Callable[[], Applier]
) -> None:
    shop.run(
        "ALTER TABLE bets DROP INDEX by_game, DROP INDEX only_game, DROP INDEX by_state",  # faster
        "INSERT INTO bets (game, state) SELECT seq % 900, 'won' FROM seq_1_to_100000",
    )
    before, finding, applier = shop.layout(), shop.find(ADD), open_applier()
    raised: list[BaseException] = []

    def work() -> None:
        try:
            applier.apply(finding, approved=True)
        except DbsbmError as error:
            raised.append(error)

    working = threading.Thread(target=work)
    working.start()
    wait_until(lambda: is_running(shop, "alter"), 10, "the index is being made")
    shop.server.kill()
    working.join()
    assert [type(error) for error in raised] == [ServerAwayError]
    shop.server.renew()
    (outcome,) = open_applier().settle()
    assert outcome.state == shop.state(finding)
    assert shop.state(finding) in {"open", "applied"}
    is_new = "`by_all`" in shop.layout()
    assert is_new == (shop.state(finding) == "applied")
    assert is_new or same(shop.layout(), before)
    again = open_applier()
    if not is_new:
        again.apply(finding, approved=True)
    again.revert(finding)
    assert same(shop.layout(), before)


def dying(*, made: bool) -> Callable[[Target, str], None]:
    """A process, or a server, that ends before or after the statement was carried out."""

    def run(target: Target, statement: str) -> None:
        if made:
            target.run(statement)
        raise ServerAwayError("gone")

    return run


def is_running(shop: Shop, state: str) -> bool:
    with suppress(pymysql.err.OperationalError):
        rows = shop.run(
            "SELECT LOWER(CONCAT(state, ' ', info)) FROM information_schema.processlist "
            "WHERE info LIKE 'ALTER TABLE%'"
        )
        return any(state in str(row[0]) for row in rows)
    return False
