"""Sessions that can resume, shards, and the two compressed transports."""

from __future__ import annotations

import asyncio
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.sandbox.discord.sessions import GatewayHub, Session
from dbsbm.sandbox.discord.transports import PlainText, ZlibStream, ZstdStream, choose_transport

FRAMES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=10)


def session(**fields):
    return Session(**{"intents": 1, "shard": (0, 1), "capacity": 3, **fields})


@given(sent=st.integers(0, 8), seen=st.integers(0, 9))
def test_a_resume_gets_exactly_what_was_missed_or_nothing(sent, seen):
    it = session()
    for number in range(sent):
        it.push("E", {"n": number})

    missed = it.missed_since(seen)

    if seen > sent or seen < sent - 3:
        assert missed is None
    else:
        assert [json.loads(frame)["s"] for frame in missed] == list(range(seen + 1, sent + 1))


@given(guild=st.integers(1 << 22, 1 << 62), count=st.integers(1, 16))
def test_every_guild_belongs_to_exactly_one_shard(guild, count):
    shards = [session(shard=(n, count)) for n in range(count)]

    assert sum(s.covers(str(guild)) for s in shards) == 1


async def test_a_session_without_a_socket_keeps_events_until_its_time_is_over():
    changes: asyncio.Queue[int] = asyncio.Queue()
    hub = GatewayHub(0.01, lambda: changes.put_nowait(len(hub.sessions)))
    it, outbox = session(), asyncio.Queue()
    hub.attach(it, outbox)
    hub.detach(it, outbox, forget=False)

    reached = hub.dispatch("E", {}, "1")
    kept = hub.find(it.id)
    counted = [await changes.get() for _ in range(3)]

    assert (reached, kept, it.seq) == (0, it, 1)
    assert counted == [1, 1, 0]
    assert hub.find(it.id) is None


async def test_a_socket_that_was_replaced_takes_nothing_with_it():
    hub = GatewayHub(60, lambda: None)
    it, old, new = session(), asyncio.Queue(), asyncio.Queue()
    hub.attach(it, old)
    hub.attach(it, new)
    hub.detach(it, old, forget=True)

    assert old.get_nowait().code == 4000
    assert hub.dispatch("E", {}, "1") == 1
    assert new.qsize() == 1


def test_events_go_only_where_the_intent_was_asked_for():
    hub = GatewayHub(60, lambda: None)
    with_intent, without = session(intents=0b11), session(intents=0b01)
    hub.attach(with_intent, asyncio.Queue())
    hub.attach(without, asyncio.Queue())

    hub.dispatch("E", {}, "1", 0b10)

    assert (with_intent.seq, without.seq) == (1, 0)


@given(FRAMES)
def test_a_zlib_stream_reads_back_frame_by_frame(frames):
    stream, inflate = ZlibStream(), zlib.decompressobj()

    for frame in frames:
        data = stream.encode(frame)
        assert data.endswith(b"\x00\x00\xff\xff")
        assert inflate.decompress(data).decode() == frame


def _read_raw_blocks(data: bytes) -> bytes:
    """Read Zstandard raw blocks as RFC 8878, section 3.1.1.2 lays them out."""
    read = b""
    while data:
        header = int.from_bytes(data[:3], "little")
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        assert (last, kind) == (0, 0)
        assert size <= 128 * 1024
        read, data = read + data[3 : 3 + size], data[3 + size :]
    return read


@given(FRAMES)
def test_a_zstd_stream_is_a_header_and_raw_blocks(frames):
    stream = ZstdStream()
    header = bytes.fromhex("28b52ffd0038")

    for number, frame in enumerate(frames):
        data = stream.encode(frame)
        assert data.startswith(header) is (number == 0)
        assert _read_raw_blocks(data.removeprefix(header)).decode() == frame


def test_a_large_frame_is_split_into_blocks_a_decoder_accepts():
    frame = "x" * 300_000

    assert _read_raw_blocks(ZstdStream().encode(frame)[6:]).decode() == frame


@pytest.mark.parametrize(
    ("asked", "kind"),
    [(None, PlainText), ("zlib-stream", ZlibStream), ("zstd-stream", ZstdStream), ("lz4", None)],
)
def test_a_client_gets_the_transport_it_asks_for(asked, kind):
    chosen = choose_transport(asked)

    assert (None if chosen is None else type(chosen)) is kind
