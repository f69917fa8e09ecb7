"""`cache get`: a stored value with what surrounds it."""

from __future__ import annotations

import argparse
import pprint
from dataclasses import dataclass, fields
from typing import Any, Final, cast

import redis

from dbsbm.cache.away import away
from dbsbm.cache.tags import STAMP, tag_wires
from dbsbm.cache.values.envelope import is_lease
from dbsbm.cache.values.serializer import Serializer, Stored
from dbsbm.cli.cache.jsonable import jsonable
from dbsbm.cli.cache.key_words import PARTS_HELP, key_of_arguments
from dbsbm.cli.cache.server import add_json, open_client, serializer
from dbsbm.cli.output import say, say_json, spell_bytes

EXIT_NOT_FOUND: Final = 1
_LONGEST_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class _Found:
    """What stands under a key.

    Attributes:
        state: `nothing`, `loading`, `unreadable`, `fresh`, `stale` or `invalidated`.
        age: Seconds since it was stored.
        fresh_for: Seconds until it turns stale; negative when it has.
        kept_for: Seconds until the server forgets it; None if it never does.
        tags: By tag, whether it still has the stamp that the value depends on.
    """

    key: str
    state: str
    value: Any = None
    bytes: int | None = None
    age: float | None = None
    fresh_for: float | None = None
    kept_for: float | None = None
    load_ms: float | None = None
    read: bool | None = None
    tags: dict[str, bool] | None = None


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("category", nargs="?", help="the category of the value")
    parser.add_argument("part", nargs="*", help=PARTS_HELP)
    parser.add_argument("--wire", metavar="KEY", help="the key as the server has it, instead")
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    key = key_of_arguments(arguments)
    try:
        with open_client() as client:
            found = _look(client, serializer(), key.wire)
    except (redis.RedisError, OSError) as error:
        raise away("the value cannot be looked at", error) from error
    if arguments.json:
        say_json(_as_json(found))
    else:
        say("\n".join(_lines(found)))
    return EXIT_NOT_FOUND if found.state == "nothing" else 0


def _look(client: redis.Redis, reader: Serializer, wire: str) -> _Found:
    """Look without a trace: the value is not marked as read."""
    pipe = client.pipeline(transaction=True)
    pipe.get(wire)
    pipe.pttl(wire)
    pipe.time()
    held, left_ms, (seconds, microseconds) = pipe.execute()
    kept_for = left_ms / 1000 if left_ms >= 0 else None
    if held is None:
        return _Found(wire, "nothing")
    if is_lease(held):
        return _Found(wire, "loading", bytes=len(held), kept_for=kept_for)
    stored = reader.open(wire, held)
    if stored is None:
        return _Found(wire, "unreadable", bytes=len(held), kept_for=kept_for)
    tags = _current_tags(client, stored)
    fresh_for = stored.expires_at_ms / 1000 - seconds - microseconds / 1e6
    return _Found(
        wire,
        _state(fresh_for, tags),
        stored.value,
        bytes=stored.size,
        age=stored.lifetime_ms / 1000 - kept_for if kept_for is not None else None,
        fresh_for=fresh_for,
        kept_for=kept_for,
        load_ms=stored.load_us / 1000,
        read=stored.read,
        tags=tags,
    )


def _current_tags(client: redis.Redis, stored: Stored) -> dict[str, bool]:
    if not stored.tags:
        return {}
    held = cast(list[bytes | None], client.mget(tag_wires(stored.tags)))
    return {
        tag: now is not None and now[:STAMP] == stamp
        for (tag, stamp), now in zip(stored.tags.items(), held, strict=True)
    }


def _state(fresh_for: float, tags: dict[str, bool]) -> str:
    if not all(tags.values()):
        return "invalidated"
    return "fresh" if fresh_for > 0 else "stale"


def _as_json(found: _Found) -> dict[str, Any]:
    shown = {field.name: getattr(found, field.name) for field in fields(found)}
    shown["value"] = jsonable(found.value)
    return {name: item for name, item in shown.items() if item is not None or name == "value"}


def _lines(found: _Found) -> list[str]:
    lines = [f"key    {found.key}", f"state  {_STATES[found.state]}"]
    if found.bytes is not None:
        lines.append(f"size   {spell_bytes(found.bytes)}")
    if found.kept_for is not None:
        lines.append(f"kept   for {found.kept_for:.1f} s more")
    if found.tags is None:
        return lines
    lines += [
        f"fresh  for {found.fresh_for:.1f} s more",
        f"age    {found.age:.1f} s" if found.age is not None else "age    unknown",
        f"load   took {found.load_ms:.3g} ms",
        f"read   {'yes' if found.read else 'by nobody yet'}",
        *(f"tag    {tag}{'' if now else ' (changed since)'}" for tag, now in found.tags.items()),
        f"value  {_spell_value(found.value)}",
    ]
    return lines


_STATES: Final = {
    "nothing": "nothing is stored",
    "loading": "somebody is loading it",
    "unreadable": "damaged, forged, signed by a key that is not ours, or of another release",
    "fresh": "fresh",
    "stale": "stale: served during a reload, or for want of one",
    "invalidated": "invalidated: what it depends on has changed, so it is not served",
}


def _spell_value(value: Any) -> str:
    if isinstance(value, bytes) and len(value) > _LONGEST_BYTES:
        return f"{value[:_LONGEST_BYTES]!r}... ({spell_bytes(len(value))})"
    return pprint.pformat(value, width=92, sort_dicts=False)
