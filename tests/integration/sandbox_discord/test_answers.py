"""First answers and the webhook of an interaction, seen as bare HTTP."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from dbsbm.sandbox.discord.app import DiscordStandin
from dbsbm.sandbox.discord.config import StandinConfig

from .raw_bot import PING, TOKEN, RawBot

MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = range(4, 10)
UNKNOWN_INTERACTION = (404, {"message": "Unknown interaction", "code": 10062})
INVALID_TOKEN = (401, {"message": "Invalid Webhook Token", "code": 50027})
UNKNOWN_MESSAGE = (404, {"message": "Unknown Message", "code": 10008})
BUTTON = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "go"}]}


async def test_an_interaction_carries_what_clients_need(bot):
    event = await bot.interaction()

    assert event["type"] == 2
    assert event["data"]["name"] == "ping"
    assert event["attachment_size_limit"] == 10 * 1024 * 1024
    assert event["member"]["user"]["global_name"] == "Maya Okafor"
    assert int(event["member"]["permissions"]) & 8, "an owner has every permission"
    assert not int(event["app_permissions"]) & 8


async def test_an_answer_without_response_is_204_and_with_it_the_message(bot):
    silent = await bot.answer(await bot.interaction(), MESSAGE, {"content": "a"})
    event = await bot.interaction()
    status, body = await bot.answer(
        event, MESSAGE, {"content": "b"}, params={"with_response": "true"}
    )

    assert silent == (204, None)
    assert status == 200
    assert body["interaction"]["id"] == event["id"]
    assert body["interaction"]["response_message_loading"] is False
    assert body["resource"]["message"]["content"] == "b"
    assert body["resource"]["message"]["interaction_metadata"]["id"] == event["id"]


async def test_json_answers_have_a_bare_content_type(bot):
    async with bot.http.get(f"{bot.standin.api_url}/users/@me") as response:
        assert response.headers["Content-Type"] == "application/json"


async def test_a_second_answer_is_refused_with_40060(bot):
    event = await bot.interaction()
    await bot.answer(event, DEFER)

    refused = await bot.answer(event, MESSAGE, {"content": "again"})

    expected = {"message": "Interaction has already been acknowledged.", "code": 40060}
    assert refused == (400, expected)


async def test_an_answer_after_the_deadline_is_refused_with_10062(bot):
    event = await bot.interaction()
    await bot.control("GET", f"/interactions/{event['id']}/wait?for=failure")

    assert await bot.answer(event, DEFER) == UNKNOWN_INTERACTION
    assert (await bot.rest("PATCH", bot.webhook(event, "/messages/@original"), json={}))[0] == 404


async def test_an_answer_with_a_wrong_token_is_an_unknown_interaction(bot):
    event = await bot.interaction()

    assert await bot.answer({**event, "token": "wrong"}, DEFER) == UNKNOWN_INTERACTION
    assert await bot.answer({**event, "id": "1"}, DEFER) == UNKNOWN_INTERACTION


async def test_the_webhook_is_unknown_before_the_first_answer(bot):
    event = await bot.interaction()

    status, body = await bot.rest("POST", bot.webhook(event), json={"content": "early"})

    assert (status, body["code"]) == (404, 10015)


async def test_a_webhook_of_another_application_is_unknown(bot):
    event = await bot.interaction()
    await bot.answer(event, DEFER)

    status, body = await bot.rest("POST", f"/webhooks/1/{event['token']}", json={"content": "x"})

    assert (status, body["code"]) == (404, 10015)


async def test_a_token_past_its_life_is_invalid_everywhere():
    now = [1_800_000_000.0]
    config = StandinConfig(token_seconds=900)
    async with (
        DiscordStandin(TOKEN, config=config, wall=lambda: now[0]) as standin,
        RawBot(standin) as bot,
    ):
        await bot.register(PING)
        await bot.identify()
        event = await bot.interaction()
        await bot.answer(event, DEFER)
        original = bot.webhook(event, "/messages/@original")

        now[0] += 899
        in_time = await bot.rest("PATCH", original, json={"content": "in time"})
        now[0] += 1
        edit = await bot.rest("PATCH", original, json={"content": "too late"})
        followup = await bot.rest("POST", bot.webhook(event), json={"content": "too late"})

    assert in_time[0] == 200
    assert edit == followup == INVALID_TOKEN


async def test_the_first_followup_takes_the_place_of_a_deferred_answer(bot):
    event = await bot.interaction()
    await bot.answer(event, DEFER, {"flags": 64})

    _, first = await bot.rest("POST", bot.webhook(event), json={"content": "one"})
    _, second = await bot.rest("POST", bot.webhook(event), json={"content": "two", "flags": 0})
    _, original = await bot.rest("GET", bot.webhook(event, "/messages/@original"))

    assert first["id"] == original["id"] != second["id"]
    assert (first["flags"], second["flags"]) == (64, 0), "the defer's flag is final"
    assert second["message_reference"]["message_id"] == first["id"]


async def test_a_deferred_answer_loads_until_it_is_edited(bot):
    event = await bot.interaction()
    await bot.answer(event, DEFER)
    original = bot.webhook(event, "/messages/@original")

    _, loading = await bot.rest("GET", original)
    _, filled = await bot.rest("PATCH", original, json={"content": "done"})
    _, edited = await bot.rest("PATCH", original, json={"content": "done again"})

    assert (loading["flags"], filled["flags"]) == (128, 0)
    assert filled["edited_timestamp"] is None
    assert edited["edited_timestamp"] is not None


async def test_deleted_answers_are_unknown_messages(bot):
    event = await bot.interaction()
    await bot.answer(event, MESSAGE, {"content": "a"})
    _, extra = await bot.rest("POST", bot.webhook(event), json={"content": "b"})
    path = bot.webhook(event, f"/messages/{extra['id']}")
    original = bot.webhook(event, "/messages/@original")

    assert await bot.rest("DELETE", path) == (204, None)
    assert await bot.rest("GET", path) == UNKNOWN_MESSAGE
    assert await bot.rest("DELETE", original) == (204, None)
    assert await bot.rest("PATCH", original, json={"content": "x"}) == UNKNOWN_MESSAGE


async def test_only_messages_of_the_interaction_are_reached_through_its_webhook(bot):
    first, second = await bot.interaction(), await bot.interaction()
    await bot.answer(first, MESSAGE, {"content": "mine"})
    await bot.answer(second, MESSAGE, {"content": "other"})
    _, other = await bot.rest("GET", bot.webhook(second, "/messages/@original"))

    path = bot.webhook(first, f"/messages/{other['id']}")
    assert await bot.rest("GET", path) == UNKNOWN_MESSAGE


async def test_choices_only_answer_autocomplete_and_nothing_else_does(bot):
    event = await bot.interaction()

    status, body = await bot.answer(event, CHOICES, {"choices": []})
    update = await bot.answer(event, UPDATE, {"content": "no message to update"})
    unheard = await bot.answer(event, 77)

    assert (status, body["code"]) == (400, 50035)
    assert update[0] == unheard[0] == 400
    assert await bot.answer(event, MESSAGE, {"content": "still free"}) == (204, None)


async def test_25_choices_are_taken_and_26_refused(standin):
    option = {"type": 3, "name": "team", "description": "Team", "autocomplete": True}
    choices = [{"name": f"Team {n}", "value": str(n)} for n in range(26)]
    async with RawBot(standin) as bot:
        await bot.register({"name": "bet", "description": "Bet", "options": [option]})
        await bot.identify()
        body = {"command": "bet", "option": "team", "value": "x"}
        asked = asyncio.create_task(bot.control("POST", "/autocomplete", json=body))
        event = await bot.event("INTERACTION_CREATE")

        too_many = await bot.answer(event, CHOICES, {"choices": choices})
        enough = await bot.answer(event, CHOICES, {"choices": choices[:25]})
        _, suggested = await asked

    focused = {"name": "team", "type": 3, "value": "x", "focused": True}
    assert (event["type"], event["data"]["options"]) == (4, [focused])
    assert (too_many[0], enough[0]) == (400, 204)
    assert suggested["choices"] == choices[:25]


async def test_files_come_as_multipart_and_are_served_back(bot):
    event = await bot.interaction()
    await bot.answer(event, DEFER)
    attachments = [{"id": 0, "description": "A slip", "filename": "my slip.txt"}]
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps({"content": "here", "attachments": attachments}))
    form.add_field("files[0]", b"won 3 units", filename="ignored.txt", content_type="text/plain")

    _, message = await bot.rest("PATCH", bot.webhook(event, "/messages/@original"), data=form)

    [file] = message["attachments"]
    assert (file["filename"], file["description"], file["size"]) == ("my_slip.txt", "A slip", 11)
    async with bot.http.get(file["url"]) as response:
        assert await response.read() == b"won 3 units"
        assert response.headers["Content-Disposition"] == "attachment"


async def test_an_edit_keeps_the_attachments_it_lists_and_drops_the_others(bot):
    event = await bot.interaction()
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps({"type": MESSAGE, "data": {"content": "two"}}))
    for number in range(2):
        form.add_field(f"files[{number}]", b"x", filename=f"{number}.txt")
    path = f"/interactions/{event['id']}/{event['token']}/callback"
    assert await bot.rest("POST", path, data=form) == (204, None)
    original = bot.webhook(event, "/messages/@original")
    _, before = await bot.rest("GET", original)
    keep = before["attachments"][1]["id"]

    _, same = await bot.rest("PATCH", original, json={"content": "text only"})
    _, fewer = await bot.rest("PATCH", original, json={"attachments": [{"id": keep}]})

    assert [a["filename"] for a in same["attachments"]] == ["0.txt", "1.txt"]
    assert [a["filename"] for a in fewer["attachments"]] == ["1.txt"]


async def test_a_file_beyond_the_limit_is_refused_with_413():
    config = StandinConfig(upload_bytes=100)
    async with DiscordStandin(TOKEN, config=config) as standin, RawBot(standin) as bot:
        await bot.register(PING)
        await bot.identify()
        event = await bot.interaction()
        await bot.answer(event, DEFER)
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("files[0]", b"x" * 101, filename="big.bin")

        status, body = await bot.rest("POST", bot.webhook(event), data=form)

    assert (status, body["code"]) == (413, 40005)


async def test_a_refused_answer_leaves_the_interaction_unanswered(bot):
    event = await bot.interaction()

    status, body = await bot.answer(event, MESSAGE, {"content": "x" * 2_001})

    assert status == 400
    assert body["errors"]["data"]["content"]["_errors"] == [
        {"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}
    ]
    assert await bot.answer(event, MESSAGE, {"content": "x" * 2_000}) == (204, None)


async def test_a_failed_edit_leaves_the_message_as_it_was(bot):
    event = await bot.interaction()
    await bot.answer(event, MESSAGE, {"content": "kept"})
    original = bot.webhook(event, "/messages/@original")

    status, body = await bot.rest("PATCH", original, json={"content": ""})

    assert (status, body["code"]) == (400, 50006)
    assert (await bot.rest("GET", original))[1]["content"] == "kept"


async def test_a_modal_cannot_follow_a_modal(bot):
    text_input = {"type": 4, "custom_id": "t", "style": 1, "label": "T"}
    modal = {
        "custom_id": "m",
        "title": "M",
        "components": [{"type": 1, "components": [text_input]}],
    }
    event = await bot.interaction()
    assert await bot.answer(event, MODAL, modal) == (204, None)
    body = {"interaction_id": event["id"], "values": {"t": "hello"}}
    await bot.control("POST", "/modals", json=body)
    submitted = await bot.event("INTERACTION_CREATE")

    row = submitted["data"]["components"][0]
    assert row["components"][0]["value"] == "hello"
    assert (await bot.answer(submitted, MODAL, modal))[0] == 400


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"disabled": True}, "disabled"),
        ({"style": 5, "custom_id": None, "url": "https://example.com"}, "no component"),
    ],
)
async def test_a_button_that_cannot_be_pressed_sends_nothing(bot, change, reason):
    button = {k: v for k, v in {**BUTTON["components"][0], **change}.items() if v is not None}
    event = await bot.interaction()
    answer = {"content": "x", "components": [{"type": 1, "components": [button]}]}
    await bot.answer(event, MESSAGE, answer)
    _, message = await bot.rest("GET", bot.webhook(event, "/messages/@original"))

    body = {"message_id": message["id"], "custom_id": "go"}
    status, refused = await bot.control("POST", "/components", json=body)

    assert status in (400, 404)
    assert reason in refused["message"]


async def test_an_ephemeral_message_is_unknown_to_the_channel_and_to_others(bot):
    event = await bot.interaction()
    await bot.answer(event, MESSAGE, {"content": "x", "flags": 64, "components": [BUTTON]})
    _, message = await bot.rest("GET", bot.webhook(event, "/messages/@original"))
    path = f"/channels/{message['channel_id']}/messages/{message['id']}"

    body = {"message_id": message["id"], "custom_id": "go", "member": "dev.patel"}
    status, refused = await bot.control("POST", "/components", json=body)

    assert await bot.rest("GET", path) == UNKNOWN_MESSAGE
    assert (status, refused["message"]) == (403, "Dev (parlay king) cannot see that message.")
