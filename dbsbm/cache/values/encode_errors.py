"""Why a value cannot be stored."""

from __future__ import annotations

from dbsbm.errors import DbsbmError


class EncodeError(DbsbmError, TypeError):
    """A value cannot be cached, because it would not come back as it went in.

    Attributes:
        path: Where in the value, outermost first: `['legs', 0]`.
        advice: What to do about it; empty where the type can only be left out.
    """

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
        self.path: list[object] = []

    def __str__(self) -> str:
        steps = "".join(f"[{step!r:.80}]" for step in self.path)
        advice = f": {self.advice}" if self.advice else ""
        return f"cannot cache {self.reason} at value{steps}{advice}"


class TooLarge(EncodeError):
    """A value is larger than its category allows.

    Attributes:
        size: Its bytes when encoded, or fewer where that was enough to refuse it.
        limit: The category's largest encoded value.
    """

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"a value of {size} bytes or more, where {limit} are allowed,")
        self.size = size
        self.limit = limit


def type_name(value: object) -> str:
    """Return a value's type as a reader would look for it."""
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
