"""The whole bot as a process, between the Discord stand-in and real servers."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.dispatcher import BUSY, UNCONFIRMED
from bot.incident_buttons import NOT_ALLOWED
from dbsbm.cache import Cache, Category, Key, Keyring, connect
from dbsbm.cache.values.serializer import Serializer
from dbsbm.sandbox.discord.client import StandinClient
from dbsbm.wire.command import Command
from dbsbm.wire.inbox import MESSAGES, Entry, Inbox
from dbsbm.wire.incident_buttons import Deed
from dbsbm.wire.seal import Sealer
from tests.integration.bot.alert_room import AlertRoom
from tests.servers import ChildProcess, ValkeyServer, free_port, wait_until

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "MTMy.standin.a-token-of-its-own"
SECRET_KEY = "a secret key of more than 32 characters"
BET = {
    "game": "7",
    "market": "spread",
    "side": "home",
    "line": "-3.5",
    "odds": "-110",
    "units": 1.5,
}


class Front:
    """The stand-in and a bot that is connected to it."""

    def __init__(self, folder: Path, broker: ValkeyServer, cache: ValkeyServer) -> None:
        self.broker, self.cache = broker, cache
        self.port = free_port()
        self.discord = StandinClient(f"http://127.0.0.1:{self.port}")
        self._folder = folder
        (folder / "token").write_text(TOKEN)
        arguments = ["--port", str(self.port), "--token-file", str(folder / "token")]
        self._standin = ChildProcess(
            [sys.executable, "-m", "dbsbm.sandbox.discord", *arguments],
            cwd=ROOT,
            log=folder / "standin.log",
        )
        self.bot = self.new_bot("bot.log")

    def new_bot(self, log: str, **environment: str) -> ChildProcess:
        return ChildProcess(
            [sys.executable, "-m", "bot"],
            cwd=ROOT,
            log=self._folder / log,
            env=os.environ | self._environment() | environment,
        )

    def _environment(self) -> dict[str, str]:
        return {
            "DATA_DIR": str(self._folder / "data"),
            "SECRET_KEY": SECRET_KEY,
            "BROKER_URL": self.broker.url,
            "CACHE_URL": self.cache.url,
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": f"http://127.0.0.1:{self.port}/api/v10",
            "DISCORD_GATEWAY_URL": f"ws://127.0.0.1:{self.port}/gateway",
            "LOG_FORMAT": "json",
        }

    def start(self) -> None:
        self._standin.start()
        wait_until(self._standin_answers, 30, self._standin.log)
        self.bot.start()
        self.discord.wait_for_bot(commands=5)

    def _standin_answers(self) -> bool:
        try:
            return bool(self.discord.state())
        except httpx.TransportError:
            return False

    def close(self) -> None:
        self.discord.close()
        self.bot.kill()
        self._standin.kill()

    def actions(self) -> list[str]:
        whole_lines = self.bot.log().rpartition("\n")[0].splitlines()
        return [line.get("action") for line in map(json.loads, whole_lines)]

    def entry(self, interaction_id: str) -> Entry:
        """The command as it came to the inbox."""
        client = self.broker.client()
        text = wait_until(lambda: client.hget(MESSAGES, interaction_id))
        return Entry.from_json(int(interaction_id), text)

    def answer(self, command: Command, content: str) -> None:
        """Answer as a worker does: with the sealed token alone."""
        token = Sealer(SecretStr(SECRET_KEY)).open(command.reply_token).get_secret_value()
        base = f"http://127.0.0.1:{self.port}/api/v10/webhooks/{command.application_id}/{token}"
        httpx.patch(f"{base}/messages/@original", json={"content": content}).raise_for_status()


@pytest.fixture(scope="module")
def _front(
    tmp_path_factory: pytest.TempPathFactory,
    _shared_broker: ValkeyServer,
    _shared_cache: ValkeyServer,
) -> Iterator[Front]:
    front = Front(tmp_path_factory.mktemp("front"), _shared_broker, _shared_cache)
    try:
        front.start()
        yield front
    finally:
        front.close()


@pytest.fixture
def front(_front: Front, valkey_broker: ValkeyServer, valkey_cache: ValkeyServer) -> Front:
    """A front that takes commands, on empty servers."""
    assert _front.broker is valkey_broker
    assert _front.cache is valkey_cache
    wait_until(lambda: _takes_commands(_front), 30, "the bot takes commands again")
    return _front


def _takes_commands(front: Front) -> bool:
    taken = front.discord.wait(front.discord.run("slip", {"bet": 1}), "ack")
    client = front.broker.client()
    assert taken.ack is not None
    try:
        wait_until(lambda: client.hexists(MESSAGES, taken.id), 1)
    except AssertionError:
        return False
    front.broker.flush()
    return True


def command_of(entry: Entry) -> Command:
    body = json.loads(base64.b64decode(json.loads(entry.message)["body"]))
    return Command.from_json(body[1]["command"])


def test_a_bet_is_acknowledged_enqueued_and_answered_by_whoever_opens_the_token(
    front: Front,
) -> None:
    given = front.discord.run("bet", BET | {"line": "-3.5", "note": "home cooking"})
    entry = front.entry(given)
    command = command_of(entry)
    state = front.discord.wait(given, "ack")
    assert state.ack is not None
    assert (state.state, state.ack.ephemeral) == ("thinking", False)
    assert (entry.task, entry.key) == ("tasks.bets.place", "interactive")
    assert command.options == BET | {"units": "1.5", "line": "-3.5", "note": "home cooking"}
    assert (command.guild_name, command.user_name) == ("Sunday Parlay Club", "Maya Okafor")
    front.answer(command, "a slip")
    assert front.discord.wait(given, "answer").original.content == "a slip"


@pytest.mark.parametrize(
    ("command", "options", "queue"),
    [
        ("games", {"league": "nfl"}, "fetch"),
        ("status", {}, "interactive"),
        ("warm", {}, "maintenance"),
    ],
)
def test_other_answers_are_for_the_member_alone(
    front: Front, command: str, options: dict[str, Any], queue: str
) -> None:
    given = front.discord.run(command, options)
    assert front.entry(given).key == queue
    ack = front.discord.wait(given, "ack").ack
    assert ack is not None
    assert ack.ephemeral


def test_a_game_that_was_not_chosen_is_refused_at_once(front: Front) -> None:
    state = front.discord.ask("bet", BET | {"game": "chiefs"})
    assert state.ack is not None
    assert (state.ack.kind, state.ack.ephemeral) == ("message", True)
    assert "choose the game from the list" in state.original.content
    assert Inbox(front.broker.client()).size() == 0


def test_games_are_suggested_from_the_cache_and_asked_for_where_it_is_empty(front: Front) -> None:
    assert front.discord.autocomplete("bet", "game", "chi").choices == []
    client = front.broker.client()
    assert wait_until(lambda: client.llen("maintenance")) == 1
    _fill(front.cache)
    suggested = wait_until(lambda: front.discord.autocomplete("bet", "game", "chi").choices)
    assert [choice["value"] for choice in suggested] == ["7"]


def _fill(server: ValkeyServer) -> None:
    signing = Serializer(Keyring.of(SecretStr(SECRET_KEY)))
    cache = Cache(connect(server.url), serializer=signing)
    nfl = {"key": "nfl", "name": "NFL", "sport": "football"}
    cache.set(Key.of(Category.LEAGUE_DATA, "leagues"), [nfl])
    start = datetime.now(UTC) + timedelta(hours=5)
    game = {"id": 7, "home": "Chiefs", "away": "Bills", "starts_at": start, "status": "scheduled"}
    cache.set(Key.of(Category.GAME_DATA, "games", "nfl"), [game])


def test_a_frozen_broker_gets_the_member_a_true_answer_before_and_after_it_thaws(
    front: Front,
) -> None:
    front.broker.freeze()
    given = front.discord.run("bet", BET)
    assert front.discord.wait(given, "answer").original.content == UNCONFIRMED
    assert front.discord.ask("bet", BET).original.content == BUSY
    front.broker.thaw()
    front.answer(command_of(front.entry(given)), "a slip")
    assert front.discord.wait(given, "edits", count=2).original.content == "a slip"
    wait_until(lambda: "bot.settled" in front.actions())
    assert front.discord.interaction(given).original.content == "a slip"
    assert Inbox(front.broker.client()).size() == 1


def test_a_dead_broker_gets_the_member_a_sentence_and_the_bot_recovers(front: Front) -> None:
    front.broker.kill()
    said = [front.discord.ask("bet", BET).original.content for _ in range(3)]
    assert said[1:] == [BUSY, BUSY]
    front.broker.start()
    wait_until(lambda: _takes_commands(front), 30)


def test_the_bot_goes_on_after_the_gateway_drops_it(front: Front) -> None:
    front.discord.gateway("drop")
    front.discord.wait_for_bot(commands=5)
    assert front.entry(front.discord.run("slip", {"bet": 2})).task == "tasks.slips.show"


def test_told_to_stop_it_ends_well_and_the_next_start_registers_nothing(front: Front) -> None:
    wait_until(lambda: "bot.ready" in front.actions())
    front.bot.stop()
    assert front.bot.exit_code == 0
    assert front.actions()[-1] == "bot.stopping"
    registered = front.actions().count("bot.sync")
    front.bot.start()
    front.discord.wait_for_bot(commands=5)
    assert front.actions().count("bot.sync") == registered == 1


def test_a_button_below_an_incident_works_for_a_bot_that_started_after_it_was_posted(
    front: Front, migrated_sqlite_url: str
) -> None:
    with AlertRoom(front, migrated_sqlite_url) as room:
        room.tell()
        front.bot.stop()
        front.bot.start()
        front.discord.wait_for_bot(commands=5)
        given = room.press(Deed.ACKNOWLEDGE, "tomas.rivera")
        entry = front.entry(given)
        assert (entry.task, entry.key) == ("tasks.incidents.decide", "interactive")
        ack = front.discord.wait(given, "ack").ack
        assert ack is not None
        assert (ack.kind, ack.ephemeral) == ("deferred_message", True)
        room.carry_out(command_of(entry))
        room.tell()
    shown = front.discord.messages(str(room.channel_id))
    (message,) = [each for each in shown if each.visible_to is None]
    assert "Tom\u00e1s Rivera (Discord" in str(message.embeds[0]["fields"])
    acknowledge, silence = message.components[0]["components"]
    assert (acknowledge["disabled"], "disabled" in silence) == (True, False)


def test_a_member_who_does_not_manage_the_server_decides_nothing_about_incidents(
    front: Front, migrated_sqlite_url: str
) -> None:
    with AlertRoom(front, migrated_sqlite_url) as room:
        room.tell()
        given = room.press(Deed.SILENCE, "amira.haddad")
    state = front.discord.wait(given, "answer")
    assert state.original.content == NOT_ALLOWED
    assert state.ack is not None
    assert state.ack.ephemeral
    assert Inbox(front.broker.client()).size() == 0


def test_a_wrong_token_ends_the_process_with_a_sentence_that_names_it(front: Front) -> None:
    other = front.new_bot("other.log", DISCORD_TOKEN="MTMy.some.other-token")
    other.start()
    assert other.wait(60) == 2
    assert other.log().splitlines()[-1].startswith("DISCORD_TOKEN is refused by Discord")
    assert "other-token" not in other.log()


def test_a_discord_that_cannot_be_reached_ends_the_process_for_its_supervisor(
    front: Front,
) -> None:
    other = front.new_bot("lonely.log", DISCORD_API_URL=f"http://127.0.0.1:{free_port()}/api/v10")
    other.start()
    assert other.wait(60) == 1
    assert json.loads(other.log().splitlines()[-1])["action"] == "bot.failed"


def test_no_token_is_in_the_log(front: Front) -> None:
    given = front.discord.run("bet", BET)
    token = Sealer(SecretStr(SECRET_KEY)).open(command_of(front.entry(given)).reply_token)
    assert front.discord.wait(given, "ack").ack is not None
    assert token.get_secret_value() not in front.bot.log()
    assert TOKEN not in front.bot.log()
