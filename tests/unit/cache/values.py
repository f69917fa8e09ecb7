"""Every value that can be cached, for hypothesis, and what it means that two are exactly equal."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

texts = st.text() | st.text(st.characters(categories=["Cs"]) | st.characters(), max_size=8)
offsets = st.integers(-86_399, 86_399).map(lambda seconds: timezone(timedelta(seconds=seconds)))
zones = st.none() | st.just(UTC) | offsets | st.timezones()

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
    st.uuids(),
)
hashables = st.recursive(
    hashable_scalars,
    lambda inner: st.tuples(inner) | st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)
keys = texts | st.sampled_from(["$decimal", "$dict", "$", "$unknown"])
values = st.recursive(
    hashable_scalars | st.decimals(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(keys, inner, max_size=4),
        st.dictionaries(hashables, inner, max_size=3),
        st.tuples(inner, inner),
        st.sets(hashables, max_size=4),
        st.frozensets(hashables, max_size=4),
    ),
    max_leaves=12,
)


def shape(value: Any) -> Any:
    """Return what tells a value from every other: types, order, digits, zones and signs."""
    kind = type(value).__name__
    if isinstance(value, dict):
        return kind, [(shape(key), shape(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return kind, [shape(item) for item in value]
    if isinstance(value, set | frozenset):
        return kind, sorted(repr(shape(item)) for item in value)
    return kind, hex(value) if type(value) is int else repr(value)
