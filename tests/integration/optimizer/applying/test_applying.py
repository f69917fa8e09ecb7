from __future__ import annotations

from collections.abc import Callable

import pytest

from dbsbm.errors import UserError
from dbsbm.optimizer.applying import applier as applying
from dbsbm.optimizer.applying.alter import NotChangedError
from dbsbm.optimizer.applying.applier import Applier
from dbsbm.optimizer.applying.layout import keys_of, same
from dbsbm.optimizer.applying.target import Target
from dbsbm.optimizer.server.connection import ServerRefusedError
from tests.integration.optimizer.applying.conftest import Shop

ADD = "ALTER TABLE bets ADD INDEX by_all (`game`, `slip`)"


def index_names(shop: Shop) -> list[str]:
    return [key.name for key in keys_of(shop.layout())]


def test_an_index_is_made_and_taken_back_byte_for_byte(shop: Shop, applier: Applier) -> None:
    before, finding = shop.layout(), shop.find(ADD)
    assert applier.apply(finding, approved=True).state == "applied"
    assert "KEY `by_all` (`game`,`slip`)" in shop.layout()
    assert applier.revert(finding).said == "Undone: the table is as it was, byte for byte."
    assert shop.layout() == before
    assert [step for step, _ in shop.steps(finding)] == ["new", "apply", "revert"]


@pytest.mark.parametrize("name", ["by_game", "BY_STATE", "slips", "odd``name", "notes"])
def test_what_is_dropped_is_hidden_first_and_comes_back_in_its_place(
    shop: Shop, applier: Applier, name: str
) -> None:
    if name == "notes":
        shop.run("ALTER TABLE bets ADD FULLTEXT KEY notes (note)")
    before, plain = shop.layout(), name.replace("``", "`").lower()
    finding = shop.find(f"ALTER TABLE bets DROP INDEX `{name}`")
    applier.apply(finding, approved=True)
    assert [key.name for key in keys_of(shop.layout()) if key.hidden] == [plain]
    assert applier.finish(finding).state == "verified"
    assert plain not in index_names(shop)
    if name == "notes":  # no server makes a full-text index while rows are written
        with pytest.raises(NotChangedError, match="quiet hour"):
            applier.revert(finding)
        assert shop.state(finding) == "verified"
        return
    applier.revert(finding)
    assert same(shop.layout(), before)
    assert shop.state(finding) == "reverted"


def test_a_hidden_index_is_shown_again(shop: Shop, applier: Applier) -> None:
    before = shop.layout()
    finding = shop.find("ALTER TABLE bets DROP INDEX by_game")
    applier.apply(finding, approved=True)
    applier.revert(finding)
    assert shop.layout() == before


def test_all_is_undone_though_it_was_done_in_another_order(shop: Shop, applier: Applier) -> None:
    before = shop.layout()
    added = shop.find(ADD)
    dropped = shop.find("ALTER TABLE bets DROP INDEX only_game")
    for finding in (added, dropped):
        applier.apply(finding, approved=True)
        applier.finish(finding)
    for finding in (added, dropped):
        applier.revert(finding)
    assert same(shop.layout(), before)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 0, 1)])
def test_the_last_to_be_undone_gives_the_old_table_in_whatever_order(
    shop: Shop, applier: Applier, order: tuple[int, ...]
) -> None:
    before = shop.layout()
    names = ("by_game", "only_game", "by_state")
    findings = [shop.find(f"ALTER TABLE bets DROP INDEX {name}") for name in names]
    for finding in findings:
        applier.apply(finding, approved=True)
        applier.finish(finding)
    for place in order:
        applier.revert(findings[place])
    assert same(shop.layout(), before)


def test_what_others_changed_meanwhile_stays(shop: Shop, applier: Applier) -> None:
    finding = shop.find("ALTER TABLE bets DROP INDEX only_game")
    applier.apply(finding, approved=True)
    applier.finish(finding)
    shop.run("ALTER TABLE bets ADD INDEX theirs (note(5)), DROP INDEX by_state")
    assert "what else was changed" in applier.revert(finding).said
    names = ["slips", "by_person", "by_game", "only_game", "odd`name", "theirs"]
    assert index_names(shop) == names


def test_a_wider_index_takes_the_place_of_a_narrow_one(shop: Shop, applier: Applier) -> None:
    before = shop.layout()
    fix = "ALTER TABLE bets ADD INDEX wide (game, state, slip), DROP INDEX by_game"
    finding = shop.find(fix)
    applier.apply(finding, approved=True)
    assert {"wide", "by_game"} <= set(index_names(shop))
    applier.finish(finding)
    assert "by_game" not in index_names(shop)
    applier.revert(finding)
    assert same(shop.layout(), before)


