"""Every value that can be cached, for hypothesis, and what it means that two are exactly equal."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag, IntEnum, StrEnum
from typing import Any

from hypothesis import strategies as st

from dbsbm.cache.values.cacheable import cacheable
from dbsbm.cache.values.rows import Row, make_row


@cacheable
class Colour(Enum):
    RED = Decimal("0.5")
    BLUE = ("a", 1)


@cacheable(name="tests.level")
class Level(IntEnum):
    LOW = 1
    HIGH = 3


@cacheable
class Word(StrEnum):
    YES = "yes"
    AGREED = "yes"


@cacheable
class Access(Flag):
    READ = 1
    WRITE = 2


@cacheable(name="tests.leg")
@dataclass(frozen=True, slots=True)
class Leg:
    market: str
    odds: Any
    tags: Any = ()


@cacheable
@dataclass
class Slip:
    legs: list[Any] = field(default_factory=list)
    note: Any = None


texts = st.text() | st.text(st.characters(categories=["Cs"]) | st.characters(), max_size=8)
offsets = st.integers(-86_399, 86_399).map(lambda seconds: timezone(timedelta(seconds=seconds)))
zones = st.none() | st.just(UTC) | offsets | st.timezones()
members = st.sampled_from([*Colour, *Level, *Word, *Access, Access.READ | Access.WRITE, Access(0)])

hashable_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(60, 20_000).map(lambda bits: 1 - (1 << bits)),
    st.floats(),
    texts,
    st.binary(),
    st.decimals().filter(lambda value: not value.is_snan()),
    st.datetimes(timezones=zones),
    st.dates(),
    st.times(timezones=zones),
    st.timedeltas(),
    st.uuids(),
    members,
)
hashables = st.recursive(
    hashable_scalars,
    lambda inner: (
        st.tuples(inner)
        | st.tuples(inner, inner)
        | st.frozensets(inner, max_size=3)
        | st.builds(Leg, texts, inner, inner)
    ),
    max_leaves=6,
)
keys = texts | st.sampled_from(["", "$decimal", "id"])
columns = st.lists(texts | st.sampled_from(["id", "count", "_fields"]), max_size=4)


def rows(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Row]:
    return columns.flatmap(
        lambda names: st.tuples(*[inner] * len(names)).map(
            lambda values: make_row(tuple(names), values)
        )
    )


values = st.recursive(
    hashable_scalars | st.decimals(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(keys, inner, max_size=4),
        st.dictionaries(hashables, inner, max_size=3),
        st.tuples(inner, inner),
        st.sets(hashables, max_size=4),
        st.frozensets(hashables, max_size=4),
        st.builds(Slip, st.lists(inner, max_size=2), inner),
        rows(inner),
    ),
    max_leaves=12,
)


def shape(value: Any) -> Any:
    """Return what tells a value from every other: types, order, digits, zones and signs."""
    kind = type(value).__name__
    if isinstance(value, dict):
        return kind, [(shape(key), shape(item)) for key, item in value.items()]
    if isinstance(value, Row):
        return kind, value._fields, [shape(item) for item in value]
    if isinstance(value, list | tuple) and not isinstance(value, Enum):
        return kind, [shape(item) for item in value]
    if isinstance(value, set | frozenset):
        return kind, sorted(repr(shape(item)) for item in value)
    if is_dataclass(value):
        return kind, [shape(getattr(value, part.name)) for part in fields(value)]
    return kind, hex(value) if type(value) is int else repr(value)
