"""Message components and modals: what Discord accepts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from dbsbm.sandbox.discord.errors import FormErrors, Path
from dbsbm.sandbox.discord.forms import (
    Check,
    anything,
    boolean,
    choice,
    integer,
    items,
    link,
    record,
    text,
)
from dbsbm.sandbox.discord.jsonio import Json

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
ENTITY_SELECTS = (5, 6, 7, 8)
SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR = 9, 10, 11, 12, 13, 14
CONTAINER, LABEL = 17, 18
FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 19, 21, 22, 23
SELECTS = (STRING_SELECT, *ENTITY_SELECTS)
LINK_STYLE, PREMIUM_STYLE = 5, 6
MAX_V2_COMPONENTS = 40
MAX_V2_TEXT = 4_000

_CUSTOM_ID = text(100, 1)
_TARGETS = {LINK_STYLE: "url", PREMIUM_STYLE: "sku_id"}
_MEDIA = record({"url": link("http", "https", "attachment")}, required=("url",))
_OPTION = record(
    {"label": text(100, 1), "value": text(100, 1), "description": text(100), "default": boolean},
    required=("label", "value"),
)
_SELECT_FIELDS: dict[str, Check] = {
    "custom_id": _CUSTOM_ID,
    "placeholder": text(150),
    "min_values": integer(0, 25),
    "max_values": integer(1, 25),
    "disabled": boolean,
}
_ENTITY_SELECT = record(_SELECT_FIELDS, required=("custom_id",))


def _button(value: object, path: Path, errors: FormErrors) -> None:
    style = value.get("style") if isinstance(value, dict) else None
    target = _TARGETS.get(style, "custom_id") if isinstance(style, int) else "custom_id"
    fields: dict[str, Check] = {
        "style": choice(1, 2, 3, 4, LINK_STYLE, PREMIUM_STYLE),
        "label": text(80),
        "custom_id": _CUSTOM_ID,
        "url": link("http", "https", "discord"),
        "sku_id": anything,
        "disabled": boolean,
    }
    record(fields, required=("style", target))(value, path, errors)
    named = isinstance(value, dict) and (value.get("label") or value.get("emoji"))
    if not named and style != PREMIUM_STYLE:
        errors.add(path, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A label is required")


def _row(value: object, path: Path, errors: FormErrors) -> None:
    record({"components": items(_row_item, 5, 1)}, required=("components",))(value, path, errors)
    children = _children(value)
    if len(children) > 1 and any(child.get("type") in SELECTS for child in children):
        message = "The specified component exceeds the maximum width"
        errors.add((*path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message)


def _children(value: object) -> list[Json]:
    found = value.get("components") if isinstance(value, dict) else None
    return [child for child in found if isinstance(child, dict)] if isinstance(found, list) else []


def _one_of(checks: dict[int, Check]) -> Check:
    def check(value: object, path: Path, errors: FormErrors) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if isinstance(kind, int) and kind in checks:
            checks[kind](value, path, errors)
        else:
            shown = ", ".join(map(str, checks))
            message = f'Value of field "type" must be one of ({shown}).'
            errors.add((*path, "type"), "UNION_TYPE_CHOICES", message)

    return check


_STRING_SELECT = record(
    {**_SELECT_FIELDS, "options": items(_OPTION, 25, 1)}, required=("custom_id", "options")
)
_TEXT = record({"content": text(MAX_V2_TEXT, 1)}, required=("content",))
_THUMB = record({"media": _MEDIA, "description": text(1_024)}, required=("media",))
_row_item = _one_of(
    {
        BUTTON: _button,
        STRING_SELECT: _STRING_SELECT,
        **dict.fromkeys(ENTITY_SELECTS, _ENTITY_SELECT),
    }
)
_ONLY_ROWS = _one_of({ROW: _row})
_LAYOUT: dict[int, Check] = {
    ROW: _row,
    SECTION: record(
        {
            "components": items(_one_of({TEXT_DISPLAY: _TEXT}), 3, 1),
            "accessory": _one_of({BUTTON: _button, THUMBNAIL: _THUMB}),
        },
        required=("components", "accessory"),
    ),
    TEXT_DISPLAY: _TEXT,
    GALLERY: record({"items": items(_THUMB, 10, 1)}, required=("items",)),
    FILE: record({"file": _MEDIA}, required=("file",)),
    SEPARATOR: record({"divider": boolean, "spacing": choice(1, 2)}),
}
_CONTAINER = record(
    {
        "components": items(_one_of(_LAYOUT), MAX_V2_COMPONENTS, 1),
        "accent_color": integer(0, 0xFFFFFF),
    },
    required=("components",),
)
_TOP_V2 = _one_of({**_LAYOUT, CONTAINER: _CONTAINER})


def check_components(value: object, path: Path, errors: FormErrors, *, v2: bool) -> None:
    """Note what is wrong with a message's components.

    Args:
        value: The `components` field.
        path: Where it stands in the body.
        errors: Collects what is wrong.
        v2: Whether the message carries the Components V2 flag.
    """
    items(_TOP_V2 if v2 else _ONLY_ROWS, MAX_V2_COMPONENTS if v2 else 5)(value, path, errors)
    found = list(walk(value))
    _check_unique_ids(found, path, errors)
    if v2:
        _check_v2_totals(found, path, errors)


def _check_unique_ids(found: list[Json], path: Path, errors: FormErrors) -> None:
    ids = [c["custom_id"] for c in found if isinstance(c.get("custom_id"), str)]
    for repeated in {i for i in ids if ids.count(i) > 1}:
        message = f"Component custom id cannot be duplicated: {repeated}"
        errors.add(path, "COMPONENT_CUSTOM_ID_DUPLICATED", message)


def _check_v2_totals(found: list[Json], path: Path, errors: FormErrors) -> None:
    if len(found) > MAX_V2_COMPONENTS:
        message = f"Must be {MAX_V2_COMPONENTS} or fewer in length."
        errors.add(path, "BASE_TYPE_MAX_LENGTH", message)
    if sum(len(str(c.get("content", ""))) for c in found) > MAX_V2_TEXT:
        message = f"The cumulative text size exceeds the maximum of {MAX_V2_TEXT}"
        errors.add(path, "COMPONENT_MAX_TOTAL_TEXT_SIZE_EXCEEDED", message)


def walk(value: object) -> Iterator[Json]:
    """Yield every component in a tree, parents before children."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item
            for key in ("components", "accessory", "component"):
                if key in item:
                    yield from walk(item[key])


def number_components(components: list[Any]) -> list[Any]:
    """Give every component the `id` that Discord assigns where the bot gave none."""
    taken = {c["id"] for c in walk(components) if isinstance(c.get("id"), int)}
    free = (n for n in itertools.count(1) if n not in taken)
    for component in walk(components):
        if not (component.get("id") and isinstance(component["id"], int)):
            component["id"] = next(free)
    return components


def find_component(components: list[Any], custom_id: str) -> Json | None:
    """Return the component with a custom id, or None."""
    return next((c for c in walk(components) if c.get("custom_id") == custom_id), None)
