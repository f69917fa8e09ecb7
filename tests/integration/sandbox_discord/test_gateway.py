"""The gateway's protocol, frame by frame."""

from __future__ import annotations

import json
import zlib

import aiohttp
import pytest

from dbsbm.sandbox.discord.app import DiscordStandin
from dbsbm.sandbox.discord.config import StandinConfig

from .raw_bot import GUILDS, TOKEN, RawBot

GUILD_MEMBERS = 2


@pytest.fixture
async def raw(standin):
    async with RawBot(standin) as bot:
        yield bot


async def test_hello_ready_and_guilds_come_in_order(raw):
    ready = await raw.identify()

    assert ready["resume_gateway_url"] == raw.standin.gateway_url
    assert len(ready["guilds"]) == 3
    assert raw.seq == 4


async def test_heartbeats_are_answered_even_before_identify(raw):
    await raw.connect()
    hello = await raw.frame()
    await raw.send(1, None)

    assert hello["d"]["heartbeat_interval"] == 41_250
    assert (await raw.frame())["op"] == 11


@pytest.mark.parametrize(
    ("op", "data", "code"),
    [
        (2, {"token": "wrong", "intents": GUILDS}, 4004),
        (2, {"token": TOKEN, "intents": 1 << 15}, 4014),
        (2, {"token": TOKEN, "intents": GUILD_MEMBERS}, 4014),
        (2, {"token": TOKEN, "intents": 1 << 40}, 4013),
        (2, {"token": TOKEN, "intents": GUILDS, "shard": [2, 2]}, 4010),
        (8, {"guild_id": "1"}, 4003),
        (6, {"token": "wrong", "session_id": "x", "seq": 1}, 4004),
        (2, None, 4002),
    ],
)
async def test_what_is_not_allowed_closes_with_its_code(raw, op, data, code):
    await raw.connect()
    await raw.send(op, data)

    assert await raw.closed_with() == code


async def test_a_second_identify_an_unknown_opcode_and_nonsense_close(standin):
    for frame, code in (('{"op":2,"d":{}}', 4005), ('{"op":99}', 4001), ("nonsense", 4002)):
        async with RawBot(standin) as raw:
            await raw.identify()
            await raw.socket.send_str(frame)
            assert await raw.closed_with() == code


@pytest.mark.parametrize(
    ("query", "code"), [("v=6&encoding=json", 4012), ("v=10&encoding=etf", 4002)]
)
async def test_an_unknown_version_or_encoding_closes(raw, query, code):
    await raw.connect(query)

    assert await raw.closed_with() == code


async def test_privileged_intents_bring_all_members_where_granted():
    config = StandinConfig(privileged_intents=True)
    async with DiscordStandin(TOKEN, config=config) as standin, RawBot(standin) as raw:
        await raw.connect()
        intents = GUILDS | GUILD_MEMBERS
        await raw.send(2, {"token": TOKEN, "intents": intents, "properties": {}})
        guild = await raw.event("GUILD_CREATE")
        await raw.send(8, {"guild_id": guild["id"], "query": "may", "limit": 0, "nonce": "n"})
        chunk = await raw.event("GUILD_MEMBERS_CHUNK")

    assert len(guild["members"]) == guild["member_count"] > 1
    assert [m["user"]["username"] for m in chunk["members"]] == ["maya.okafor"]
    assert chunk["nonce"] == "n"


async def test_a_lost_socket_resumes_and_gets_what_it_missed_in_order(bot):
    ready = await bot.identify()
    seq = bot.seq
    await bot.socket.close(code=4000)
    # Both of the bot's connections belong to one shard: the event goes to the other one, too.
    for _ in range(2):
        await bot.control("POST", "/interactions", json={"command": "ping"})
    await bot.connect()
    await bot.send(6, {"token": TOKEN, "session_id": ready["session_id"], "seq": seq})
    await bot.frame()

    missed = [await bot.frame() for _ in range(3)]

    assert [f["t"] for f in missed] == ["INTERACTION_CREATE", "INTERACTION_CREATE", "RESUMED"]
    assert [f["s"] for f in missed] == [seq + 1, seq + 2, seq + 3]


