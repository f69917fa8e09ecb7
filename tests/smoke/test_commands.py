"""Every command on the whole fleet, and what of it can be seen afterwards."""

from __future__ import annotations

import io

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from bench.rig.commands import LEAGUE, place, slip_of
from bench.rig.fleet import FleetUnderTest
from dbsbm.db.models import Bet, Effect, Interaction
from dbsbm.sandbox.discord.client import StandinError
from dbsbm.sandbox.discord.client_views import InteractionState
from dbsbm.slips.layout import WIDTH
from tests.servers import wait_until
from tests.smoke.conftest import ADMIN, MEMBER, Flower, Forger


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height of a PNG that can be read to its end."""
    with Image.open(io.BytesIO(picture), formats=["PNG"]) as image:
        image.load()
        return image.size


def text_of(answer: InteractionState) -> str:
    assert answer.state == "answered", answer.error
    assert answer.original is not None
    return answer.original.content


def test_games_shows_the_board_of_a_league(fleet: FleetUnderTest, game: str) -> None:
    answer = fleet.discord.ask("games", {"league": LEAGUE}, MEMBER)
    assert text_of(answer).endswith("Sandbox: these games and odds are made up.")
    (board,) = answer.original.embeds
    assert board["title"] == "NFL"
    assert " @ " in board["description"]


def test_a_bet_is_answered_with_its_slip_and_slip_shows_the_same_again(
    fleet: FleetUnderTest, game: str
) -> None:
    placed = place(fleet.discord, game, "the first of all", MEMBER)
    with fleet.database.read() as session:
        number = session.scalars(select(Bet.id).where(Bet.note == "the first of all")).one()

    shown = wait_until(lambda: slip_of(fleet.discord.ask("slip", {"bet": number}, ADMIN)))
    first, again = (fleet.discord.download(slip.path) for slip in (slip_of(placed), shown))
    assert first == again
    assert size_of(first) == (shown.width, shown.height)
    assert size_of(first)[0] == WIDTH


def test_a_member_sees_their_own_record_anothers_and_the_leaderboard(
    fleet: FleetUnderTest, game: str
) -> None:
    own = fleet.discord.ask("record", {}, MEMBER)
    others = fleet.discord.ask("record", {"member": "maya.okafor"}, MEMBER)
    titles = {answer.original.embeds[0]["title"] for answer in (own, others) if answer.original}
    assert len(titles) == 2
    assert all(title.endswith(", all time") for title in titles)
    board = fleet.discord.ask("leaderboard", {"period": "week"}, MEMBER)
    assert board.original is not None
    assert board.original.embeds[0]["title"].endswith(", last 7 days")


@pytest.mark.parametrize(("command", "sign"), [("warm", "Warmed "), ("status", "")])
def test_an_administrator_warms_the_cache_and_sees_the_state(
    fleet: FleetUnderTest, game: str, command: str, sign: str
) -> None:
    answer = fleet.discord.ask(command, {}, ADMIN, within=60)
    assert text_of(answer).startswith(sign)
    assert answer.ack.ephemeral
    if command == "status":
        fields = {field["name"]: field["value"] for field in answer.original.embeds[0]["fields"]}
        assert all(
            worker in fields["Workers (canary through the pool)"]
            for worker in ("front", "images", "back")
        )


@pytest.mark.parametrize("command", ["warm", "status"])
def test_other_members_are_not_offered_them_and_refused_with_a_sentence(
    fleet: FleetUnderTest, forger: Forger, command: str
) -> None:
    with pytest.raises(StandinError, match="do not have permission"):
        fleet.discord.run(command, {}, MEMBER)
    # A server's owner may offer a command to everyone: the bot then refuses it itself.
    answer = fleet.discord.wait(forger.run(command, {}, MEMBER))
    assert text_of(answer) == f"Only administrators of this server can use `/{command}`."


def test_one_trace_leads_from_the_interaction_through_rows_and_flower_to_the_logs(
    fleet: FleetUnderTest, game: str, flower: Flower
) -> None:
    placed = place(fleet.discord, game, "to be traced", MEMBER)
    with fleet.database.read() as session:
        trace = session.get_one(Interaction, int(placed.id)).trace_id
        bet = session.scalars(select(Bet).where(Bet.trace_id == trace)).one()
        effect = session.scalars(select(Effect).where(Effect.trace_id == trace)).one()
    assert bet.interaction_id == int(placed.id)
    assert effect.payload["bet_id"] == bet.id

    def traced() -> set[str]:
        return {task["name"] for task in flower.tasks().values() if task["root_id"] == trace}

    way = {"tasks.bets.place", "tasks.slips.render", "tasks.discord.deliver"}
    wait_until(lambda: traced() == way, 30, lambda: f"Flower knows {traced()}")
    told = {name for name in fleet.processes() if trace in fleet.log(name)}
    assert {"bot", "front", "images"} <= told


def test_flower_shows_what_ran_to_whoever_has_the_password(
    fleet: FleetUnderTest, game: str, flower: Flower
) -> None:
    place(fleet.discord, game, "seen in Flower", MEMBER)
    fleet.discord.ask("warm", {"categories": "game_data"}, ADMIN)
    flower.wait_for(
        *("tasks.games.show", "tasks.bets.place", "tasks.slips.render", "tasks.discord.deliver"),
        *("tasks.cache.warm_command", "tasks.cache.cleanup", "tasks.monitor.sample"),
        "tasks.outbox.relay",
    )
    for path in ("/api/tasks", "/api/workers"):
        answer = httpx.get(f"{fleet.instance.flower_url}{path}", trust_env=False)
        assert answer.status_code == 401


def test_bet_offers_games_while_a_member_types(fleet: FleetUnderTest, game: str) -> None:
    offered = fleet.discord.autocomplete("bet", "game", "", {"league": LEAGUE}, MEMBER)
    assert game in [choice["value"] for choice in offered.choices]
