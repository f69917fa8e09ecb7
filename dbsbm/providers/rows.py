"""From a list in an answer to rows, when some of its items may be broken."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from dbsbm.providers.errors import BadAnswer
from dbsbm.providers.fields import JsonObject, Undecided, Unreadable

log = logging.getLogger(__name__)

T = TypeVar("T")


def read_rows(
    provider: str, what: str, found: Iterable[JsonObject], parse: Callable[[JsonObject], T]
) -> tuple[list[T], tuple[str, ...]]:
    """Return the rows that can be read, and a sentence about those that cannot.

    One broken game must not hide the others; nothing but broken ones means that the layout has
    changed.

    Args:
        provider: Name of the provider, for the sentences.
        what: Plural name of the rows, for the sentences.
        found: Items of the answer.
        parse: Raises `Unreadable` for a broken item and `Undecided` for one to pass over.

    Raises:
        BadAnswer: There are items and none can be read.
    """
    rows: list[T] = []
    missing: list[str] = []
    for item in found:
        try:
            rows.append(parse(item))
        except Unreadable as error:
            missing.append(str(error))
        except Undecided:
            continue
    if not missing:
        return rows, ()
    gap = f"{len(missing)} of the {what} from {provider} could not be read: no {missing[0]}."
    log.warning(gap, extra={"action": "providers.unreadable", "provider": provider})
    if not rows:
        raise BadAnswer(gap, provider=provider)
    return rows, (gap,)
