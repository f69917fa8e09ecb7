"""How a query asks for the cache."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from dbsbm.cache.categories import Category

OPTION: Final = "cache"
"""The execution option by which a query asks for the cache."""


@dataclass(frozen=True, slots=True)
class CacheFor:
    """A wish for the cache, as a query's execution option `cache`.

    Attributes:
        ttl: How long the answer may live, where that is shorter than its category's lifetime.
        category: What kind of value it is; the query cache's own kind where none is said.
    """

    ttl: timedelta | None = None
    category: Category | None = None


def wish(value: Any) -> CacheFor | None:
    """Read the option: True, a lifetime or a `CacheFor`; None and False ask for nothing.

    Raises:
        TypeError: It is something else.
    """
    if value is None or value is False:
        return None
    if value is True:
        return CacheFor()
    if isinstance(value, timedelta):
        return CacheFor(ttl=value)
    if isinstance(value, CacheFor):
        return value
    raise TypeError(
        f"the execution option {OPTION!r} must be True, a timedelta or a CacheFor, "
        f"not a {type(value).__qualname__}"
    )
