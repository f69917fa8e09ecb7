from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from dbsbm.betting.record import Record
from dbsbm.commands import leaderboard, record
from dbsbm.commands.period import Period
from dbsbm.db.queries.standings import Open, Standing
from dbsbm.errors import UserError


def a_standing(place: int, name: str = "Ann", profit: str = "1.5") -> Standing:
    return Standing(place, place, name, 2, 1, 0, Decimal(3), Decimal(profit))


def lines(ranking: list[Standing], user_id: int = 0) -> list[str]:
    text: str = leaderboard.show("Club", Period.ALL, ranking, user_id).embeds[0]["description"]
    return text.splitlines()


def test_a_leaderboard_shows_ten_places_and_who_asked() -> None:
    ranking = [a_standing(place) for place in range(1, 20)]
    assert len(lines(ranking)) == 10
    shown = lines(ranking, user_id=15)
    assert len(shown) == 12
    assert shown[-1].startswith("`15.` ")
    assert len(lines(ranking, user_id=3)) == 10


def test_a_line_has_place_name_units_and_record() -> None:
    assert lines([a_standing(1, "*Ann*")]) == [r"🥇 \*Ann\*  **+1.5** units  2-1-0"]


def test_an_empty_leaderboard_says_so() -> None:
    assert lines([]) == ["No settled bets yet."]


def test_the_longest_names_fit_into_the_embed() -> None:
    ranking = [a_standing(place, "*" * 100, "-99999999.9999") for place in range(1, 100)]
    assert len("\n".join(lines(ranking, user_id=99))) <= 4096


def fields(*values: object) -> dict[str, str]:
    embed = record.show("Ann", Period.WEEK, *values).embeds[0]  # type: ignore[arg-type]
    return {field["name"]: field["value"] for field in embed["fields"]}


def test_a_record_shows_its_numbers() -> None:
    whole = Record(12, 7, 1, Decimal(20), Decimal("5.3"), Decimal("1.9"), -2)
    assert fields(whole, Open(2, Decimal("2.5"))) == {
        "Record": "12-7-1",
        "Units": "+5.3",
        "Return": "+26.5%",
        "Win rate": "63.2%",
        "Streak": "2 lost in a row",
        "Open": "2 bets, 2.5 units",
    }


def test_a_record_without_bets_has_no_number_that_would_mislead() -> None:
    reply = record.show("Ann", Period.ALL, Record(), Open(1, Decimal(1)))
    assert reply.embeds[0]["description"] == "No settled bets yet."
    assert fields(Record(), Open(1, Decimal(1))) == {
        "Record": "0-0-0",
        "Units": "0",
        "Return": "none yet",
        "Win rate": "none yet",
        "Streak": "none yet",
        "Open": "1 bet, 1 unit",
    }


def test_a_period_begins_with_a_day() -> None:
    now = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
    assert Period.ALL.since(now) is None
    assert Period.WEEK.since(now) == datetime(2026, 11, 15, tzinfo=UTC)
    assert Period.named("month") is Period.MONTH
    assert Period.named(None) is Period.ALL


def test_an_unknown_period_is_refused_with_those_there_are() -> None:
    with pytest.raises(UserError, match=r"all, week, month\.$"):
        Period.named("decade")