def test_a_taken_name_leads_to_another_and_only_ours_is_undone(
    shop: Shop, applier: Applier
) -> None:
    shop.run("ALTER TABLE bets ADD INDEX By_All (note(3))")
    before, finding = shop.layout(), shop.find(ADD)
    assert "`by_all_2`" in applier.apply(finding, approved=True).statement
    applier.revert(finding)
    assert shop.layout() == before


def test_a_finding_is_applied_once(shop: Shop, applier: Applier) -> None:
    finding = shop.find(ADD)
    applier.apply(finding, approved=True)
    after = shop.layout()
    with pytest.raises(UserError, match="is applied"):
        applier.apply(finding, approved=True)
    assert shop.layout() == after
    applier.revert(finding)
    with pytest.raises(UserError, match="is reverted: there is nothing to undo"):
        applier.revert(finding)


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        ("ALTER TABLE bets ADD INDEX theirs (game, slip)", "theirs already has these columns"),
        ("ALTER TABLE bets ADD UNIQUE INDEX theirs (game, slip)", "theirs already has"),
        ("DROP TABLE bets", "not there any more"),
    ],
)
def test_what_is_no_longer_true_is_gone(
    shop: Shop, applier: Applier, meanwhile: str, why: str
) -> None:
    finding = shop.find(ADD)
    shop.run(meanwhile)
    with pytest.raises(UserError, match=why):
        applier.apply(finding, approved=True)
    assert shop.state(finding) == "gone"


def test_an_index_that_is_gone_cannot_be_dropped(shop: Shop, applier: Applier) -> None:
    finding = shop.find("ALTER TABLE bets DROP INDEX by_game")
    shop.run("ALTER TABLE bets DROP INDEX by_game")
    with pytest.raises(UserError, match="no index by_game any more"):
        applier.apply(finding, approved=True)
    assert shop.state(finding) == "gone"


def test_an_index_that_a_foreign_key_needs_is_not_dropped(shop: Shop, applier: Applier) -> None:
    before = shop.layout()
    finding = shop.find("ALTER TABLE bets DROP INDEX by_person")
    applier.apply(finding, approved=True)
    with pytest.raises(NotChangedError, match="foreign key needs"):
        applier.finish(finding)
    assert shop.state(finding) == "applied"
    applier.revert(finding)
    assert shop.layout() == before


def test_what_cannot_be_done_online_is_not_done(shop: Shop, applier: Applier) -> None:
    before = shop.layout()
    back = "ALTER TABLE bets MODIFY slip int"
    finding = shop.find("ALTER TABLE bets MODIFY slip bigint", revert=(back,))
    with pytest.raises(NotChangedError, match="quiet hour"):
        applier.apply(finding, approved=True)
    assert shop.state(finding) == "open"
    assert shop.layout() == before


def test_what_could_not_be_undone_is_not_done(shop: Shop, applier: Applier) -> None:
    before = shop.layout()
    finding = shop.find("ALTER TABLE bets DROP COLUMN note", revert=("SELECT 1",))
    with pytest.raises(UserError, match="act on it yourself"):
        applier.apply(finding, approved=True)
    assert shop.layout() == before


def test_a_big_table_needs_a_persons_word(
    shop: Shop, applier: Applier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "APPROVAL_BYTES", 1 << 14)
    finding = shop.find(ADD)
    with pytest.raises(UserError, match="needs a person's word"):
        applier.apply(finding, approved=False)
    assert shop.state(finding) == "open"
    assert applier.apply(finding, approved=True).state == "applied"


def test_a_finding_of_another_server_is_refused(shop: Shop, applier: Applier) -> None:
    finding = shop.find(ADD)

    def move(session: object) -> None:
        from dbsbm.optimizer import ledger

        ledger.find(session, finding).target = "elsewhere:3306/shop"  # type: ignore[arg-type]

    shop.database.transact(move)
    with pytest.raises(UserError, match="about elsewhere:3306/shop"):
        applier.apply(finding, approved=True)


def test_an_index_that_the_server_took_along_comes_back(shop: Shop, applier: Applier) -> None:
    shop.run(
        "ALTER TABLE bets DROP FOREIGN KEY whose",
        "ALTER TABLE bets DROP INDEX by_person",
        "ALTER TABLE bets ADD CONSTRAINT whose FOREIGN KEY (person) REFERENCES people (id)",
    )
    before, finding = shop.layout(), shop.find("ALTER TABLE bets ADD INDEX wide (person, game)")
    assert "KEY `whose`" in before
    applier.apply(finding, approved=True)
    assert "KEY `whose` (" not in shop.layout()
    applier.finish(finding)
    assert applier.revert(finding).said == "Undone: the table is as it was, byte for byte."
    assert same(shop.layout(), before)


