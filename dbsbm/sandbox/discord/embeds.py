"""Embeds: what Discord accepts, and how it stores them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbsbm.sandbox.discord.errors import FormErrors, Path
from dbsbm.sandbox.discord.forms import boolean, integer, items, link, record, text
from dbsbm.sandbox.discord.jsonio import Json

MAX_EMBEDS = 10
MAX_TOTAL = 6_000
_WEB = link("http", "https")
_MEDIA = record({"url": link("http", "https", "attachment")}, required=("url",))

EMBED = record(
    {
        "title": text(256),
        "description": text(4_096),
        "url": _WEB,
        "timestamp": text(64),
        "color": integer(0, 0xFFFFFF),
        "footer": record(
            {"text": text(2_048, 1), "icon_url": link("http", "https", "attachment")},
            required=("text",),
        ),
        "author": record(
            {
                "name": text(256, 1),
                "url": _WEB,
                "icon_url": link("http", "https", "attachment"),
            },
            required=("name",),
        ),
        "image": _MEDIA,
        "thumbnail": _MEDIA,
        "fields": items(
            record(
                {"name": text(256, 1), "value": text(1_024, 1), "inline": boolean},
                required=("name", "value"),
            ),
            25,
        ),
    }
)


def check_embeds(value: object, path: Path, errors: FormErrors) -> None:
    """Note what is wrong with a message's list of embeds."""
    items(EMBED, MAX_EMBEDS)(value, path, errors)
    if isinstance(value, list) and total_characters(value) > MAX_TOTAL:
        message = f"Embed size exceeds maximum size of {MAX_TOTAL}"
        errors.add(path, "MAX_EMBED_SIZE_EXCEEDED", message)


def total_characters(embeds: list[Any]) -> int:
    """Count the characters that Discord adds up over all embeds of a message."""
    return sum(len(part) for embed in embeds for part in _texts(embed) if isinstance(part, str))


def _texts(embed: object) -> Iterator[object]:
    if not isinstance(embed, dict):
        return
    yield from (embed.get("title"), embed.get("description"))
    for holder, key in (("footer", "text"), ("author", "name")):
        if isinstance(embed.get(holder), dict):
            yield embed[holder].get(key)
    fields = embed.get("fields")
    for field in fields if isinstance(fields, list) else ():
        if isinstance(field, dict):
            yield from (field.get("name"), field.get("value"))


def store_embed(embed: Json, media: Mapping[str, Json]) -> Json:
    """Return an embed as Discord gives it back: typed, `attachment://` links resolved.

    Args:
        embed: A checked embed.
        media: File name -> {url, width, height} of the message's attachments.
    """
    stored = {"type": "rich", **{k: v for k, v in embed.items() if v is not None}}
    for part in ("image", "thumbnail"):
        if isinstance(stored.get(part), dict):
            stored[part] = resolve_media(stored[part], media)
    for part in ("footer", "author"):
        icon = stored.get(part, {}).get("icon_url") or ""
        if icon.startswith("attachment://"):
            resolved = resolve_media({"url": icon}, media)
            stored[part] = {**stored[part], "icon_url": resolved["url"]}
    return stored


def resolve_media(item: Json, media: Mapping[str, Json]) -> Json:
    """Replace an `attachment://name` URL by the file's address and size, if it was sent along."""
    name = str(item.get("url", "")).removeprefix("attachment://")
    return {**item, **media[name]} if name in media else item


def attachment_names(embeds: list[Json]) -> set[str]:
    """Return the file names that embeds show: Discord drops these from `attachments`."""
    urls = [
        (embed.get(part) or {}).get(key) or ""
        for embed in embeds
        for part, key in (
            ("image", "url"),
            ("thumbnail", "url"),
            ("footer", "icon_url"),
            ("author", "icon_url"),
        )
    ]
    return {url.removeprefix("attachment://") for url in urls if url.startswith("attachment://")}
