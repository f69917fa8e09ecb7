from __future__ import annotations

import json

import pytest

from dbsbm.optimizer.proof.judging import Trial, Tried, Verdict, Writes, judge
from dbsbm.optimizer.proof.measuring import Reading
from dbsbm.optimizer.server.model import Load

NO_WRITES = Writes(0)


def load(seconds: float = 1.0) -> Load:
    return Load("d", "shop", "SELECT * FROM bets WHERE a = ?", 100, seconds, sample="a = 'secret'")


def tried(before: int, after: int, seconds: tuple[float, float] = (0.1, 0.1)) -> Tried:
    readings = [Reading(n, n, s) for n, s in zip((before, after), seconds, strict=True)]
    return Tried(load(), (Trial("common", *readings),))


@pytest.mark.parametrize(
    ("each", "verdict"),
    [
        (tried(1000, 10), "proved"),
        (tried(1000, 500), "proved"),
        (tried(1000, 502), "not proved"),
        (tried(1000, 1000), "not proved"),
        (tried(1000, 10, (0.01, 0.03)), "not proved"),
    ],
)
def test_a_new_index_has_to_save_half_and_to_cost_no_time(each: Tried, verdict: Verdict) -> None:
    found, _ = judge([each], [], NO_WRITES, makes_index=True, takes_index=False)
    assert found == verdict


@pytest.mark.parametrize(
    ("after", "verdict"), [(1000, "proved"), (1052, "proved"), (1053, "not proved")]
)
def test_nobody_may_miss_an_index_that_is_taken_away(after: int, verdict: Verdict) -> None:
    found, reasons = judge([tried(1000, after)], [], NO_WRITES, makes_index=False, takes_index=True)
    assert found == verdict
    assert bool(reasons) == (verdict != "proved")


def test_one_statement_that_gets_worse_is_not_outweighed() -> None:
    found, reasons = judge(
        [tried(10**6, 1), tried(100, 200)], [], NO_WRITES, makes_index=True, takes_index=False
    )
    assert found == "not proved"
    assert "SELECT * FROM bets" in reasons[0]


def test_one_descent_more_is_not_worse() -> None:
    assert not tried(1, 3).trials[0].reads_more
    assert tried(1, 5).trials[0].reads_more


@pytest.mark.parametrize("pages", [0, 1, 20, 10_000])
@pytest.mark.parametrize("rows", [0, 5, 50_000])
def test_one_page_more_is_never_a_reason_however_small_the_table(rows: int, pages: int) -> None:
    before, after = Reading(rows, pages, 0.001), Reading(rows, pages + 1, 0.001)
    trials = (Trial("common", before, after),)
    found = judge([Tried(load(), trials)], [], NO_WRITES, makes_index=False, takes_index=True)
    assert found == ("proved", [])


def test_it_is_said_what_is_worse_and_by_how_much() -> None:
    more, slower = tried(5, 50), tried(5, 5, (0.0002, 0.008))
    _, reasons = judge([more, slower], [], NO_WRITES, makes_index=False, takes_index=True)
    assert [reason.partition(": ")[0] for reason in reasons] == [
        "A statement reads more than before (cost 1.75 -> 17.50)",
        "A statement takes longer than before (0.2 -> 8.0 ms)",
    ]


def test_neither_rows_nor_pages_count_alone() -> None:
    scan, lookups = Reading(6_000, 20, 0.01), Reading(110, 220, 0.001)
    assert not Trial("common", scan, lookups).reads_more
    assert Trial("common", lookups, scan).reads_more


def test_an_index_that_costs_writers_more_than_it_saves_is_not_proved() -> None:
    found, reasons = judge([tried(100, 2)], [], Writes(4_100), makes_index=True, takes_index=False)
    assert found == "not proved"
    assert reasons == ["Keeping the index up costs more than it saves."]


def test_what_could_not_be_replayed_forbids_taking_an_index_away() -> None:
    assert judge([], [load()], NO_WRITES, makes_index=False, takes_index=True)[0] == (
        "needs a person"
    )


@pytest.mark.parametrize(("seconds", "verdict"), [(0.2, "proved"), (0.3, "needs a person")])
def test_little_that_could_not_be_replayed_forbids_no_new_index(
    seconds: float, verdict: Verdict
) -> None:
    found, _ = judge(
        [tried(1000, 1)], [load(seconds)], NO_WRITES, makes_index=True, takes_index=False
    )
    assert found == verdict


def test_rows_count_where_the_server_does_not_tell_of_pages() -> None:
    assert Trial("seen", Reading(10, None, 0.1), Reading(30, 1000, 0.1)).costs == (1.0, 3.0)


def test_the_proof_and_its_representation_hold_no_literal() -> None:
    each = tried(10, 5)
    assert "secret" not in json.dumps(each.to_dict()) + repr(each)
