"""Evidence that is there, or says why it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from dbsbm.errors import DbsbmError

T = TypeVar("T")


class NotEnabledError(DbsbmError):
    """A rule could not look. The text says what it lacks, and how to switch it on."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Stands for a part of the evidence that could not be read."""

    reason: str


def present(part: T | Missing) -> T:
    """The part itself.

    Raises:
        NotEnabledError: It is missing.
    """
    if isinstance(part, Missing):
        raise NotEnabledError(part.reason)
    return part
