"""`/warm` and the beat's warming: fills the cache before members ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from dbsbm.cache.categories import Category
from dbsbm.commands.reply import Reply
from dbsbm.errors import UserError

Warmer = Callable[[], int]


def chosen(text: str, warmers: Mapping[str, Warmer]) -> list[str]:
    """Read the categories that an administrator typed: names separated by commas, or `all`.

    Raises:
        UserError: One of them is no category, or cannot be warmed.
    """
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    if not names or names == ["all"]:
        return list(warmers)
    for name in names:
        if name in warmers:
            continue
        if name in list(Category):
            raise UserError(f"{name} fills itself as members use it: use {', '.join(warmers)}.")
        raise UserError(f"There is no category {name[:40]!r}: use {', '.join(warmers)} or all.")
    return list(dict.fromkeys(names))


def warm(names: Iterable[str], warmers: Mapping[str, Warmer]) -> dict[str, int]:
    """Warm categories by name; returns keys written by category."""
    return {name: warmers[name]() for name in names}


def report(written: Mapping[str, int]) -> Reply:
    """Tell what was warmed."""
    width = max(map(len, written), default=0)
    lines = [f"{name:<{width}}  {count:>5}" for name, count in written.items()]
    total = sum(written.values())
    return Reply("Warmed {} keys.\n```\n{}\n```".format(total, "\n".join(lines)))
