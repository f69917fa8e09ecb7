"""A table as SHOW CREATE TABLE prints it: its indexes in their order, and the way back to it.

A server prints unique indexes before others and, among equals, the older first. So an index that
is made again comes last, and with it those that followed it have to be made again, all in one
ALTER TABLE: most servers find out which of them have not changed, and only move their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dbsbm.optimizer.applying.ddl import (
    NAME,
    Alteration,
    split_clauses,
    unquoted,
    within_parentheses,
)
from dbsbm.optimizer.server.model import Flavor
from dbsbm.optimizer.server.quoting import quoted

_KEY = re.compile(
    r" +(?P<definition>(?P<kind>UNIQUE |FULLTEXT |SPATIAL )?"
    r"KEY (?P<name>`(?:[^`]|``)+`) (?P<rest>.*?)),?\Z",
    re.DOTALL,
)
# Names may hold the end of a line, and comments what Unicode takes for one.
_LINES = re.compile(r"(?:'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`|[^\n])+", re.DOTALL)
_COLUMN = re.compile(rf"({NAME})(.*)", re.DOTALL)
_HIDDEN = re.compile(r"(?: IGNORED| /\*!80000 INVISIBLE \*/)\Z")
_NEXT_NUMBER = re.compile(r" AUTO_INCREMENT=\d+")


@dataclass(frozen=True, slots=True)
class Key:
    """An index but the primary key.

    Attributes:
        definition: As SHOW CREATE TABLE prints it, and as ADD takes it, without whether it is
            hidden.
        kind: UNIQUE, FULLTEXT or SPATIAL; empty for a plain one.
        columns: See `columns_of`.
        hidden: The planner does not use it.
    """

    name: str
    definition: str
    kind: str
    columns: str
    hidden: bool


def keys_of(layout: str) -> tuple[Key, ...]:
    """The indexes of a table in their order, without the primary key.

    Args:
        layout: What SHOW CREATE TABLE printed.
    """
    return tuple(_key(found) for line in _LINES.findall(layout) if (found := _KEY.match(line)))


def same(one: str, other: str) -> bool:
    """Tell whether two layouts are the same, byte for byte, but for the next automatic number."""
    return plain(one) == plain(other)


def plain(layout: str) -> str:
    """A layout without the next automatic number."""
    return _NEXT_NUMBER.sub("", layout)


def hide_clause(flavor: Flavor, name: str, *, hidden: bool) -> str:
    """The clause of ALTER TABLE that hides an index from the planner, or shows it again."""
    words = {"mariadb": ("NOT IGNORED", "IGNORED"), "mysql": ("VISIBLE", "INVISIBLE")}
    return f"ALTER INDEX {quoted(name)} {words[flavor][hidden]}"


def without(
    now: Sequence[Key], before: Sequence[Key], change: Alteration, order: Sequence[Key] = ()
) -> tuple[Key, ...]:
    """The indexes that a table has once a change is taken back; what was changed since stays.

    Args:
        now: The indexes that there are.
        before: Those that there were before the change.
        change: All that was changed.
        order: Those that there were before earlier changes that may be taken back as well.
    """
    added = {index.name for index in change.adds}
    old = {key.name: key for key in before}
    wanted = [_as_it_was(key, old.get(key.name), change) for key in now if key.name not in added]
    for key in before:
        if key.name in change.drops and all(key.name != each.name for each in wanted):
            wanted.insert(_place_of(key, wanted, order, before), key)
    return tuple(wanted)


def clauses_between(now: Sequence[Key], wanted: Sequence[Key], flavor: Flavor) -> list[str]:
    """The clauses of one ALTER TABLE that turns some indexes into others, in their order."""
    drops: list[str] = []
    adds: list[str] = []
    kept: set[str] = set()
    for kind in dict.fromkeys(key.kind for key in (*now, *wanted)):
        old = [key for key in now if key.kind == kind]
        new = [key for key in wanted if key.kind == kind]
        gone, made = _between(old, new)
        drops += [f"DROP INDEX {quoted(key.name)}" for key in gone]
        adds += [f"ADD {_spelled(key, flavor)}" for key in made]
        kept |= {key.name for key in old} - {key.name for key in gone}
    were_hidden = {key.name: key.hidden for key in now}
    turned = [
        hide_clause(flavor, key.name, hidden=key.hidden)
        for key in wanted
        if key.name in kept and key.hidden != were_hidden[key.name]
    ]
    return [*drops, *adds, *turned]


def _between(old: Sequence[Key], new: Sequence[Key]) -> tuple[list[Key], list[Key]]:
    """Which of one kind are dropped and made: from the first that is not in its place on."""
    wanted = {key.name: key.definition for key in new}
    staying = [key for key in old if wanted.get(key.name) == key.definition]
    place = 0
    while place < len(staying) and staying[place].name == new[place].name:
        place += 1
    stays = {key.name for key in staying[:place]}
    return [key for key in old if key.name not in stays], list(new[place:])


def _place_of(key: Key, wanted: Sequence[Key], *orders: Sequence[Key]) -> int:
    """The place behind the last index that came earlier, in the first order that has the key."""
    for order in orders:
        names_there = [each.name for each in order]
        if key.name in names_there:
            earlier = set(names_there[: names_there.index(key.name)])
            return max((n + 1 for n, each in enumerate(wanted) if each.name in earlier), default=0)
    return len(wanted)


def _as_it_was(key: Key, old: Key | None, change: Alteration) -> Key:
    touched = key.name in {*change.drops, *change.hides, *change.shows}
    return replace(key, hidden=old.hidden) if touched and old is not None else key


def _spelled(key: Key, flavor: Flavor) -> str:
    hidden = {"mariadb": " IGNORED", "mysql": " INVISIBLE"}[flavor]
    return key.definition + (hidden if key.hidden else "")


def _key(found: re.Match[str]) -> Key:
    definition = found["definition"]
    shown = _HIDDEN.sub("", definition)
    kind = (found["kind"] or "").strip()
    return Key(
        unquoted(found["name"]), shown, kind, columns_of(found["rest"]), hidden=shown != definition
    )


def columns_of(rest: str) -> str:
    """The columns of an index as a text that can be compared, such as "`a`,`b`(10)".

    Args:
        rest: What follows the name in its definition.
    """
    return ",".join(map(_comparable, split_clauses(within_parentheses(rest)))).lower()


def _comparable(part: str) -> str:
    name, how = found.groups() if (found := _COLUMN.match(part)) else ("", part)
    how = re.sub(r"\s+ASC\b|\s+", "", how, flags=re.IGNORECASE)
    return (quoted(unquoted(name)) if name else "") + how


def names(keys: Iterable[Key]) -> set[str]:
    """The names of indexes, in lower case: servers ignore the case."""
    return {key.name.lower() for key in keys}
