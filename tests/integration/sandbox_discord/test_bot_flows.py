"""An unmodified discord.py bot in another process, driven through the stand-in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from dbsbm.sandbox.discord.client import Place, StandinClient, StandinError

BET = {"team": "Bruins", "stake": 3}
CLUB, HOCKEY = "Sunday Parlay Club", "Northside Hockey"
ADMIN, ORDINARY = Place(member="Maya Okafor"), Place(member="أميرة حداد")

pytestmark = pytest.mark.usefixtures("discord_bot")


def _channel(client: StandinClient, name: str, guild: str = CLUB) -> str:
    found = next(g for g in client.state()["guilds"] if g["name"] == guild)
    return next(c["id"] for c in found["channels"] if c["name"] == name)


def test_autocomplete_suggests_what_the_bot_answers(served):
    found = served.autocomplete("bet place", "team", "ca")

    assert found.names == ["Canucks", "Capitals"]
    assert found.error is None


def test_autocomplete_that_comes_too_late_fails(served):
    found = served.autocomplete("bet place", "team", "wait")

    assert found.choices == []
    assert found.error == "The application did not respond"


def test_a_deferred_command_ends_in_an_edit_with_embed_picture_and_button(served):
    state = served.ask("bet place", {**BET, "friend": "田中 ゆき"})

    assert state.ack.kind == "deferred_message"
    assert [step["message"]["flags"] for step in state.history] == [128, 0]
    assert state.edits == 1
    assert state.original.embeds[0]["fields"][0]["value"] == "田中 ゆき"
    [picture] = state.original.files
    assert (picture.width, picture.height) == (1, 1)
    assert state.original.embeds[0]["image"]["url"] == picture.url
    assert state.original.raw["attachments"] == [], "an embedded file is not shown twice"
    assert served.download(picture.path).startswith(b"\x89PNG")


def test_a_dynamic_item_answers_the_member_who_pressed_it_alone(served):
    slip = served.ask("bet place", BET).original
    presser = Place(member="Олена Коваль")

    answer = served.wait(served.click(slip.id, "slip:7:tail", presser))

    assert slip.custom_ids() == ["slip:7:tail"]
    assert answer.original.content == "Олена Коваль tails bet 7"
    assert answer.ack.ephemeral
    channel = _channel(served, "betting-floor")
    seen_by = {m.id for m in served.messages(channel, answer.raw["member_id"])}
    unseen_by = {m.id for m in served.messages(channel, "1320000000000000012")}
    assert answer.original.id in seen_by - unseen_by


def test_a_button_opens_a_modal_and_its_submission_is_answered(served):
    panel = served.ask("panel").original
    opened = served.click(panel.id, "panel:note")
    modal = served.wait(opened).modal
    field = modal["components"][0]["component"]["custom_id"]

    with pytest.raises(StandinError, match="too short or too long"):
        served.submit_modal(opened, {field: "x" * 41})
    answer = served.wait(served.submit_modal(opened, {field: "hello"}))

    assert modal["title"] == "Leave a note"
    assert answer.original.content == "noted: hello"


def test_a_button_may_edit_its_own_message_and_a_menu_after_a_defer_too(served):
    panel = served.ask("panel").original

    pressed = served.wait(served.click(panel.id, "panel:count"))
    chosen = served.wait(served.click(panel.id, "panel:sport", values=["nhl"]))

    assert (pressed.ack.kind, pressed.original.id) == ("update", panel.id)
    assert pressed.original.content == "counted"
    assert chosen.ack.kind == "deferred_update"
    assert chosen.original.content == "sport: nhl"
    with pytest.raises(StandinError, match="not on offer"):
        served.click(panel.id, "panel:sport", values=["curling"])


def test_a_layout_view_shows_its_uploaded_picture(served):
    card = served.ask("card").original

    container = card.components[0]
    picture = container["components"][1]["items"][0]["media"]
    assert card.raw["flags"] == 1 << 15
    assert picture["url"] == card.files[0].url
    assert (picture["width"], picture["height"]) == (1, 1)


def test_a_followup_may_be_ephemeral_beside_a_public_answer(served):
    state = served.wait(served.run("slip", {"text": "hi"}), "followups")

    assert state.original.visible_to is None
    assert state.followups[0].visible_to == state.raw["member_id"]
    assert state.followups[0].content == "and one more thing"


def test_an_answer_after_the_deadline_fails_for_the_member_and_with_10062_for_the_bot(
    served, discord_bot
):
    started = served.run("slow")

    failed = served.wait(started)
    late = served.wait(started, "late")

    assert failed.error == "The application did not respond"
    assert (late.late_answers, late.original) == (1, None)
    assert discord_bot.stdout.readline() == "late 10062\n"


def test_the_bot_waits_out_a_429_and_its_answer_still_arrives(served):
    served.add_fault(method="PATCH", route="*/messages/@original", status=429, retry_after=0.3)
    before = served.stats()["statuses"].get("429", 0)

    state = served.ask("bet place", BET)

    assert state.original.embeds[0]["title"] == "Bruins"
    assert served.stats()["statuses"]["429"] == before + 1
    assert served.faults() == []


def test_six_messages_at_once_stay_within_five_in_five_seconds(served):
    served.set_rate_limits(create_message={"requests": 5, "seconds": 0.5})
    channel = _channel(served, "slips")

    state = served.ask("post", {"channel": "slips", "times": 6})

    posts = [m.content for m in served.wait_for_messages(channel, count=6)]
    assert state.original.content == "posted"
    assert posts[:6] == [f"post {n}" for n in range(6)]
    served.set_rate_limits(create_message={"requests": 5, "seconds": 5})


def test_a_lost_socket_is_resumed_and_what_was_missed_is_replayed(served, discord_bot):
    assert served.gateway("drop") == 1
    started = served.run("slip", {"text": "while you were away"})

    state = served.wait(started)

    assert state.original.content == "while you were away"
    assert discord_bot.stdout.readline() == "resumed\n"
    assert served.stats()["gateway"]["identified"] == 1


def test_a_reconnect_request_is_followed_and_the_session_kept(served, discord_bot):
    assert served.gateway("reconnect") == 1

    assert discord_bot.stdout.readline() == "resumed\n"
    assert served.ask("slip", {"text": "back"}).original.content == "back"


def test_default_permissions_hide_a_command_and_refuse_it(served):
    offered = {c["name"] for c in served.commands(ORDINARY)}

    with pytest.raises(StandinError, match="do not have permission") as refused:
        served.run("manage", at=ORDINARY)

    assert refused.value.status == 403
    assert "manage" not in offered
    assert "manage" in {c["name"] for c in served.commands(Place(member="Tomás Rivera"))}


def test_the_bot_sees_the_rights_a_member_really_has(served):
    by_admin = served.ask("manage", at=ADMIN).original.content
    by_manager = served.ask("manage", at=Place(member="Tomás Rivera")).original.content

    assert by_admin == "administrator: True"
    assert by_manager == "administrator: False"


def test_one_person_has_another_name_and_other_rights_in_another_guild(served):
    at_home = served.ask("whoami", at=Place(CLUB, "slips", "maya.okafor")).original.content
    away = served.ask("whoami", at=Place(HOCKEY, "game-night", "maya.okafor")).original.content

    assert at_home == f"{CLUB} | slips | Maya Okafor | Commissioner | admin=True | en-US"
    assert away == f"{HOCKEY} | game-night | Maya from the Club |  | admin=False | en-US"


def test_a_channel_the_bot_cannot_see_answers_50001(served):
    state = served.ask("post", {"channel": "staff-room"}, ADMIN)

    assert state.original.content == "refused 50001"


def test_a_channel_the_bot_may_not_write_in_answers_50013(served):
    state = served.ask("post", {"channel": "announcements"}, ADMIN)

    assert state.original.content == "refused 50013"


def test_an_expired_token_is_refused_and_the_bot_can_fall_back_to_the_channel(served):
    newest = served.messages(_channel(served, "betting-floor"))[-1].id
    started = served.run("after_expiry", {"seconds": 0.2})
    served.wait(started, "ack")
    served.expire(started)

    found = served.wait_for_messages(_channel(served, "betting-floor"), after=newest)

    assert found[0].content == "fallback 401 50027"


def test_many_interactions_at_once_are_each_answered_once(served):
    with ThreadPoolExecutor(20) as threads:
        texts = [f"number {n}" for n in range(100)]
        states = list(threads.map(lambda text: served.ask("slip", {"text": text}), texts))

    assert [state.original.content for state in states] == texts
    assert all(state.edits == 1 for state in states)


def test_without_a_bot_a_command_fails_after_the_deadline(served, discord_bot):
    discord_bot.terminate()
    discord_bot.wait(10)

    state = served.ask("slip", {"text": "anyone?"})

    assert state.error == "The application did not respond"
    assert state.raw["sessions"] == 0
