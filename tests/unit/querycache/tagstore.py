"""A cache's tags in memory, which writes down what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any


class TagStore:
    """Stamps of tags, as the engine keeps them; `is_away` plays a server that does not answer."""

    def __init__(self) -> None:
        self.is_away = False
        self.told: list[tuple[str, tuple[str, ...]]] = []
        self.guards: dict[int, tuple[str, ...]] = {}
        self._numbers = count(1)
        self._stamps: dict[str, int] = {}

    def stamp(self, tag: str) -> int:
        """The stamp of a tag; it changes whenever the tag is invalidated."""
        return self._stamps.setdefault(tag, 0)

    def stamps(self, tags: Sequence[str]) -> dict[str, int]:
        return {tag: self.stamp(tag) for tag in tags}

    def guard(self, tags: Sequence[str], *, for_ms: int) -> Any | None:
        assert tags
        assert for_ms > 0
        self.told.append(("guard", tuple(sorted(tags))))
        if self.is_away:
            return None
        token = self._bump(tags)
        self.guards[token] = tuple(tags)
        return token

    def release(self, token: Any, tags: Sequence[str]) -> bool:
        self.told.append(("release", tuple(sorted(tags))))
        assert self.guards.pop(token) == tuple(tags)
        return bool(self._bump(tags))

    def invalidate_tags(self, *tags: str) -> bool:
        self.told.append(("invalidate", tuple(sorted(tags))))
        return False if self.is_away else bool(self._bump(tags))

    @property
    def released(self) -> set[str]:
        """Every tag that was released, or invalidated outright."""
        return {tag for verb, tags in self.told if verb != "guard" for tag in tags}

    def _bump(self, tags: Sequence[str]) -> int:
        number = next(self._numbers)
        self._stamps.update(dict.fromkeys(tags, number))
        return number