def test_a_servers_own_modes_are_none_of_the_sessions(
    shop: Shop, open_applier: Callable[[], Applier]
) -> None:
    before, finding = shop.layout(), shop.find("ALTER TABLE bets DROP INDEX by_game")
    hostile = ("sql_mode = 'ANSI_QUOTES'", "sql_quote_show_create = 0", "wait_timeout = 5")
    try:
        shop.run(*(f"SET GLOBAL {each}" for each in (*hostile, "max_statement_time = 5")))
        applier = open_applier()
        with Target(shop.address) as target:
            (limits,) = target.rows("SELECT @@max_statement_time AS one, @@wait_timeout AS two")
    finally:
        names = [each.split()[0] for each in hostile]
        shop.run(*(f"SET GLOBAL {name} = DEFAULT" for name in (*names, "max_statement_time")))
    assert (int(limits["one"]), int(limits["two"])) == (0, 28800)
    applier.apply(finding, approved=True)
    applier.finish(finding)
    applier.revert(finding)
    assert same(shop.layout(), before)


def test_a_finding_that_was_found_again_is_undone_all_the_same(
    shop: Shop, applier: Applier
) -> None:
    before, finding = shop.layout(), shop.find(ADD)
    applier.apply(finding, approved=True)
    applier.finish(finding)
    shop.find(ADD)
    assert shop.state(finding) == "open"
    applier.revert(finding)
    assert (shop.layout(), shop.state(finding)) == (before, "reverted")


def test_what_is_kept_is_what_was_applied(shop: Shop, applier: Applier) -> None:
    finding = shop.find("ALTER TABLE bets DROP INDEX by_game", about="an index")
    applier.apply(finding, approved=True)
    shop.find("ALTER TABLE bets DROP INDEX by_state", about="an index")
    applier.finish(finding)
    assert "by_game" not in index_names(shop)
    assert "by_state" in index_names(shop)


def test_a_table_that_was_dropped_is_not_watched_for_ever(shop: Shop, applier: Applier) -> None:
    finding = shop.find("ALTER TABLE bets DROP INDEX by_game")
    applier.apply(finding, approved=True)
    shop.run("DROP TABLE bets")
    with pytest.raises(UserError, match=r"any more\. The finding is gone"):
        applier.finish(finding)
    assert shop.state(finding) == "gone"


def test_a_table_renamed_at_the_wrong_moment_can_be_undone_once_it_is_back(
    shop: Shop, applier: Applier, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, finding = shop.layout(), shop.find(ADD)

    def run(target: Target, statement: str) -> None:
        target.run(statement)
        shop.run("RENAME TABLE bets TO away")

    monkeypatch.setattr(applying, "run_online", run)
    assert applier.apply(finding, approved=True).state == "applied"
    monkeypatch.undo()
    shop.run("RENAME TABLE away TO bets")
    applier.revert(finding)
    assert shop.layout() == before


def test_a_big_table_is_known_by_its_file_where_nobody_counted(
    shop: Shop, applier: Applier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "APPROVAL_BYTES", 1 << 20)
    shop.run(
        "CREATE TABLE grown (id int PRIMARY KEY, x char(200)) STATS_AUTO_RECALC=0",
        "INSERT INTO grown SELECT seq, 'x' FROM seq_1_to_9000",
        "DROP TABLE bets",
        "RENAME TABLE grown TO bets",
    )
    with pytest.raises(UserError, match="needs a person's word"):
        applier.apply(shop.find("ALTER TABLE bets ADD INDEX by_x (x)"), approved=False)


def test_a_replica_is_not_changed_even_by_an_administrator(shop: Shop, applier: Applier) -> None:
    before, finding = shop.layout(), shop.find(ADD)
    shop.run("SET GLOBAL read_only = 1")
    try:
        with pytest.raises(ServerRefusedError, match="is read-only"):
            applier.apply(finding, approved=True)
    finally:
        shop.run("SET GLOBAL read_only = 0")
    assert (shop.layout(), shop.state(finding)) == (before, "open")


def test_a_definition_that_the_ledger_cannot_hold_is_refused_before_anything_is_done(
    shop: Shop, applier: Applier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "_LONGEST_LAYOUT", 300)
    finding = shop.find(ADD)
    with pytest.raises(UserError, match="the ledger takes 300"):
        applier.apply(finding, approved=True)
    assert [step for step, _ in shop.steps(finding)] == ["new"]


def test_a_lifetime_is_undone_by_the_command_that_its_finding_names(
    shop: Shop, applier: Applier
) -> None:
    command = "python -m dbsbm cache policy set game_data --ttl 60"
    finding = shop.find(command, revert=(command,), rule="cache.ttl_too_long")
    shop.bring(finding, "applied")
    with pytest.raises(UserError, match="undo it with what `optimizer show` names under Revert"):
        applier.revert(finding)