async def test_a_session_that_said_goodbye_cannot_resume(raw):
    ready = await raw.identify()
    with raw.standin.core.feed.listen() as events:
        await raw.socket.close(code=1000)
        assert await events.get() == {"type": "bot", "connected": False}
    await raw.connect()
    await raw.send(6, {"token": TOKEN, "session_id": ready["session_id"], "seq": raw.seq})
    await raw.frame()

    assert await raw.frame() == {"op": 9, "t": None, "s": None, "d": False}


async def test_a_session_whose_events_are_lost_cannot_resume():
    config = StandinConfig(session_events=2)
    async with DiscordStandin(TOKEN, config=config) as standin, RawBot(standin) as raw:
        ready = await raw.identify()
        await raw.socket.close(code=4000)
        await raw.connect()
        await raw.send(6, {"token": TOKEN, "session_id": ready["session_id"], "seq": 1})
        await raw.frame()

        assert (await raw.frame())["op"] == 9


async def test_an_operator_can_close_reconnect_and_invalidate(raw):
    await raw.identify()
    await raw.control("POST", "/gateway", json={"action": "reconnect"})
    assert (await raw.frame())["op"] == 7
    await raw.control("POST", "/gateway", json={"action": "invalidate", "resumable": True})
    assert (await raw.frame()) == {"op": 9, "t": None, "s": None, "d": True}
    await raw.control("POST", "/gateway", json={"action": "close", "code": 4009})
    assert await raw.closed_with() == 4009


async def test_a_dropped_connection_ends_without_a_close_code(raw):
    await raw.identify()

    _, answer = await raw.control("POST", "/gateway", json={"action": "drop"})
    message = await raw.socket.receive(timeout=5)

    assert answer == {"connections": 1}
    assert message.type is not aiohttp.WSMsgType.CLOSE or message.data == 1006


async def test_muted_heartbeats_stay_unanswered(raw):
    await raw.identify()
    await raw.control("POST", "/gateway", json={"action": "mute"})
    await raw.send(1, raw.seq)
    await raw.control("POST", "/gateway", json={"action": "unmute"})
    await raw.send(1, raw.seq)
    await raw.control("POST", "/gateway", json={"action": "reconnect"})

    assert [(await raw.frame())["op"] for _ in range(2)] == [11, 7]


async def test_a_client_that_stops_its_heartbeats_is_closed():
    config = StandinConfig(heartbeat_seconds=0.1)
    async with DiscordStandin(TOKEN, config=config) as standin, RawBot(standin) as raw:
        await raw.identify()

        assert await raw.closed_with() == 4009


async def test_shards_get_the_guilds_and_interactions_of_their_own(standin):
    async with RawBot(standin) as even, RawBot(standin) as odd:
        zero = await even.identify(shard=[0, 2])
        one = await odd.identify(shard=[1, 2])

    ids = {g["id"] for g in zero["guilds"]}, {g["id"] for g in one["guilds"]}
    assert ids[0] | ids[1] == set(standin.core.world.guilds)
    assert not ids[0] & ids[1]


async def test_a_zlib_stream_is_one_stream_flushed_after_each_frame(raw):
    await raw.connect("v=10&encoding=json&compress=zlib-stream")
    inflate = zlib.decompressobj()
    await raw.send(2, {"token": TOKEN, "intents": GUILDS, "properties": {}})

    events = []
    for _ in range(5):
        message = await raw.socket.receive(timeout=5)
        assert message.type is aiohttp.WSMsgType.BINARY
        assert message.data.endswith(b"\x00\x00\xff\xff")
        events.append(json.loads(inflate.decompress(message.data))["t"])

    assert events == [None, "READY", *["GUILD_CREATE"] * 3]


async def test_a_zstd_stream_begins_with_its_magic_number(raw):
    await raw.connect("v=10&encoding=json&compress=zstd-stream")

    message = await raw.socket.receive(timeout=5)

    assert message.data[:4] == bytes.fromhex("28b52ffd")
