"""Channels, commands, guilds, rate limits and faults, seen as bare HTTP with the bot token."""

from __future__ import annotations

import aiohttp
import pytest

from dbsbm.sandbox.discord.app import DiscordStandin
from dbsbm.sandbox.discord.config import Limit, RateLimits, StandinConfig
from dbsbm.sandbox.discord.default_world import AMIRA, BOT, MAYA

from .raw_bot import GUILD_MESSAGES, GUILDS, PING, TOKEN, RawBot


@pytest.fixture
def club(standin):
    return next(iter(standin.core.world.guilds.values()))


@pytest.fixture
def channels(club):
    return {c.name: f"/channels/{c.id}/messages" for c in club.channels.values()}


async def test_a_wrong_token_is_unauthorized(standin):
    expected = (401, {"message": "401: Unauthorized", "code": 0})
    headers = {"Authorization": "Bot wrong"}
    async with RawBot(standin) as bot:
        assert await bot.rest("GET", "/users/@me", headers=headers) == expected
        assert (await bot.rest("GET", "/users/@me"))[1]["id"] == BOT.id


async def test_an_unknown_route_and_a_wrong_method_answer_in_json(bot):
    assert (await bot.rest("GET", "/nothing/here"))[1]["message"] == "404: Not Found"
    assert (await bot.rest("DELETE", "/users/@me"))[0] == 405


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/channels/1", 10003),
        ("/guilds/1", 10004),
        ("/guilds/{guild}/members/1", 10007),
        ("/guilds/{guild}/roles/1", 10011),
        ("/users/1", 10013),
        ("/channels/{channel}/messages/1", 10008),
        ("/applications/{app}/commands/1", 10063),
    ],
)
async def test_what_does_not_exist_has_its_own_code(bot, club, path, code):
    places = {"guild": club.id, "channel": next(iter(club.channels)), "app": BOT.id}

    status, body = await bot.rest("GET", path.format(**places))

    assert (status, body["code"]) == (404, code)


async def test_guilds_roles_members_and_channels_can_be_read(bot, club):
    root = f"/guilds/{club.id}"

    _, guild = await bot.rest("GET", root, params={"with_counts": "true"})
    _, roles = await bot.rest("GET", f"{root}/roles")
    _, member = await bot.rest("GET", f"{root}/members/{MAYA.id}")
    _, listed = await bot.rest("GET", f"{root}/channels")
    _, found = await bot.rest("GET", f"{root}/members/search", params={"query": "may"})

    assert guild["approximate_member_count"] == len(club.members)
    assert {r["name"] for r in roles} >= {"@everyone", "Commissioner"}
    assert member["user"]["username"] == "maya.okafor"
    assert [c["name"] for c in listed][:2] == ["betting-floor", "slips"]
    assert [m["user"]["id"] for m in found] == [MAYA.id]


async def test_listing_all_members_needs_the_privileged_intent(bot, club):
    status, body = await bot.rest("GET", f"/guilds/{club.id}/members")

    assert (status, body["code"]) == (403, 50001)


async def test_messages_are_sent_read_edited_and_deleted(bot, channels):
    path = channels["slips"]
    _, sent = await bot.rest("POST", path, json={"content": f"Hi <@{MAYA.id}>"})

    _, read = await bot.rest("GET", f"{path}/{sent['id']}")
    _, edited = await bot.rest("PATCH", f"{path}/{sent['id']}", json={"content": "Hello"})
    deleted = await bot.rest("DELETE", f"{path}/{sent['id']}")
    gone = await bot.rest("PATCH", f"{path}/{sent['id']}", json={"content": "x"})

    assert read == sent
    assert [u["id"] for u in sent["mentions"]] == [MAYA.id]
    assert (edited["content"], edited["mentions"]) == ("Hello", [])
    assert edited["edited_timestamp"] is not None
    assert deleted == (204, None)
    assert gone[1]["code"] == 10008


