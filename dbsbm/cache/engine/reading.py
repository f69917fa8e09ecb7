"""Reading what the server holds, and telling whether it may be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from dbsbm.cache.engine.arrivals import count_hit
from dbsbm.cache.engine.core import Core
from dbsbm.cache.engine.steps import FAILED, Call, Flow
from dbsbm.cache.engine.writing import pay_debts
from dbsbm.cache.keys import Key
from dbsbm.cache.miss import MISS, Miss
from dbsbm.cache.tags import are_current, stamps_of, tag_wires
from dbsbm.cache.values.envelope import is_lease
from dbsbm.cache.values.serializer import Stored

_SEEN: Final = slice(1, 13)
"""The bytes of a stored value that tell it from every other; the mark before them changes."""


class Absent(Enum):
    """What a look has shown where there is no value."""

    NOTHING = "nothing there, or no server to ask"
    LEASED = "somebody is loading it"


@dataclass(frozen=True, slots=True)
class Unbelieved:
    """A value that is there, and may not be believed.

    Attributes:
        seen: Tells it from every other.
    """

    seen: bytes


Look = Stored | Unbelieved | Absent
"""What one look at a key has shown; a value that may be believed may be past its time."""


@dataclass(slots=True)
class Held:
    """What the server holds under a key.

    Attributes:
        data: A value as stored, or a lease.
        since: `core.sequence` before the server was asked.
        stamps: Those of some tags, not older than the data.
    """

    data: bytes
    since: int
    stamps: Mapping[str, bytes]


def get(core: Core, key: Key) -> Flow[Any | Miss]:
    """Return the fresh value under a key, or MISS."""
    found = yield from look(core, key)
    if not isinstance(found, Stored) or core.is_stale(found):
        core.stats.missed(key.category)
        return MISS
    count_hit(core, key, found.size, found.value)
    return found.value


def get_many(core: Core, keys: Sequence[Key]) -> Flow[dict[Key, Any]]:
    """Return the fresh values under keys, as many as one command takes."""
    found = yield from _look_at_many(core, keys)
    values = {}
    for key in keys:
        stored = found.get(key)
        if stored is None or core.is_stale(stored):
            core.stats.missed(key.category)
        else:
            count_hit(core, key, stored.size, stored.value)
            values[key] = stored.value
    return values


def look(core: Core, key: Key, tags: Sequence[str] = ()) -> Flow[Look]:
    """Look at a key, and in the same step at the tags that its value should depend on."""
    if core.has_to_pay:
        yield from pay_debts(core)
    if not core.trusts_server(key):
        return Absent.NOTHING
    if not core.server_clock.is_known:
        yield from tell_time(core)
    since, wire = core.sequence, key.wire
    if tags:
        wires = tag_wires(tags)
        answer = yield Call((key,), lambda server: server.read("MGET", wire, *wires))
        data, *stamps = (None,) if answer is FAILED else answer
    else:
        data = yield Call((key,), lambda server: server.read("GET", wire))
        stamps = []
    if data is FAILED or data is None:
        return Absent.NOTHING
    held = Held(data, since, stamps_of(tags, stamps))
    return (yield from judge(core, key, held, tags))


def judge(core: Core, key: Key, held: Held, tags: Sequence[str] = ()) -> Flow[Look]:
    """Tell whether what the server holds may be believed, and keep a copy if so.

    Args:
        core: The state of the cache.
        key: Where it is.
        held: What is there.
        tags: What the value has to depend on at least.
    """
    if is_lease(held.data):
        return Absent.LEASED
    stored = core.serializer.open(key.wire, held.data)
    if stored is None:
        core.stats.rejected(key.category)
    elif not (tags or stored.tags) or (yield from _is_current(core, key, stored, held, tags)):
        if stored.read:
            core.keep(key, stored, held.since)
        elif not (yield from _mark_read(core, [key])):
            return Absent.NOTHING
        return stored
    return Unbelieved(held.data[_SEEN])


def tell_time(core: Core) -> Flow[None]:
    """Ask the server for its time, where that is not known."""
    asked_at = core.clock()
    answer = yield Call((), lambda server: server.client.time())
    if answer is not FAILED:
        core.server_clock.measured(asked_at, answer)


def _is_current(
    core: Core, key: Key, stored: Stored, held: Held, tags: Sequence[str]
) -> Flow[bool]:
    """Tell whether a value depends on the tags asked for, and none of its tags has changed.

    Stamps that are asked for after the value serve as well: what is equal now was equal then.
    """
    if core.debts.covers_any_tag(stored.tags) or not stored.tags.keys() >= set(tags):
        return False
    stamps = held.stamps
    missing = [tag for tag in stored.tags if tag not in stamps]
    if missing:
        wires = tag_wires(missing)
        answer = yield Call((key,), lambda server: server.read("MGET", *wires))
        if answer is FAILED:
            return False
        stamps = {**stamps, **stamps_of(missing, answer)}
    return are_current(stored.tags, stamps)


def _mark_read(core: Core, unread: Sequence[Key]) -> Flow[list[Key]]:
    """Mark values as read, and return the keys of those that are still there."""
    wires = [key.wire for key in unread]
    present = yield Call(unread, lambda server: server.mark_read(wires), "touch")
    if present is FAILED:
        return list(unread)
    return [key for key, there in zip(unread, present, strict=True) if there]


def _look_at_many(core: Core, keys: Sequence[Key]) -> Flow[dict[Key, Stored]]:
    """Return the values that may be believed; they may be past their time."""
    if core.has_to_pay:
        yield from pay_debts(core)
    trusted = [key for key in keys if core.trusts_server(key)]
    if not trusted:
        return {}
    if not core.server_clock.is_known:
        yield from tell_time(core)
    since, wires = core.sequence, [key.wire for key in trusted]
    held = yield Call(trusted, lambda server: server.read("MGET", *wires))
    if held is FAILED:
        return {}
    opened = {key: core.serializer.open(key.wire, item) for key, item in _values(trusted, held)}
    for key in (key for key, stored in opened.items() if stored is None):
        core.stats.rejected(key.category)
    found = {key: stored for key, stored in opened.items() if stored is not None}
    current = yield from _current_of_many(core, found)
    unread = [key for key, stored in current.items() if not stored.read]
    gone = set(unread).difference((yield from _mark_read(core, unread)) if unread else ())
    for key, stored in current.items():
        if stored.read:
            core.keep(key, stored, since)
    return {key: stored for key, stored in current.items() if key not in gone}


def _values(keys: Sequence[Key], held: Sequence[bytes | None]) -> list[tuple[Key, bytes]]:
    pairs = zip(keys, held, strict=True)
    return [(key, item) for key, item in pairs if item is not None and not is_lease(item)]


def _current_of_many(core: Core, found: dict[Key, Stored]) -> Flow[dict[Key, Stored]]:
    """Return those values whose tags have not changed."""
    tags = list({tag for stored in found.values() for tag in stored.tags})
    if not tags:
        return found
    wires = tag_wires(tags)
    answer = yield Call(list(found), lambda server: server.read("MGET", *wires))
    stamps = {} if answer is FAILED else stamps_of(tags, answer)
    return {
        key: stored
        for key, stored in found.items()
        if are_current(stored.tags, stamps) and not core.debts.covers_any_tag(stored.tags)
    }
