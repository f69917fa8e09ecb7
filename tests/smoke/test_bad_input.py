"""What members do wrong, on the whole fleet: each time a sentence, and nothing half-written."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bench.rig.commands import bet_on, place, slip_of
from bench.rig.fleet import FleetUnderTest
from dbsbm.betting.text import MAX_MARKS
from dbsbm.db.models import Bet, DeadLetter, Effect, Game, Interaction, LedgerEntry
from dbsbm.sandbox.discord.client import Place, StandinError
from dbsbm.sandbox.discord.client_views import InteractionState, SentMessage
from dbsbm.sandbox.providers.control import SandboxControl
from dbsbm.wire.inbox import Inbox
from tests.servers import wait_until
from tests.smoke.conftest import MEMBER, Forger
from tests.smoke.standin import ZOE

UNTOUCHED = "mlb"
"""A league that no other test asks for."""


def content_of(answer: InteractionState) -> str:
    assert answer.state == "answered", answer.error
    assert answer.original is not None
    assert slip_of(answer) is None
    return answer.original.content


def bets_with(fleet: FleetUnderTest, note: str) -> list[Bet]:
    with fleet.database.read() as session:
        return list(session.scalars(select(Bet).where(Bet.note == note)))


def slips_in(fleet: FleetUnderTest, channel: str) -> list[SentMessage]:
    return [message for message in fleet.discord.messages(channel) if message.files]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"units": 50}, "Stakes here go from 0.5 to 3 units, and you asked for 50."),
        ({"units": 0.75}, "Stakes here go in steps of 0.5 units"),
        ({"odds": "0"}, "American odds cannot lie between -99 and +99, and you wrote 0."),
        ({"odds": "99"}, "American odds cannot lie between -99 and +99, and you wrote 99."),
        ({"odds": "a lot"}, "as odds. Write American odds such as -110 or +150"),
        ({"market": "spread"}, "A spread needs a line, such as"),
        ({"side": "over"}, "A moneyline has no over"),
        ({"game": "999999999"}, "I do not know that game."),
        ({"game": "Granite Peak"}, "Please choose the game from the list"),
    ],
)
def test_a_bet_that_cannot_be_taken_is_refused_with_a_sentence_and_leaves_no_row(
    fleet: FleetUnderTest, game: str, changed: dict[str, Any], sentence: str
) -> None:
    note = f"refused {changed}"
    answer = fleet.discord.ask("bet", bet_on(game, note) | changed, MEMBER)
    assert sentence in content_of(answer)
    assert bets_with(fleet, note) == []
    # What needs no database is nobody's business but the member's.
    needs_the_database = changed.keys() & {"units"} or changed.get("game") == "999999999"
    assert answer.ack.ephemeral is not bool(needs_the_database)


def test_a_game_that_has_started_takes_no_bets(fleet: FleetUnderTest, game: str) -> None:
    def start(session: Any, moment: datetime) -> datetime:
        row = session.get_one(Game, int(game))
        before, row.starts_at = row.starts_at, moment
        return before

    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    before = fleet.database.transact(lambda session: start(session, an_hour_ago))
    try:
        answer = fleet.discord.ask("bet", bet_on(game, "too late"), MEMBER)
    finally:
        fleet.database.transact(lambda session: start(session, before))
    assert "started" in content_of(answer)
    assert bets_with(fleet, "too late") == []


def test_a_league_that_nobody_follows_is_named_beside_those_there_are(
    fleet: FleetUnderTest, game: str
) -> None:
    answer = fleet.discord.ask("games", {"league": "quidditch"}, MEMBER)
    text = content_of(answer)
    assert "I do not follow a league called 'quidditch'." in text
    assert "nfl" in text


def test_ten_thousand_characters_of_note_are_refused_also_where_no_client_counts_them(
    fleet: FleetUnderTest, game: str, forger: Forger
) -> None:
    options = bet_on(game, "x" * 10_000)
    with pytest.raises(StandinError, match="1 to 500 characters"):
        fleet.discord.run("bet", options, MEMBER)
    answer = fleet.discord.wait(forger.run("bet", options, MEMBER))
    assert "`note` takes 500 characters at most, and yours has 10000." in content_of(answer)
    with fleet.database.read() as session:
        assert session.get(Interaction, int(answer.id)) is None


def test_a_name_of_stacked_marks_gets_its_slip_with_the_marks_that_belong(
    fleet: FleetUnderTest, game: str
) -> None:
    place(fleet.discord, game, "from Zoé", Place(member=ZOE.username))
    (bet,) = bets_with(fleet, "from Zoé")
    marks = [char for char in bet.capper_name if unicodedata.combining(char)]
    assert len(marks) == MAX_MARKS
    assert bet.capper_name.endswith("oé")


def test_an_interaction_that_the_gateway_sends_three_times_is_one_bet_and_one_slip(
    fleet: FleetUnderTest, game: str, forger: Forger
) -> None:
    given = fleet.discord.run("bet", bet_on(game, "said twice"), MEMBER)
    forger.send_again(given)
    answer = fleet.discord.wait(given, within=60)
    assert slip_of(answer) is not None
    forger.send_again(given)
    wait_until(lambda: fleet.log("bot").count(given) >= 3, 30, "the bot has seen all three")
    wait_until(lambda: not Inbox(fleet.broker).size(), 60, "every copy is settled")

    (bet,) = bets_with(fleet, "said twice")
    with fleet.database.read() as session:
        entries = session.scalars(select(LedgerEntry).where(LedgerEntry.bet_id == bet.id)).all()
        effects = session.scalars(select(Effect).where(Effect.dedupe_key == f"reply:{given}")).all()
    assert (len(entries), len(effects)) == (1, 1)
    after = fleet.discord.interaction(given)
    assert (after.edits, after.followups) == (1, [])


def test_a_slip_whose_token_has_expired_comes_once_into_the_channel_and_says_whose_it_is(
    fleet: FleetUnderTest, game: str
) -> None:
    guild = fleet.discord.state()["guilds"][0]
    channel = guild["channels"][1]
    at = Place(channel=channel["id"], member="olena.koval")
    with fleet.frozen("images"):
        given = fleet.discord.run("bet", bet_on(game, "late slip"), at)
        fleet.discord.wait(given, "ack")
        fleet.discord.expire(given)
    posted = wait_until(lambda: slips_in(fleet, channel["id"]), 60, "the slip is in the channel")
    wait_until(lambda: _is_done(fleet, given), 30, "the effect is done")

    member = next(m for m in guild["members"] if m["username"] == "olena.koval")
    assert [f"<@{member['id']}>" in message.content for message in posted] == [True]
    assert len(slips_in(fleet, channel["id"])) == 1
    assert fleet.discord.interaction(given).state == "thinking"
    assert len(bets_with(fleet, "late slip")) == 1


def _is_done(fleet: FleetUnderTest, interaction: str) -> bool:
    with fleet.database.read() as session:
        effect = session.scalars(
            select(Effect).where(Effect.dedupe_key == f"reply:{interaction}")
        ).one()
    return effect.state == "done"


def test_where_the_bot_may_not_write_either_the_slip_becomes_a_dead_letter(
    fleet: FleetUnderTest, game: str
) -> None:
    at = Place(channel="announcements", member="maya.okafor")
    with fleet.frozen("images"):
        given = fleet.discord.run("bet", bet_on(game, "nowhere to go"), at)
        fleet.discord.wait(given, "ack")
        fleet.discord.expire(given)

    def buried() -> DeadLetter | None:
        with fleet.database.read() as session:
            effect = session.scalars(
                select(Effect).where(Effect.dedupe_key == f"reply:{given}")
            ).one_or_none()
            key = "" if effect is None else str(effect.id)
            return session.scalars(
                select(DeadLetter).where(DeadLetter.source_key == key)
            ).one_or_none()

    letter = wait_until(buried, 60, "the slip is a dead letter")
    assert "may not write in that channel" in letter.reason


def test_a_provider_that_sends_a_web_page_costs_a_sentence_a_log_line_and_no_row(
    fleet: FleetUnderTest, game: str
) -> None:
    with SandboxControl(fleet.instance.providers_url) as provider:
        provider.fault("espn", "html", endpoint="baseball/mlb/*", count=100)
        answer = fleet.discord.ask("games", {"league": UNTOUCHED}, MEMBER, within=60)
        provider.clear_faults()
    assert "sent something unreadable" in content_of(answer)
    assert '"action": "games.provider_failed"' in fleet.log("back")
    with fleet.database.read() as session:
        games = select(func.count()).select_from(Game).where(Game.league_key == UNTOUCHED)
        assert session.scalar(games) == 0