async def test_messages_are_paged_newest_first(bot, channels):
    path = channels["slips"]
    sent = [(await bot.rest("POST", path, json={"content": str(n)}))[1] for n in range(5)]

    async def texts(**query):
        return [m["content"] for m in (await bot.rest("GET", path, params=query))[1]]

    assert await texts() == ["4", "3", "2", "1", "0"]
    assert await texts(limit=2) == ["4", "3"]
    assert await texts(limit=2, before=sent[3]["id"]) == ["2", "1"]
    assert await texts(limit=2, after=sent[0]["id"]) == ["2", "1"]


async def test_allowed_mentions_keep_people_from_being_pinged(bot, channels):
    body = {"content": f"<@{MAYA.id}> <@{AMIRA.id}> @everyone"}

    _, silent = await bot.rest(
        "POST", channels["slips"], json={**body, "allowed_mentions": {"parse": []}}
    )
    allowed = {"users": [AMIRA.id]}
    _, one = await bot.rest("POST", channels["slips"], json={**body, "allowed_mentions": allowed})

    assert (silent["mentions"], silent["mention_everyone"]) == ([], False)
    assert [u["id"] for u in one["mentions"]] == [AMIRA.id]


async def test_a_reply_refers_to_its_message_and_to_an_unknown_one_is_refused(bot, channels):
    path = channels["slips"]
    _, first = await bot.rest("POST", path, json={"content": "a"})
    reference = {"message_id": first["id"]}

    _, reply = await bot.rest("POST", path, json={"content": "b", "message_reference": reference})
    missing = {"content": "c", "message_reference": {"message_id": "1"}}
    status, body = await bot.rest("POST", path, json=missing)

    assert (reply["type"], reply["message_reference"]["message_id"]) == (19, first["id"])
    assert (status, body["code"]) == (400, 50035)


async def test_an_enforced_nonce_returns_the_first_message(bot, channels):
    body = {"content": "paid once", "nonce": "bet-7", "enforce_nonce": True}

    _, first = await bot.rest("POST", channels["slips"], json=body)
    _, again = await bot.rest("POST", channels["slips"], json={**body, "content": "again"})
    _, loose = await bot.rest("POST", channels["slips"], json={**body, "enforce_nonce": False})

    assert again == first
    assert loose["id"] != first["id"]


async def test_a_nonce_is_forgotten_after_some_minutes():
    now = [1_800_000_000.0]
    async with DiscordStandin(TOKEN, wall=lambda: now[0]) as standin, RawBot(standin) as bot:
        channel = next(iter(next(iter(standin.core.world.guilds.values())).channels))
        path, body = (
            f"/channels/{channel}/messages",
            {"content": "x", "nonce": 7, "enforce_nonce": True},
        )
        _, first = await bot.rest("POST", path, json=body)
        now[0] += 299
        _, same = await bot.rest("POST", path, json=body)
        now[0] += 2
        _, new = await bot.rest("POST", path, json=body)

    assert first["id"] == same["id"] != new["id"]


@pytest.mark.parametrize(("channel", "code"), [("staff-room", 50001), ("announcements", 50013)])
async def test_missing_access_and_missing_permissions_differ(bot, channels, channel, code):
    status, body = await bot.rest("POST", channels[channel], json={"content": "x"})

    assert (status, body["code"]) == (403, code)


async def test_another_authors_message_cannot_be_edited_but_moderated(bot, channels):
    _, message = await bot.control("POST", "/messages", json={"content": "mine"})
    path = f"{channels['betting-floor']}/{message['id']}"

    status, body = await bot.rest("PATCH", path, json={"content": "yours"})

    assert (status, body["code"]) == (403, 50005)
    assert await bot.rest("DELETE", path) == (204, None)


async def test_members_close_their_direct_messages(bot):
    body = {"recipient_id": MAYA.id}

    assert (await bot.rest("POST", "/users/@me/channels", json=body))[1]["code"] == 50007


