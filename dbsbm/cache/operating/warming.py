"""Loading again what was read most and is gone, from the log of hot keys.

The key of a cached function's value holds the function's name and its arguments (see
`dbsbm.cache.decorator`), so the log needs nothing else to have it loaded by any process that knows
the function. Keys that are too long to hold them, and keys of other values, are left alone.
"""

from __future__ import annotations

import inspect
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, DecimalException
from enum import Enum
from typing import Any, Final, cast, get_args, get_type_hints
from urllib.parse import unquote
from uuid import UUID

import redis

from dbsbm.cache.away import away
from dbsbm.cache.keys import BATCH, NAMESPACE, Part
from dbsbm.cache.operating.hotlog import Hot

log = logging.getLogger(__name__)

BUDGET: Final = timedelta(seconds=20)

Reload = Callable[[], object]
Finder = Callable[[str], Reload | None]
"""Given a key of the server, returns what loads its value; None where it does not know."""

# A part follows each colon; of all parts only a time has colons itself.
_PART: Final = re.compile(r":(@[^:]*T\d\d:\d\d:[^:]*|[^:]*)")

_UNREADABLE: Final = (ValueError, DecimalException)


@dataclass(frozen=True, slots=True)
class WarmReport:
    """What a warming did.

    Attributes:
        loaded: Keys that were gone and were loaded.
        there: Keys that were there.
        unknown: Keys that were gone and that nobody knows how to load.
        failed: Keys whose load failed.
        left: Keys that it did not come to in its time.
    """

    loaded: int = 0
    there: int = 0
    unknown: int = 0
    failed: int = 0
    left: int = 0


def warm_up(
    client: redis.Redis,
    hottest: Sequence[Hot],
    find: Finder,
    *,
    budget: timedelta = BUDGET,
    clock: Callable[[], float] = time.monotonic,
) -> WarmReport:
    """Load those keys that are gone, in their order.

    Args:
        client: A client from `connect`.
        hottest: What to look for, the most important first.
        find: See `function_finder`.
        budget: Time after which no further load is begun.
        clock: Seconds that only grow.

    Raises:
        TransientError: The cache's server does not answer.
    """
    wires = [hot.wire for hot in hottest]
    ends_at, done = clock() + budget.total_seconds(), {"loaded": 0, "unknown": 0, "failed": 0}
    gone = _gone(client, wires)
    for number, wire in enumerate(gone):
        if clock() >= ends_at:
            return WarmReport(there=len(wires) - len(gone), left=len(gone) - number, **done)
        done[_load(find(wire), wire)] += 1
    return WarmReport(there=len(wires) - len(gone), **done)


def function_finder(functions: Mapping[str, Callable[..., Any]]) -> Finder:
    """Return what finds the calls of cached functions.

    Args:
        functions: Those that a cache caches, by name: `cache.functions`.
    """

    def find(wire: str) -> Reload | None:
        parts = parts_of(wire)
        function = functions.get(cast(str, parts[0])) if parts else None
        return _call_of(function, parts[1:], wire) if function is not None and parts else None

    return find


def parts_of(wire: str) -> tuple[Part, ...] | None:
    """Return the parts that a key was made of, None where it does not hold them.

    An enum member comes back as its value.
    """
    words = _PART.findall(wire.removeprefix(NAMESPACE))
    if not wire.startswith(NAMESPACE) or not words or words[0].startswith("$"):
        return None
    try:
        return tuple(map(_read, words))
    except _UNREADABLE:
        return None


def _gone(client: redis.Redis, wires: Sequence[str]) -> list[str]:
    gone: list[str] = []
    try:
        for start in range(0, len(wires), BATCH):
            batch = wires[start : start + BATCH]
            pipe = client.pipeline(transaction=False)
            for wire in batch:
                pipe.exists(wire)
            there = pipe.execute()
            gone += [wire for wire, is_there in zip(batch, there, strict=True) if not is_there]
    except (redis.RedisError, OSError) as error:
        raise away("nothing was loaded again", error) from error
    return gone


def _load(reload: Reload | None, wire: str) -> str:
    """Load a value, and say what came of it."""
    if reload is None:
        return "unknown"
    try:
        reload()
    except Exception as error:  # noqa: BLE001 - a loader may raise anything, and others wait
        log.warning(
            "A hot key could not be loaded again: %s.",
            type(error).__name__,
            extra={"action": "cache.warm_failed", "key": wire},
        )
        return "failed"
    return "loaded"


def arguments_of(
    function: Callable[..., Any], parts: Sequence[Part], *, past: int = 0
) -> list[Any]:
    """Return the arguments of a call from the parts of its key.

    Args:
        function: What was called.
        parts: Those of its parameters, in their order, with defaults.
        past: How many parameters at the front are no part of the key.

    Raises:
        Exception: They are not its arguments, or its annotations cannot be read.
    """
    hints = get_type_hints(inspect.unwrap(function))
    names = list(inspect.signature(function).parameters)[past:]
    return [_as_member(part, hints.get(name)) for name, part in zip(names, parts, strict=True)]


def _call_of(function: Callable[..., Any], parts: Sequence[Part], wire: str) -> Reload | None:
    """Return the call whose value has this key; None if these are not its arguments."""
    try:
        arguments = arguments_of(function, parts)
        key = cast(Any, function).key(*arguments)
    except Exception:  # noqa: BLE001 - a key may be made by a function that takes other arguments
        return None
    return (lambda: function(*arguments)) if key.wire == wire else None


def _as_member(part: Part, hint: Any) -> object:
    for kind in _enums(hint):
        for member in kind:
            if type(member.value) is type(part) and member.value == part:
                return member
    return part


def _enums(hint: Any) -> Iterable[type[Enum]]:
    kinds = (hint, *get_args(hint))
    return [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Enum)]


def _read(word: str) -> Part:
    sign, rest = word[:1], word[1:]
    if sign in _READERS:
        return _READERS[sign](rest)
    return unquote(word, errors="surrogatepass")


def _read_time(text: str) -> date:
    if "T" not in text:
        return date.fromisoformat(text)
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


_READERS: Final[Mapping[str, Callable[[str], Part]]] = {
    "?": lambda _: None,
    "!": lambda text: text == "1",
    "#": int,
    "@": _read_time,
    "+": UUID,
    "=": Decimal,
}
