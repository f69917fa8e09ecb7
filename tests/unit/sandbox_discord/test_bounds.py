"""Everything kept in memory is bounded, and what is past its time is gone."""

from __future__ import annotations

import itertools
import json

import pytest

from dbsbm.sandbox.discord.cdn import AttachmentStore, Upload
from dbsbm.sandbox.discord.default_world import BOT, default_world
from dbsbm.sandbox.discord.errors import ApiError, Refusal
from dbsbm.sandbox.discord.faults import FaultBook
from dbsbm.sandbox.discord.ids import DISCORD_EPOCH_MS, Snowflakes
from dbsbm.sandbox.discord.interaction_book import InteractionBook
from dbsbm.sandbox.discord.interactions import Ack, CallbackType, InteractionType
from dbsbm.sandbox.discord.live import LiveFeed
from dbsbm.sandbox.discord.lookup import find_channel, find_guild, find_member
from dbsbm.sandbox.discord.messages import Message, MessageStore
from dbsbm.sandbox.discord.modals import submission
from dbsbm.sandbox.discord.tokens import make_token


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def message(number, channel="1", **fields):
    return Message(
        id=str(number), channel_id=channel, guild_id="9", author=BOT, created_at=0.0, **fields
    )


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def book(clock):
    return InteractionBook(Snowflakes(clock), clock, kept=3, token_seconds=900)


def opened(book):
    guild = find_guild(default_world(), None)
    place = guild, find_channel(guild, None), find_member(guild, None)
    return book.open(InteractionType.COMMAND, *place, "/ping")


def test_snowflakes_grow_even_while_the_clock_stands_still(clock):
    flakes = Snowflakes(clock)
    first, second = int(flakes.new()), int(flakes.new())
    clock.now -= 60
    third = int(flakes.new())

    assert first < second < third
    assert (first >> 22) + DISCORD_EPOCH_MS == 1_800_000_000_000


def test_a_channel_keeps_its_newest_messages(clock):
    store = MessageStore(clock, kept=3, nonce_seconds=300)
    for number in range(5):
        store.add(message(number))
        store.add(message(number + 100, channel="2"))

    assert [m.id for m in store.newest("1", 50)] == ["2", "3", "4"]
    assert len(store) == 6
    with pytest.raises(ApiError, match="Unknown Message"):
        store.get("1", "0")


def test_nonces_are_the_authors_own_and_forgotten_after_their_time(clock):
    store = MessageStore(clock, kept=3, nonce_seconds=300)
    first = message(1, nonce=7)
    store.remember_nonce(first)
    clock.now += 300

    assert store.with_nonce(BOT.id, "7") is first
    assert store.with_nonce("someone else", 7) is None
    clock.now += 1
    assert store.with_nonce(BOT.id, 7) is None
    assert not store._nonces


def test_files_are_forgotten_oldest_first():
    store = AttachmentStore(Snowflakes(itertools.count(1_800_000_000).__next__), capacity=25)
    kept = [store.put("1", Upload(0, f"{n}.bin", b"x" * 10)) for n in range(4)]

    assert store.bytes_held == 20
    assert list(store._files) == [a.path for a in kept[2:]]


def test_a_files_name_cannot_leave_its_folder():
    store = AttachmentStore(Snowflakes(lambda: 1_800_000_000.0), capacity=100)

    stored = store.put("1", Upload(0, '../../<b>"x".html', b"x"))

    assert "/" not in stored.filename
    assert "<" not in stored.filename
    assert stored.width is None


def test_a_broken_picture_is_stored_without_a_size():
    store = AttachmentStore(Snowflakes(lambda: 1_800_000_000.0), capacity=100)

    assert store.put("1", Upload(0, "x.png", b"not a picture")).width is None


async def test_the_oldest_interaction_gives_way_and_its_token_with_it(book):
    first, *_ = [opened(book) for _ in range(4)]

    assert len(book) == 3
    with pytest.raises(ApiError, match="Unknown interaction"):
        book.get(first.id)
    with pytest.raises(ApiError, match="Invalid Webhook Token"):
        book.acknowledged(first.token)


async def test_a_token_lives_its_time_and_not_a_second_longer(book, clock):
    interaction = opened(book)
    interaction.ack = Ack(CallbackType.DEFERRED_MESSAGE, 1.0, clock(), ephemeral=False)
    clock.now += 899

    assert book.acknowledged(interaction.token) is interaction
    clock.now += 1
    with pytest.raises(ApiError, match="Invalid Webhook Token"):
        book.acknowledged(interaction.token)


async def test_a_listener_that_falls_behind_is_told_to_start_over():
    feed = LiveFeed()
    with feed.listen() as slow, feed.listen() as quick:
        for number in range(1_001):
            feed.publish({"type": "n", "n": number})
            assert quick.get_nowait()["n"] == number

        assert [slow.get_nowait() for _ in range(slow.qsize())] == [{"type": "resync"}]
    assert len(feed) == 0


def test_faults_hit_by_method_and_pattern_as_often_as_asked():
    faults = FaultBook()
    faults.add(
        {"method": "PATCH", "route": "/webhooks/*/messages/@original", "status": 500, "count": 2}
    )
    path = "/webhooks/1/token/messages/@original"

    assert faults.take("GET", path) is None
    assert faults.take("PATCH", "/channels/1/messages/2") is None
    assert [faults.take("PATCH", path) is not None for _ in range(3)] == [True, True, False]
    assert faults.view() == []


def test_a_429_without_via_looks_like_a_ban_by_the_network_in_front():
    faults = FaultBook()
    limited = faults.add({"status": 429, "retry_after": 2.5}).answer()
    banned = faults.add({"status": 429, "via": False}).answer()

    assert limited[1]["retry_after"] == 2.5
    assert limited[2]["Via"]
    assert "Via" not in banned[2]


def test_tokens_name_their_application_and_are_never_the_same():
    first, second = make_token(), make_token()

    assert first != second
    assert first.split(".")[0] == "MTMyMDAwMDAwMDAwMDAwMDAwMQ"


TEXT = {"type": 4, "custom_id": "t", "style": 1, "label": "T", "min_length": 2, "max_length": 4}
MENU = {"type": 3, "custom_id": "m", "options": [{"label": "A", "value": "a"}]}


def modal(*fields):
    items = [{"type": 18, "id": n, "label": "L", "component": f} for n, f in enumerate(fields)]
    return {"custom_id": "x", "title": "X", "components": items}


def test_a_submitted_modal_has_the_modals_own_structure():
    fields = TEXT, MENU, {"type": 21, "custom_id": "r"}, {"type": 23, "custom_id": "c"}
    given = {"t": "abc", "m": ["a"], "r": "one", "c": True}

    sent = submission(modal(*fields), given)

    inner = [item["component"] for item in sent]
    assert [item["type"] for item in sent] == [18] * 4
    assert [c.get("value", c.get("values")) for c in inner] == ["abc", ["a"], "one", True]
    assert json.dumps(sent)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"t": "abc", "m": "a", "z": 1}, "no field 'z'"),
        ({"t": "a", "m": "a"}, "too short or too long"),
        ({"t": "abcde", "m": "a"}, "too short or too long"),
        ({"m": "a"}, "'T' is required"),
        ({"t": "abc"}, "'m' is required"),
        ({"t": "abc", "m": "b"}, "no such choice"),
    ],
)
def test_a_modal_filled_in_wrongly_is_not_sent(values, reason):
    with pytest.raises(Refusal, match=reason):
        submission(modal(TEXT, MENU), values)