async def test_message_events_go_to_sessions_that_asked_without_others_content(standin, channels):
    async with RawBot(standin) as bot:
        await bot.identify(GUILDS | GUILD_MESSAGES)
        await bot.rest("POST", channels["slips"], json={"content": "own words"})
        own = await bot.event("MESSAGE_CREATE")
        await bot.control("POST", "/messages", json={"content": "private words"})
        others = await bot.event("MESSAGE_CREATE")
        await bot.control("POST", "/messages", json={"content": f"hey <@{BOT.id}>"})
        mentioned = await bot.event("MESSAGE_CREATE")

    assert own["content"] == "own words"
    assert (others["content"], others["author"]["id"]) == ("", MAYA.id)
    assert mentioned["content"] == f"hey <@{BOT.id}>"
    assert "roles" in others["member"]


async def test_a_malformed_body_is_refused(bot, channels):
    headers = {"Content-Type": "application/json"}

    status, body = await bot.rest("POST", channels["slips"], data=b"{nonsense", headers=headers)

    assert (status, body["code"]) == (400, 50109)


# Commands


async def test_commands_keep_their_id_and_change_their_version_only_with_their_content(bot):
    [first] = await bot.register(PING)
    [same] = await bot.register(PING)
    [changed] = await bot.register({**PING, "description": "Say something else"})

    assert same == first
    assert (changed["id"], changed["version"] != first["version"]) == (first["id"], True)


async def test_commands_are_created_changed_and_deleted_one_by_one(bot):
    root = f"/applications/{BOT.id}/commands"
    created = await bot.rest("POST", root, json={"name": "roll", "description": "Roll"})
    again = await bot.rest("POST", root, json={"name": "roll", "description": "Roll a die"})
    path = f"{root}/{created[1]['id']}"

    _, changed = await bot.rest("PATCH", path, json={"default_member_permissions": "32"})
    deleted = await bot.rest("DELETE", path)

    assert (created[0], again[0]) == (201, 200)
    assert again[1]["id"] == created[1]["id"]
    assert (changed["description"], changed["default_member_permissions"]) == ("Roll a die", "32")
    assert deleted == (204, None)
    assert (await bot.rest("GET", path))[1]["code"] == 10063


async def test_a_guild_command_is_offered_in_its_guild_only(bot, club):
    await bot.register({"name": "local", "description": "Here only"}, guild=club.id)

    async def names(guild):
        _, found = await bot.control("GET", "/commands", params={"guild": guild})
        return {c["name"] for c in found}

    assert await names("Sunday Parlay Club") == {"ping", "local"}
    assert await names("Northside Hockey") == {"ping"}


async def test_commands_of_another_application_are_refused(bot):
    status, body = await bot.rest("PUT", "/applications/1/commands", json=[])

    assert (status, body["code"]) == (403, 20012)


async def test_a_command_only_for_admins_is_refused_to_a_manager(bot):
    await bot.register({**PING, "default_member_permissions": "0"})
    body = {"command": "ping", "member": "tomas.rivera"}

    assert (await bot.control("POST", "/interactions", json=body))[0] == 403
    await bot.interaction(member="maya.okafor")


# Rate limits and faults


async def test_the_sixth_message_in_five_seconds_is_refused_and_says_when_to_retry(bot, channels):
    async def post(channel):
        url = bot.standin.api_url + channels[channel]
        async with bot.http.post(url, json={"content": "x"}) as response:
            return response.status, response.headers, await response.json()

    first, *_, sixth = [await post("slips") for _ in range(6)]
    elsewhere = await post("betting-floor")

    assert (first[0], first[1]["X-RateLimit-Limit"]) == (200, "5")
    assert first[1]["X-RateLimit-Remaining"] == "4"
    assert float(first[1]["X-RateLimit-Reset-After"]) <= 5
    assert sixth[0] == 429
    assert sixth[1]["Via"]
    assert sixth[1]["X-RateLimit-Scope"] == "user"
    assert sixth[2]["global"] is False
    assert 0 < sixth[2]["retry_after"] <= 5
    assert elsewhere[0] == 200
    assert elsewhere[1]["X-RateLimit-Bucket"] == first[1]["X-RateLimit-Bucket"]


