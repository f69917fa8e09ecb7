"""The texts of fingerprints, so that whoever is shown a number can be shown the statement.

Each process leaves a text on the broker once an hour at most, for as long as it runs the statement.
The sampler takes what is there. Both may happen twice or be cut off: the same text is kept once.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import cast

import msgspec
import redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import Statement
from dbsbm.monitor.readings.fingerprint import Fingerprint

log = logging.getLogger(__name__)

WAITING = "dbsbm:metrics:statements"
MOST_WAITING = 2000
"""Texts on the broker; further ones are left out until the sampler has taken these."""
TELL_AGAIN_SECONDS = 3600.0
_MOST_KNOWN = 4096
_WORD = 64

_LEAVE = """
for i = 2, #ARGV, 2 do
    local known = redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1
    if known or redis.call('HLEN', KEYS[1]) < tonumber(ARGV[1]) then
        redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    end
end
"""


class StatementTexts:
    """What one process has to tell. `saw` is called by the statements' threads and never waits."""

    def __init__(self, broker: redis.Redis, clock: Callable[[], float] = monotonic) -> None:
        self._leave = broker.register_script(_LEAVE)
        self._clock = clock
        self._told: dict[str, float] = {}
        self._new: deque[Fingerprint] = deque(maxlen=MOST_WAITING)

    def saw(self, kind: Fingerprint) -> None:
        """A statement ran."""
        told = self._told.get(kind.id)
        if told is None or self._clock() - told >= TELL_AGAIN_SECONDS:
            if len(self._told) >= _MOST_KNOWN:
                self._told.clear()
            self._told[kind.id] = self._clock()
            self._new.append(kind)

    def tell(self) -> None:
        """Leave the new texts on the broker.

        Raises:
            redis.RedisError: It is away; the texts are told with the next ones.
        """
        new = [self._new.popleft() for _ in range(len(self._new))]
        if not new:
            return
        pairs = [part for kind in new for part in (kind.id, _spelled(kind))]
        try:
            self._leave(keys=[WAITING], args=[MOST_WAITING, *pairs])
        except redis.RedisError:
            self._new.extendleft(reversed(new))
            raise


def _spelled(kind: Fingerprint) -> str:
    return json.dumps({"text": kind.text, "verb": kind.verb[:_WORD], "table": kind.table[:_WORD]})


def store_statements(database: Database, broker: redis.Redis) -> int:
    """Write down the texts that wait on the broker. Returns how many.

    Raises:
        TransientError: The database is away; the texts go on waiting.
        redis.RedisError: The broker is away.
    """
    waiting = cast(dict[bytes, bytes], broker.hgetall(WAITING))
    if not waiting:
        return 0
    texts = {key.decode(): text for key, value in sorted(waiting.items()) if (text := _read(value))}
    database.transact(lambda session: _write(session, texts))
    broker.hdel(WAITING, *waiting)
    return len(texts)


class _Text(msgspec.Struct):
    """What is told of a fingerprint; keys of another version are left out."""

    text: str
    verb: str
    table: str


def _read(told: bytes) -> _Text | None:
    try:
        return msgspec.json.decode(told, type=_Text)
    except msgspec.MsgspecError:
        log.warning(
            "A statement's text cannot be read; it is dropped.",
            exc_info=True,
            extra={"action": "monitor.refused"},
        )
        return None


def _write(session: Session, texts: dict[str, _Text]) -> None:
    now = datetime.now(UTC)
    known = session.scalars(
        select(Statement).where(Statement.fingerprint.in_(texts)).with_for_update()
    )
    seen = {row.fingerprint: row for row in known}
    for fingerprint, told in texts.items():
        row = seen.get(fingerprint)
        if row is None:
            session.add(
                Statement(
                    fingerprint=fingerprint,
                    text=told.text,
                    verb=told.verb,
                    table=told.table,
                    first_seen=now,
                    last_seen=now,
                )
            )
        else:
            row.last_seen = now
