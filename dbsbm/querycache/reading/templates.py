"""Tags foretold: what a call will depend on, by what another call of its function depended on.

Most functions read the rows that their arguments name, so that the tags of one call become those of
another when the arguments change places in them: `t:bets:guild_id=#7` of a call with guild 7 is
`t:bets:guild_id=#8` of a call with guild 8. A key holds the arguments as tags spell them.

What is foretold may be wrong, and is always looked at after the load: it decides whether a first
load can be kept, never whether a kept one is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Final

from dbsbm.cache.forks import renew_after_fork
from dbsbm.cache.keys import Key, prefix

MOST: Final = 1_000
"""Templates that a process remembers."""

_SIGNS: Final = "?!#@+=$"
"""What an argument that is no text begins with, by its type; and a hash, in place of them all."""

_Call = tuple[str, ...]
_Template = tuple[Callable[[_Call], str], ...]


@dataclass(frozen=True, slots=True)
class _Lesson:
    """A template, and whether the latest call that was looked at depended on what it says."""

    template: _Template
    holds: bool


class Templates:
    """Remembers how the tags of calls follow from their arguments. Threads may share it."""

    def __init__(self) -> None:
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Remember nothing."""
        self._lock = Lock()
        self._lessons: dict[_Call, _Lesson] = {}

    def foretell(self, key: Key) -> tuple[str, ...] | None:
        """Return what the result under a key will depend on; None where nothing can be said."""
        call = _call(key)
        lesson = self._lessons.get(_shape(call))
        return _filled(lesson.template, call) if lesson is not None and lesson.holds else None

    def learn(self, key: Key, tags: tuple[str, ...]) -> None:
        """Take note of what the result under a key was seen to depend on."""
        call = _call(key)
        shape = _shape(call)
        if shape[0].startswith("$"):
            return
        with self._lock:
            known = self._lessons.get(shape)
            if known is not None and set(_filled(known.template, call)) == set(tags):
                self._lessons[shape] = _Lesson(known.template, holds=True)
                return
            if len(self._lessons) >= MOST:
                self._lessons.clear()
            # Where one template was wrong already, the next one has to be right once before it
            # counts: of some functions the rows that they read name others.
            self._lessons[shape] = _Lesson(_template(call, tags), holds=known is None)


def _call(key: Key) -> _Call:
    """Return the function's name and the arguments as a key spells them; text as tags fold it."""
    words = key.wire.removeprefix(prefix(key.category)).split(":")
    return words[0], *(w if w[:1] in _SIGNS or "%" in w else w.casefold() for w in words[1:])


def _shape(call: _Call) -> _Call:
    """Return what calls have in common that read alike: the function, and its arguments' types."""
    return call[0], *(word[:1] if word[:1] in _SIGNS else "" for word in call[1:])


def _template(call: _Call, tags: tuple[str, ...]) -> _Template:
    places = {word: place for place, word in reversed([*enumerate(call)]) if place and word}
    return tuple(_tag_template(tag, places) for tag in tags)


def _tag_template(tag: str, places: Mapping[str, int]) -> Callable[[_Call], str]:
    """Return what makes a tag of a call, of the tag of another call."""
    table, _, pins = tag.rpartition(":")
    pairs = [pin.partition("=") for pin in pins.split(",")]
    named = [(f"{name}{sign}", value, places.get(value)) for name, sign, value in pairs]
    if all(place is None for _name, _value, place in named):
        return partial(_constant, tag)
    return partial(_pinned, table, named)


def _constant(tag: str, _call: _Call) -> str:
    return tag


def _pinned(table: str, named: list[tuple[str, str, int | None]], call: _Call) -> str:
    pins = (name + (value if place is None else call[place]) for name, value, place in named)
    return f"{table}:{','.join(pins)}"


def _filled(template: _Template, call: _Call) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag(call) for tag in template))
