from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.commands import games, status, warm
from dbsbm.commands.reply import SANDBOX_NOTE, Reply, effect_payload, message_body
from dbsbm.errors import UserError
from dbsbm.health import WorkerPulse
from tests.integration.commands.requests import a_command

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def a_game(**values: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "home": "Home",
        "away": "Away",
        "starts_at": NOW,
        "status": "scheduled",
        "detail": None,
        "home_score": None,
        "away_score": None,
        "odds": [],
    } | values


def description(*board: dict[str, Any]) -> str:
    text: str = games.show("NFL", board).embeds[0]["description"]
    return text


def test_live_games_come_first_and_finished_ones_last() -> None:
    board = [
        a_game(status="final", home="Over", home_score=1, away_score=0),
        a_game(home="Later", starts_at=NOW + timedelta(hours=2)),
        a_game(home="Soon"),
        a_game(status="live", home="On", home_score=0, away_score=0),
    ]
    lines = description(*board).splitlines()
    assert [name for line in lines for name in ("On", "Soon", "Later", "Over") if name in line] == [
        "On",
        "Soon",
        "Later",
        "Over",
    ]


def test_an_empty_board_says_so() -> None:
    assert description() == "No games in the next three days."


def test_a_long_board_says_how_many_are_left_out() -> None:
    assert description(*[a_game()] * 20).endswith("and 5 more")


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_name_breaks_the_limits_of_an_embed(home: str, away: str) -> None:
    assert len(description(*[a_game(home=home, away=away)] * 20)) <= 4096


def test_names_cannot_format_or_mention() -> None:
    assert "<@1>" not in description(a_game(home="<@1> **bold**"))
    body = message_body(effect_payload(a_command(), Reply("@everyone")), sandbox=False)
    assert body["allowed_mentions"] == {"parse": []}


def test_made_up_data_says_so_on_every_answer() -> None:
    payload = effect_payload(a_command(), Reply("x" * 2000))
    content = message_body(payload, sandbox=True)["content"]
    assert content.endswith(SANDBOX_NOTE)
    assert len(content) <= 2000


def test_all_means_every_category_that_can_be_warmed() -> None:
    warmers = {"game_data": lambda: 1, "team_data": lambda: 2}
    assert warm.chosen("all", warmers) == warm.chosen("", warmers) == list(warmers)
    assert warm.chosen(" Team_Data , team_data ", warmers) == ["team_data"]


@pytest.mark.parametrize(
    ("typed", "sentence"), [("nonsense", "no category"), ("session", "fills itself")]
)
def test_a_category_that_cannot_be_warmed_is_explained(typed: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        warm.chosen(typed, {"game_data": lambda: 1})


def state(**values: Any) -> status.FleetState:
    return status.FleetState(
        **{
            "pulses": [WorkerPulse("front@host", 3.0, 12.0)],
            "queues": {"images": 0},
            "inbox": 0,
            "effects": 0,
            "dead": 0,
            "last_slot": NOW,
            "hit_rates": {"game_data": (0.9, 10)},
            "now": NOW,
        }
        | values
    )


def test_a_fleet_without_problems_is_well() -> None:
    assert state().problems == []
    assert status.show(state()).embeds[0]["title"] == "All is well"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"pulses": [WorkerPulse("front@host", 61.0, 12.0)]}, "front@host has been silent"),
        ({"pulses": []}, "No worker"),
        ({"last_slot": None}, "Beat is silent"),
        ({"last_slot": NOW - timedelta(minutes=2)}, "Beat is silent"),
        ({"dead": 2}, "2 dead letters"),
    ],
)
def test_each_problem_is_one_sentence(values: dict[str, Any], sentence: str) -> None:
    [problem] = state(**values).problems
    assert sentence in problem
    assert status.show(state(**values)).embeds[0]["title"] == "Needs attention"
