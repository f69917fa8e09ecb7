"""Modals: what Discord accepts as one, and what it sends back when a member submits it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbsbm.sandbox.discord.components import (
    CHECKBOX,
    CHECKBOX_GROUP,
    LABEL,
    RADIO_GROUP,
    ROW,
    SELECTS,
    TEXT_DISPLAY,
    TEXT_INPUT,
    walk,
)
from dbsbm.sandbox.discord.errors import FormErrors, Path, Refusal
from dbsbm.sandbox.discord.forms import boolean, choice, integer, items, record, text
from dbsbm.sandbox.discord.jsonio import Json

_MAX_INPUT = 4_000
_INPUT = record(
    {
        "type": choice(TEXT_INPUT),
        "custom_id": text(100, 1),
        "style": choice(1, 2),
        "label": text(45, 1),
        "min_length": integer(0, _MAX_INPUT),
        "max_length": integer(1, _MAX_INPUT),
        "required": boolean,
        "value": text(_MAX_INPUT),
        "placeholder": text(100),
    },
    required=("type", "custom_id", "style"),
)
_LABELLED = record(
    {"type": integer(3, 23), "custom_id": text(100, 1)}, required=("type", "custom_id")
)


def _top_item(value: object, path: Path, errors: FormErrors) -> None:
    kind = value.get("type") if isinstance(value, dict) else None
    checks = {
        ROW: record({"components": items(_INPUT, 1, 1)}, required=("components",)),
        LABEL: record(
            {"label": text(45, 1), "description": text(100), "component": _labelled},
            required=("label", "component"),
        ),
        TEXT_DISPLAY: record({"content": text(4_000, 1)}, required=("content",)),
    }
    if kind in checks:
        checks[kind](value, path, errors)
    else:
        message = 'Value of field "type" must be one of (1, 10, 18).'
        errors.add((*path, "type"), "UNION_TYPE_CHOICES", message)


def _labelled(value: object, path: Path, errors: FormErrors) -> None:
    is_input = isinstance(value, dict) and value.get("type") == TEXT_INPUT
    (_INPUT if is_input else _LABELLED)(value, path, errors)


MODAL = record(
    {"custom_id": text(100, 1), "title": text(45, 1), "components": items(_top_item, 5, 1)},
    required=("custom_id", "title", "components"),
)


def submission(modal: Json, values: Mapping[str, Any]) -> list[Json]:
    """Build the components of a modal submit from what the member filled in.

    Args:
        modal: The modal as the bot sent it.
        values: Custom id -> text, list of chosen values, or True / False.

    Returns:
        Components in the modal's own structure, each with its value.

    Raises:
        Refusal: A value is missing, too short, too long, or for no field of this modal.
    """
    known = {c["custom_id"] for c in walk(modal["components"]) if "custom_id" in c}
    if extra := set(values) - known:
        raise Refusal(f"The modal has no field {min(extra)!r}.")
    return [_submitted_item(item, values) for item in modal["components"]]


def _submitted_item(item: Json, values: Mapping[str, Any]) -> Json:
    base = {"type": item["type"], "id": item.get("id", 0)}
    if item["type"] == ROW:
        return {**base, "components": [_filled(c, values) for c in item["components"]]}
    if item["type"] == LABEL:
        return {**base, "component": _filled(item["component"], values)}
    return base


def _filled(field: Json, values: Mapping[str, Any]) -> Json:
    kind, custom_id = field["type"], field["custom_id"]
    base = {"type": kind, "id": field.get("id", 0), "custom_id": custom_id}
    value = values.get(custom_id)
    if kind == TEXT_INPUT:
        return {**base, "value": _text_value(field, value)}
    if kind in (*SELECTS, CHECKBOX_GROUP):
        return {**base, "values": _chosen(field, value)}
    if kind == RADIO_GROUP:
        chosen = _chosen(field, value)
        return {**base, "value": chosen[0] if chosen else None}
    if kind == CHECKBOX:
        return {**base, "value": bool(value)}
    raise Refusal(f"The stand-in cannot fill a modal field of type {kind}.")


def _text_value(field: Json, value: object) -> str:
    given = str(value if value is not None else field.get("value") or "")
    name = field.get("label") or field["custom_id"]
    if not given and not field.get("required", True):
        return ""
    if not given:
        raise Refusal(f"The field {name!r} is required.")
    if not field.get("min_length", 0) <= len(given) <= field.get("max_length", _MAX_INPUT):
        raise Refusal(f"The field {name!r} is too short or too long.")
    return given


def _chosen(field: Json, value: object) -> list[str]:
    given = value if isinstance(value, list) else [] if value is None else [value]
    chosen = [str(v) for v in given]
    allowed = {o["value"] for o in field.get("options", ())}
    if allowed and not set(chosen) <= allowed:
        raise Refusal(f"The field {field['custom_id']!r} has no such choice.")
    if not chosen and field.get("required", True):
        raise Refusal(f"The field {field['custom_id']!r} is required.")
    return chosen
