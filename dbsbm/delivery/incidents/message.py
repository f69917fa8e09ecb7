"""The one message of an incident: what members feel first, then how bad, since when and why.

Limits: https://discord.com/developers/docs/resources/message#embed-object-embed-limits
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dbsbm.db.models import AlertSilence, Incident
from dbsbm.delivery.incidents import wording
from dbsbm.delivery.incidents.clipping import Room, clip
from dbsbm.wire.incident_buttons import Deed, custom_id

TITLE, DESCRIPTION, FOOTER = 256, 4096, 2048
NAME, VALUE, FIELDS = 256, 1024, 25
ALL_TOGETHER = 6000

RED, AMBER, BLUE, GREEN = 0xED4245, 0xFEE75C, 0x5865F2, 0x57F287
_COLOURS = {"page": RED, "warn": AMBER, "info": BLUE}

# What one line of evidence may take, so that one long statement leaves room for the others.
_TEXT = 200
_CHANGES = 4
_ROW, _BUTTON = 1, 2
_PRIMARY, _SECONDARY = 1, 2


@dataclass(frozen=True, slots=True)
class Style:
    """What the operator decided about messages.

    Attributes:
        page_role_id: The role that pages mention; None mentions nobody.
        runbook_url: Where docs/alerts.md can be read; None names the file.
    """

    page_role_id: int | None = None
    runbook_url: str | None = None


def body(incident: Incident, style: Style, silence: AlertSilence | None = None) -> dict[str, Any]:
    """Discord's message for an incident as it is now; it may replace any earlier one.

    Args:
        incident: The incident.
        style: What the operator decided about messages.
        silence: The one about it that is on.
    """
    role = _mentioned(incident, style)
    return {
        "content": "" if role is None else f"<@&{role}>",
        "embeds": [_embed(incident, style, silence)],
        "components": [] if wording.is_over(incident) else [_buttons(incident)],
        "allowed_mentions": {"parse": [], "roles": [] if role is None else [str(role)]},
    }


def shows(message: Mapping[str, Any], incident: Incident) -> bool:
    """Whether a message that Discord gave back is this incident's, in whatever version."""
    return any(
        str((embed.get("footer") or {}).get("text", "")).startswith(_mark(incident))
        and _same_second(embed.get("timestamp"), incident.started_at)
        for embed in message.get("embeds") or ()
    )


def runbook(incident: Incident, style: Style) -> str | None:
    """The address of what to do about it, None where nobody said where the handbook is."""
    return style.runbook_url and f"{style.runbook_url}#{incident.runbook}"


def _mentioned(incident: Incident, style: Style) -> int | None:
    wakes = incident.severity == "page" and not wording.is_over(incident)
    return style.page_role_id if wakes else None


def _embed(incident: Incident, style: Style, silence: AlertSilence | None) -> dict[str, Any]:
    over = wording.is_over(incident)
    room = Room(ALL_TOGETHER)
    # What must not be missing takes its share first.
    footer = room.take(f"{_mark(incident)} {incident.rule} · update {incident.version}", FOOTER)
    return {
        "title": room.take(incident.effect, TITLE),
        "description": room.take(_description(incident), DESCRIPTION),
        "color": GREEN if over else _COLOURS.get(incident.severity, BLUE),
        "fields": list(_fitting(room, _fields(incident, style, silence))),
        "footer": {"text": footer},
        "timestamp": incident.started_at.isoformat(timespec="seconds"),
    }


def _mark(incident: Incident) -> str:
    return f"Incident {incident.id} ·"


def _same_second(text: Any, at: datetime) -> bool:
    try:
        return abs(datetime.fromisoformat(str(text)) - at) <= timedelta(seconds=1)
    except (TypeError, ValueError):
        return False


