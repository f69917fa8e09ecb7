"""What people read of an incident, and that Discord takes it whatever is in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.delivery.incidents import wording
from dbsbm.delivery.incidents.clipping import clip, length
from dbsbm.delivery.incidents.message import AMBER, BLUE, GREEN, RED, Style, body, shows
from dbsbm.sandbox.discord.components import check_components
from dbsbm.sandbox.discord.embeds import check_embeds
from dbsbm.sandbox.discord.errors import FormErrors
from dbsbm.slips.graphemes import clusters
from tests.unit.delivery.an_incident import BEGAN, a_silence, an_incident, over

ROLE = Style(page_role_id=77)
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


def embed(message: dict[str, Any]) -> dict[str, Any]:
    (found,) = message["embeds"]
    return found  # type: ignore[no-any-return]


def field(message: dict[str, Any], name: str) -> str:
    (value,) = [each["value"] for each in embed(message)["fields"] if each["name"] == name]
    return str(value)


def test_the_effect_comes_first_then_how_bad_and_since_when() -> None:
    shown = embed(body(an_incident(), Style()))
    began = int(BEGAN.timestamp())
    assert shown["title"] == "Commands answer late: the database takes longer than a second."
    assert shown["description"] == (
        f"**Page, firing** since <t:{began}:R>\n**2.5 s** now, 4.25 s at worst, limit 1 s"
    )


def test_the_evidence_names_the_largest_parts_and_what_was_changed_before() -> None:
    message = body(an_incident(), Style())
    assert field(message, "Largest parts") == "**62%** `SELECT * FROM bets WHERE guild_id = ?`"
    assert field(message, "Changed shortly before") == (
        "<t:1772365800:t> **deploy** Release 2 replaced 1."
    )


def test_that_nothing_was_changed_is_said_too() -> None:
    message = body(an_incident(evidence={}), Style())
    assert field(message, "Changed shortly before") == "Nothing that the fleet knows of."


def test_what_is_over_says_for_how_long_it_was_and_how_bad() -> None:
    message = body(over(), ROLE)
    shown = embed(message)
    assert shown["description"].startswith("**Resolved** <t:")
    assert "lasted **12 min 30 s**, **4.25 s** at worst, limit 1 s" in shown["description"]
    assert (shown["color"], message["components"]) == (GREEN, [])


def test_why_it_is_over_is_said_where_it_is_not_well_again() -> None:
    shown = embed(body(over(resolution="no data"), Style()))
    assert "nothing is measured any more" in shown["description"]


@pytest.mark.parametrize(
    ("severity", "word", "colour"),
    [("page", "Page", RED), ("warn", "Warning", AMBER), ("info", "Info", BLUE)],
)
def test_a_severity_is_a_colour_and_a_word(severity: str, word: str, colour: int) -> None:
    shown = embed(body(an_incident(severity=severity), Style()))
    assert shown["color"] == colour
    assert f"**{word}, firing**" in shown["description"]


def test_a_page_mentions_its_role_and_nobody_else() -> None:
    message = body(an_incident(), ROLE)
    assert message["content"] == "<@&77>"
    assert message["allowed_mentions"] == {"parse": [], "roles": ["77"]}


@pytest.mark.parametrize(
    "incident", [an_incident(severity="warn"), an_incident(severity="info"), over()]
)
def test_nothing_else_mentions_anybody(incident: Any) -> None:
    message = body(incident, ROLE)
    assert message["content"] == ""
    assert message["allowed_mentions"] == {"parse": [], "roles": []}


def test_a_page_without_a_role_mentions_nobody() -> None:
    assert body(an_incident(), Style())["allowed_mentions"] == {"parse": [], "roles": []}


def test_the_runbook_is_a_link_where_it_can_be_read_and_a_command_elsewhere() -> None:
    linked = body(an_incident(), Style(runbook_url="https://example.org/alerts.md"))
    assert field(linked, "What to do") == "[Runbook](https://example.org/alerts.md#slow-queries)"
    assert "alerts history --rule slow-queries" in field(body(an_incident(), Style()), "What to do")


def test_who_looks_after_it_is_shown_and_needs_no_button() -> None:
    message = body(an_incident(acknowledged_by="Ann_*", acknowledged_at=BEGAN), Style())
    assert field(message, "Looked after by").startswith(r"Ann\_\*, <t:")
    acknowledge, silence = message["components"][0]["components"]
    assert (acknowledge["disabled"], "disabled" in silence) == (True, False)


def test_who_silenced_it_is_shown_until_it_is_over() -> None:
    silence = a_silence(by="Ann_*")
    until = int(silence.until.timestamp())
    shown = field(body(an_incident(), Style(), silence), "Silenced")
    assert shown == rf"Until <t:{until}:f> (<t:{until}:R>), by Ann\_\*"
    names = [each["name"] for each in embed(body(over(), Style(), silence))["fields"]]
    assert "Silenced" not in names


def test_a_message_is_known_again_in_every_version_and_no_other_is() -> None:
    for version in (an_incident(), over(rule="renamed")):
        assert shows(body(version, Style()), an_incident())
    assert not shows(body(an_incident(id=1), Style()), an_incident())
    assert not shows(body(an_incident(id=121), Style()), an_incident())
    later = BEGAN.replace(minute=30)
    assert not shows(body(an_incident(started_at=later), Style()), an_incident()), (
        "another database"
    )
    assert not shows({"embeds": [{"footer": None}]}, an_incident())


_TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["x", FAMILY, "`@everyone`", "[a](b)", "\n", "\u0301"]).flatmap(
        lambda piece: st.integers(1, 6000).map(lambda times: piece * times)
    ),
)


@given(texts=st.lists(_TEXTS, min_size=8, max_size=8), parts=st.integers(0, 6))
def test_discord_takes_whatever_an_incident_holds(texts: list[str], parts: int) -> None:
    effect, series, unit, who, statement, label, summary, rule = texts
    top = [{"labels": {"table": label}, "share": 1, "text": statement or None}] * parts
    made = [{"at": BEGAN.isoformat(), "kind": "deploy", "summary": summary, "by": "x"}] * parts
    incident = an_incident(
        effect=effect or "x",
        series=series,
        unit=unit,
        acknowledged_by=who,
        acknowledged_at=BEGAN,
        evidence={"top": top, "changes": made},
        rule=rule or "x",
        worst=float("1e300"),
    )
    message = body(incident, ROLE, a_silence(by=who))
    errors = FormErrors()
    check_embeds(message["embeds"], ("embeds",), errors)
    check_components(message["components"], ("components",), errors, v2=False)
    errors.raise_if_any()
    assert all(each["name"] and each["value"] for each in embed(message)["fields"])
    assert embed(message)["footer"]["text"].startswith("Incident 12 ·")


def test_evidence_can_neither_be_formatted_nor_mention_anybody() -> None:
    change = {"at": BEGAN.isoformat(), "kind": "setting", "summary": "<@1> **x** [a](http://b)"}
    top = [{"labels": {}, "share": 0.5, "text": "a`b` **c** <@&2>\nd"}]
    message = body(an_incident(evidence={"top": top, "changes": [change]}), ROLE)
    assert field(message, "Largest parts") == "**50%** `ab **c** <@&2> d`"
    assert r"\<\@1\> \*\*x\*\* \[a\](http://b)" in field(message, "Changed shortly before")


@given(
    text=st.text(alphabet="ab e\u0301\U0001f468\u200d\U0001f1e9\U0001f1ea"), room=st.integers(0, 20)
)
def test_text_is_cut_between_characters_as_readers_see_them(text: str, room: int) -> None:
    cut = clip(text, room)
    assert length(cut) <= room
    if cut != text and cut:
        whole = clusters(text)
        assert any("".join(whole[:n]).rstrip() == cut[:-1] for n in range(len(whole)))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "less than a second"),
        (59.6, "1 min"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (90061, "1 d 1 h"),
        (86405, "1 d"),
    ],
)
def test_lengths_of_time_are_told_in_two_units(seconds: float, text: str) -> None:
    assert wording.spoken(seconds) == text


def test_one_line_says_it_all() -> None:
    assert wording.one_line(over(value=None, worst=None)) == (
        "Page, resolved: Commands answer late: the database takes longer than a second. "
        "(slow-queries: lasted 12 min 30 s, unknown at worst, the limit is 1 s)"
    )
