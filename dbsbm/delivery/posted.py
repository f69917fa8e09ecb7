"""Remembers what was posted in channels, for as long as an effect is tried.

Discord recognises a repeated nonce for some minutes only. Where the database is away for longer
right after a post, the effect is still pending and would be posted again: so the broker knows it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import cast

import redis

_REMEMBERED_SECONDS = 2 * 86400  # longer than an effect is tried


class Posted:
    """Message ids by what was posted: an effect's id, or a name.

    A broker that does not answer costs the memory, never the post.
    """

    def __init__(self, broker: redis.Redis) -> None:
        self._broker = broker

    def recall(self, what: int | str) -> int | None:
        """The message that something was posted as, None where it was not."""
        with suppress(redis.RedisError):
            stored = cast(bytes | None, self._broker.get(_key(what)))
            return None if stored is None else int(stored)
        return None

    def remember(self, what: int | str, message_id: int) -> None:
        """Note a message that is in the channel now."""
        with suppress(redis.RedisError):
            self._broker.set(_key(what), message_id, ex=_REMEMBERED_SECONDS)


def _key(what: int | str) -> str:
    return f"dbsbm:posted:{what}"
