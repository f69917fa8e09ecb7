"""Says that the cache's server is away, and what to look at, to whoever cannot do without it."""

from __future__ import annotations

from typing import Final

from dbsbm.errors import TransientError

_LOGIN_SIGNS: Final = ("HELLO must be called", "NOAUTH", "WRONGPASS", "invalid username")


def reason_for(error: object) -> str:
    """Return a sentence that says what is wrong, and what to do."""
    text = str(error).rstrip(".")
    if any(sign in text for sign in _LOGIN_SIGNS):
        return "The cache's server wants another login; check the password of CACHE_URL."
    return f"The cache's server does not answer: {text}. Does it run where CACHE_URL says?"


def away(what: str, error: Exception) -> TransientError:
    """Return the error to raise.

    Args:
        what: What cannot be done, as a clause: `the counts cannot be read`.
        error: What the client raised.
    """
    return TransientError(f"{reason_for(error)} So {what}.")