async def test_the_limit_over_all_routes_leaves_interactions_alone():
    limits = RateLimits(everything=Limit(5, 60))
    config = StandinConfig(rate_limits=limits)
    async with DiscordStandin(TOKEN, config=config) as standin, RawBot(standin) as bot:
        await bot.register(PING)
        await bot.identify()
        event = await bot.interaction()
        statuses = [(await bot.rest("GET", "/users/@me"))[0] for _ in range(5)]
        _, refused = await bot.rest("GET", "/users/@me")
        answered = await bot.answer(event, 5)
        edited = await bot.rest(
            "PATCH", bot.webhook(event, "/messages/@original"), json={"content": "still"}
        )

    assert statuses == [200] * 4 + [429]
    assert refused["global"] is True
    assert (answered[0], edited[0]) == (204, 200)


async def test_limits_can_be_lifted_while_running(bot, channels):
    await bot.control("PUT", "/rate-limits", json={"enabled": False})

    statuses = [
        (await bot.rest("POST", channels["slips"], json={"content": "x"}))[0] for _ in range(8)
    ]

    assert statuses == [200] * 8
    status, body = await bot.control("PUT", "/rate-limits", json={"everythin": {}})
    assert (status, body["message"]) == (400, "There is no limit 'everythin'.")


async def test_an_injected_status_hits_as_often_as_asked(bot):
    fault = {"route": "/users/*", "status": 503, "count": 2}
    await bot.control("POST", "/faults", json=fault)

    statuses = [(await bot.rest("GET", "/users/@me"))[0] for _ in range(3)]

    assert statuses == [503, 503, 200]


async def test_an_answer_lost_after_the_work_leaves_its_effect(bot, channels):
    await bot.control("POST", "/faults", json={"method": "POST", "drop": "after"})
    body = {"content": "sent", "nonce": "n", "enforce_nonce": True}

    with pytest.raises(aiohttp.ClientError):
        await bot.rest("POST", channels["slips"], json=body)
    _, retried = await bot.rest("POST", channels["slips"], json=body)
    _, listed = await bot.rest("GET", channels["slips"])

    assert [m["id"] for m in listed] == [retried["id"]]


async def test_a_connection_dropped_before_the_work_leaves_nothing(bot, channels):
    await bot.control("POST", "/faults", json={"method": "POST", "drop": "before"})

    with pytest.raises(aiohttp.ClientError):
        await bot.rest("POST", channels["slips"], json={"content": "lost"})

    assert (await bot.rest("GET", channels["slips"]))[1] == []


@pytest.mark.parametrize("fault", [{}, {"statsu": 500}, {"status": 200}, {"drop": "maybe"}])
async def test_a_fault_that_makes_no_sense_is_refused(bot, fault):
    assert (await bot.control("POST", "/faults", json=fault))[0] == 400
    assert (await bot.control("GET", "/faults"))[1] == []


# The control API's own door


async def test_other_web_pages_cannot_act_through_a_visitors_browser(bot):
    plain = {"data": '{"content":"x"}', "headers": {"Content-Type": "text/plain"}}
    rebound = {"headers": {"Host": "evil.example"}}

    assert (await bot.control("POST", "/messages", **plain))[0] == 415
    assert (await bot.control("GET", "/state", **rebound))[0] == 403


async def test_stats_count_what_happened(bot):
    event = await bot.interaction()
    await bot.answer(event, 4, {"content": "x"})

    _, stats = await bot.control("GET", "/stats")

    assert stats["events"]["dispatched"] == 1
    assert stats["gateway"]["connected"] == 1
    assert stats["ack_ms"]["count"] == 1
    assert stats["requests"]["POST /interactions/{interaction_id}/{token}/callback"] == 1
