"""How the absence of the cache's server shows, and how it is told to whoever needs the server."""

from __future__ import annotations

from typing import Final

import redis

from dbsbm.errors import TransientError

FAILURES: Final = (redis.RedisError, OSError, TimeoutError)
"""All that a client may raise when the server is away, slow, full, read-only or wants a login."""

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
