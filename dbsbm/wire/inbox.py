"""The durable inbox: a command that was acknowledged is handled, whatever dies on the way.

A broker message that a worker has popped and not yet registered is lost when that worker is killed.
So the bot writes each command twice in one MULTI: into its queue, and into this inbox on the same
broker. A worker settles the entry once the command's transaction is committed; the relay pushes the
exact message again while the entry stays. Commands are idempotent by their interaction's id.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from typing import Any, cast

import redis

log = logging.getLogger(__name__)

MESSAGES = "dbsbm:inbox:messages"
DUE = "dbsbm:inbox:due"

# A worker usually commits within 0.1 s. Pushing early costs a duplicate that is recognised.
GRACE_SECONDS = 10.0
# Discord forgets an interaction after 15 minutes: later nobody can be answered any more.
GIVE_UP_SECONDS = 14 * 60.0

_PUSH_AGAIN = """
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if not entry then redis.call('ZREM', KEYS[2], ARGV[1]) return 0 end
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
local decoded = cjson.decode(entry)
redis.call('LPUSH', decoded['key'], decoded['message'])
return 1
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One command in the inbox.

    Attributes:
        interaction_id: Its id.
        task: The task that handles it.
        key: The broker's list that it was pushed to.
        message: The message itself, as Celery reads it from that list.
        received: Unix time at which the bot wrote it.
    """

    interaction_id: int
    task: str
    key: str
    message: str
    received: float

    def to_json(self) -> str:
        """The entry as the inbox stores it."""
        return json.dumps(
            {"task": self.task, "key": self.key, "message": self.message, "at": self.received}
        )

    @classmethod
    def from_json(cls, interaction_id: int, text: str | bytes) -> Entry:
        """Read an entry back."""
        data = json.loads(text)
        return cls(interaction_id, data["task"], data["key"], data["message"], data["at"])


def enqueue(pipe: Any, entry: Entry) -> None:
    """Queue the commands that write an entry to a MULTI pipeline, of either kind of client."""
    pipe.lpush(entry.key, entry.message)
    pipe.hset(MESSAGES, str(entry.interaction_id), entry.to_json())
    pipe.zadd(DUE, {str(entry.interaction_id): entry.received + GRACE_SECONDS})


class Inbox:
    """The workers' side of the inbox."""

    def __init__(self, broker: redis.Redis) -> None:
        self._broker = broker
        self._push_again = broker.register_script(_PUSH_AGAIN)

    def settle(self, interaction_id: int) -> None:
        """Forget a command that is committed. Safe to call twice."""
        self._forget(str(interaction_id))

    def size(self) -> int:
        """Commands not yet settled."""
        return int(self._broker.zcard(DUE))

    def push_due(self, *, limit: int = 200) -> tuple[int, list[Entry]]:
        """Push the overdue commands again.

        Returns:
            How many were pushed, and the entries that are too old to be answered. These stay until
            the caller has recorded them and settles them. An entry that cannot be read is
            dropped, because it would hold up all that come after it.
        """
        now = time.time()
        pushed, expired = 0, []
        for raw in self._overdue(now, limit):
            text = self._broker.hget(MESSAGES, raw)
            try:
                entry = Entry.from_json(int(raw), cast(bytes, text)) if text else None
            except (ValueError, TypeError, KeyError):
                self._drop(raw)
                continue
            if entry is not None and now - entry.received > GIVE_UP_SECONDS:
                expired.append(entry)
                continue
            pushed += int(
                cast(int, self._push_again(keys=[MESSAGES, DUE], args=[raw, now + GRACE_SECONDS]))
            )
        return pushed, expired

    def _drop(self, raw: bytes) -> None:
        log.error(
            "An entry of the inbox cannot be read and is dropped; another version wrote it?",
            extra={"action": "inbox.unreadable"},
        )
        self._forget(raw)

    def _forget(self, member: str | bytes) -> None:
        with self._broker.pipeline(transaction=True) as pipe:
            pipe.hdel(MESSAGES, cast(str, member))
            pipe.zrem(DUE, member)
            pipe.execute()

    def _overdue(self, now: float, limit: int) -> list[bytes]:
        return cast(
            list[bytes],
            self._broker.zrange(DUE, "-inf", str(now), byscore=True, offset=0, num=limit),
        )
