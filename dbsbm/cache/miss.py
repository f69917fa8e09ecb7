"""The answer of a cache that does not hold a value, which is not None: None can be cached."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal


class Miss(Enum):
    """A type of one value, so that `value is MISS` narrows types."""

    MISS = "miss"

    def __bool__(self) -> Literal[False]:
        return False


MISS: Final = Miss.MISS
