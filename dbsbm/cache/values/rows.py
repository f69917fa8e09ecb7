"""A row of a query's result, as it comes out of the cache: a named tuple of its own.

A database library's row refers to the statement and the connection that it came from. What is
cached are its names and its values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from types import MappingProxyType
from typing import Any, ClassVar

# Shapes are classes, and a cache that was written by another release may hold any number.
_SHAPES = 512


class Row(tuple[Any, ...]):
    """Values with names: by place, by attribute, and as a mapping.

    A name that several columns bear, or that is one of this class's own, is no attribute; such
    columns are found by their place.

    Attributes:
        _fields: The names in order, as on a named tuple.
    """

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()
    _unique: ClassVar[Mapping[str, int]] = MappingProxyType({})

    def __getattr__(self, name: str) -> Any:
        """Refuse a name that is none or not the only one of its kind."""
        reason = "several columns" if name in self._fields else "no column"
        raise AttributeError(f"the row has {reason} named {name!r}: {', '.join(self._fields)}")

    @property
    def _mapping(self) -> Mapping[str, Any]:
        """The values by name; without the names that several columns bear."""
        return MappingProxyType({name: self[place] for name, place in self._unique.items()})

    def _asdict(self) -> dict[str, Any]:
        """Return the values by name, as a dict of the caller's own."""
        return dict(self._mapping)

    def __reduce__(self) -> tuple[Callable[..., Row], tuple[Any, ...]]:
        return make_row, (self._fields, tuple(self))

    def __repr__(self) -> str:
        pairs = zip(self._fields, self, strict=True)
        return f"Row({', '.join(f'{name}={value!r}' for name, value in pairs)})"


def make_row(fields: tuple[str, ...], values: Iterable[Any]) -> Row:
    """Return a row of these names and values.

    Raises:
        ValueError: There are not as many names as values.
    """
    row = tuple.__new__(_shape(fields), values)
    if len(row) != len(fields):
        raise ValueError(f"a row of {len(row)} values has {len(fields)} names")
    return row


@lru_cache(maxsize=_SHAPES)
def _shape(fields: tuple[str, ...]) -> type[Row]:
    """Return the class of all rows of these names: attributes then cost no search."""
    count = Counter(fields)
    unique = {name: place for place, name in enumerate(fields) if count[name] == 1}
    # As with SQLAlchemy's own, a column may hide the two methods of a tuple that bear plain words.
    attributes = {
        name: property(itemgetter(place))
        for name, place in unique.items()
        if name in {"count", "index"} or not (name.startswith("__") or hasattr(Row, name))
    }
    own = {"__slots__": (), "_fields": fields, "_unique": MappingProxyType(unique)}
    return type("Row", (Row,), attributes | own)


@lru_cache(maxsize=_SHAPES)
def is_row_type(kind: type) -> bool:
    """Tell whether instances are rows: SQLAlchemy's, ours, or what looks like them."""
    return all(hasattr(kind, name) for name in ("_fields", "_mapping", "__len__", "__getitem__"))