def _description(incident: Incident) -> str:
    limit = wording.amount(incident.threshold, incident.unit)
    worst = wording.amount(incident.worst, incident.unit)
    word = wording.severity(incident)
    if incident.resolved_at is None:
        now = wording.amount(incident.value, incident.unit)
        since = wording.moment(incident.started_at)
        return f"**{word}, firing** since {since}\n**{now}** now, {worst} at worst, limit {limit}"
    lasted = wording.spoken(wording.seconds(incident) or 0.0)
    why = wording.reason_of_end(incident)
    over = f"**Resolved** {wording.moment(incident.resolved_at)}{f': {why}' if why else ''}"
    return f"{over}\n{word} that lasted **{lasted}**, **{worst}** at worst, limit {limit}"


def _fields(
    incident: Incident, style: Style, silence: AlertSilence | None
) -> Iterator[tuple[str, str]]:
    if incident.series:
        yield "Where", _code(incident.series, _TEXT)
    top = incident.evidence.get("top") or ()
    if top:
        yield "Largest parts", "\n".join(map(_part, top))
    yield "Changed shortly before", _changes(incident)
    if incident.acknowledged_by and incident.acknowledged_at:
        at = wording.moment(incident.acknowledged_at)
        yield "Looked after by", f"{_who(incident.acknowledged_by)}, {at}"
    if silence is not None and not wording.is_over(incident):
        yield "Silenced", _silenced(silence)
    yield "What to do", _what_to_do(incident, style)


def _fitting(room: Room, fields: Iterator[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    for _, (name, value) in zip(range(FIELDS), fields, strict=False):
        if room.has(len(name) + 1):
            taken = room.take(name, NAME)
            yield {"name": taken, "value": room.take(value, VALUE), "inline": False}


def _part(part: Mapping[str, Any]) -> str:
    labels = ", ".join(f"{name}={value}" for name, value in (part.get("labels") or {}).items())
    return f"**{part.get('share') or 0:.0%}** {_code(part.get('text') or labels, _TEXT)}"


def _changes(incident: Incident) -> str:
    changes = incident.evidence.get("changes") or ()
    lines = [
        f"{wording.moment(datetime.fromisoformat(each['at']), 't')} **{each['kind']}** "
        f"{clip(_plain(each['summary']), _TEXT)}"
        for each in changes[:_CHANGES]
    ]
    if len(changes) > _CHANGES:
        lines.append(f"and {len(changes) - _CHANGES} more")
    return "\n".join(lines) or "Nothing that the fleet knows of."


def _silenced(silence: AlertSilence) -> str:
    """Until when and by whom. Nobody edits the message when the time comes: it tells by itself."""
    until = silence.until
    passes = f"{wording.moment(until, 'f')} ({wording.moment(until)})"
    return f"Until {passes}, by {_who(silence.by)}"


def _who(name: str) -> str:
    return clip(_plain(name), _TEXT)


def _what_to_do(incident: Incident, style: Style) -> str:
    address = runbook(incident, style)
    if address is not None:
        return f"[Runbook]({address})"
    return (
        f"`docs/alerts.md`, section `{incident.runbook}`; "
        f"`python -m dbsbm alerts history --rule {incident.rule}`"
    )


def _buttons(incident: Incident) -> dict[str, Any]:
    acknowledge = _button(incident, Deed.ACKNOWLEDGE, "Acknowledge", _PRIMARY)
    acknowledge["disabled"] = incident.acknowledged_by is not None
    silence = _button(incident, Deed.SILENCE, "Silence 1 h", _SECONDARY)
    return {"type": _ROW, "components": [acknowledge, silence]}


def _button(incident: Incident, deed: Deed, label: str, style: int) -> dict[str, Any]:
    button = {"type": _BUTTON, "style": style, "label": label}
    return button | {"custom_id": custom_id(incident.id, deed)}


def _code(text: str, longest: int) -> str:
    """A text as code in one line: nothing in it is formatted, linked or a mention."""
    return f"`{clip(_one_line(text).replace('`', ''), longest)}`"


def _plain(text: str) -> str:
    """A text in one line that Discord's Markdown leaves as it is."""
    return "".join(f"\\{char}" if char in r"\*_~|`<>[]#@" else char for char in _one_line(text))


def _one_line(text: str) -> str:
    return " ".join(text.split())
