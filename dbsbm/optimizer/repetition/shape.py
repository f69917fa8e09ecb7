"""What makes two calls the same kind of call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CallKind = Literal["sql", "cache", "provider", "discord"]


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of call.

    Attributes:
        kind: What is called.
        id: The statement's fingerprint, the endpoint, the route: never a value, and the same in
            every process.
        batch: What one call asks for or writes at once, where its text says so: the values of its
            longest `IN` list, or the rows that it inserts.
        walks: It reads a table part by part, by a position: the next page, the next range of keys.
        writes: It changes rows, so that its row count says how many one call changed.
    """

    kind: CallKind
    id: str
    batch: int = 1
    walks: bool = False
    writes: bool = False
