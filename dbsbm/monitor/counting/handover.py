"""How readings get from many processes to one row each: through the broker, and exactly once.

Each process delivers *parcels* of what it counted; the broker adds them up. A sampler takes all
that has come together as one *batch*, which nobody can take a second time, and discards it once its
rows are committed. The batch of a sampler that died or whose database failed is claimed by the
next. Whether its rows were committed after all is for the database to say (`metric_batches`).

The keys live on the broker and not on the cache, which may vanish at any time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import redis

SUMS = "dbsbm:metrics:sums"
PEAKS = "dbsbm:metrics:peaks"
NOTES = "dbsbm:metrics:notes"
LEASES = "dbsbm:metrics:leases"
TAKEN_AT = "dbsbm:metrics:taken_at"

MAX_SERIES = 4000
"""Series on the broker; more are added to the `other` series of their name."""
MAX_NOTES = 500
"""Notes on the broker; the oldest go first."""
# Longer than any sampler works: its statements give up after 30 s.
LEASE_SECONDS = 600
# A parcel is delivered again within seconds, or its process is gone.
_REMEMBER_PARCEL_SECONDS = 3600

_ADD = """
if redis.call('GET', KEYS[4]) == ARGV[1] then return 0 end
redis.call('SET', KEYS[4], ARGV[1], 'EX', ARGV[2])
local at = 7
local function field(key, full)
    local name = ARGV[at]
    if full and redis.call('HEXISTS', key, name) == 0 then name = ARGV[at + 1] end
    return name
end
local full = redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3])
for _ = 1, tonumber(ARGV[5]) do
    redis.call('HINCRBYFLOAT', KEYS[1], field(KEYS[1], full), ARGV[at + 2])
    at = at + 3
end
full = redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[3])
for _ = 1, tonumber(ARGV[6]) do
    local name = field(KEYS[2], full)
    local old = redis.call('HGET', KEYS[2], name)
    if not old or tonumber(ARGV[at + 2]) > tonumber(old) then
        redis.call('HSET', KEYS[2], name, ARGV[at + 2])
    end
    at = at + 3
end
for i = at, #ARGV do redis.call('RPUSH', KEYS[3], ARGV[i]) end
redis.call('LTRIM', KEYS[3], -tonumber(ARGV[4]), -1)
return 1
"""

_TAKE = """
for i = 1, 3 do
    if redis.call('EXISTS', KEYS[i]) == 1 then redis.call('RENAME', KEYS[i], KEYS[i + 5]) end
end
local now = redis.call('TIME')
redis.call('ZADD', KEYS[4], now[1] + ARGV[2], ARGV[1])
redis.call('HSET', KEYS[5], ARGV[1], now[1])
"""

_CLAIM = """
local now = redis.call('TIME')[1]
local ids = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, 1)
if #ids == 0 then return false end
redis.call('ZADD', KEYS[1], now + ARGV[1], ids[1])
return ids[1]
"""


# A series, spelled `name|labels`, and the series that takes its readings where there is no room.
SeriesPair = tuple[str, str]


@dataclass(slots=True)
class Parcel:
    """What one process counted since its last parcel.

    Attributes:
        sums: Series -> amount to add.
        peaks: Series -> highest value.
        notes: Documents that are handed over as they are.
    """

    sums: dict[SeriesPair, float] = field(default_factory=dict)
    peaks: dict[SeriesPair, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.sums or self.peaks or self.notes)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one sampler took.

    Attributes:
        id: 32 hexadecimal digits, the same for whoever claims the batch later.
        taken_at: When it was taken, by the broker's clock.
        sums: Series -> total of all processes since the batch before.
        peaks: Series -> highest value of all processes.
        notes: Documents, oldest first.
    """

    id: str
    taken_at: datetime
    sums: Mapping[str, float]
    peaks: Mapping[str, float]
    notes: list[str]


class Handover:
    """The broker's side of the monitor. Errors of the broker (`redis.RedisError`) pass through."""

    def __init__(self, broker: redis.Redis) -> None:
        self._broker = broker
        self._add = broker.register_script(_ADD)
        self._take = broker.register_script(_TAKE)
        self._claim = broker.register_script(_CLAIM)

    def deliver(self, parcel: Parcel, *, process: str, number: int) -> None:
        """Add a parcel to the fleet's totals.

        Args:
            parcel: What was counted.
            process: An id of the process that no other ever has.
            number: The same when the same parcel is delivered again, which adds nothing.
        """
        amounts = [(*series, repr(value)) for series, value in parcel.sums.items()]
        peaks = [(*series, repr(value)) for series, value in parcel.peaks.items()]
        self._add(
            keys=[SUMS, PEAKS, NOTES, f"dbsbm:metrics:parcel:{process}"],
            args=[
                *(number, _REMEMBER_PARCEL_SECONDS, MAX_SERIES, MAX_NOTES),
                *(len(amounts), len(peaks)),
                *(text for entry in (*amounts, *peaks) for text in entry),
                *parcel.notes,
            ],
        )

    def take(self) -> Batch:
        """Take all that has come together, under a lease. The batch may be empty."""
        batch_id = uuid.uuid4().hex
        self._take(
            keys=[SUMS, PEAKS, NOTES, LEASES, TAKEN_AT, *_batch_keys(batch_id)],
            args=[batch_id, LEASE_SECONDS],
        )
        batch = self._read(batch_id)
        if batch is None:
            raise redis.ResponseError(f"batch {batch_id} is gone, though its lease has just begun")
        return batch

    def claim_abandoned(self) -> Batch | None:
        """Take over a batch whose lease has ended or was given back, or return None."""
        claimed = cast(bytes | None, self._claim(keys=[LEASES], args=[LEASE_SECONDS]))
        return None if claimed is None else self._read(claimed.decode())

    def release(self, batch_id: str) -> None:
        """Give a batch back, for the next sampler to claim at once."""
        self._broker.zadd(LEASES, {batch_id: 0}, xx=True)

    def discard(self, batch_id: str) -> None:
        """Forget a batch whose rows are committed."""
        with self._broker.pipeline(transaction=True) as pipe:
            pipe.delete(*_batch_keys(batch_id))
            pipe.zrem(LEASES, batch_id)
            pipe.hdel(TAKEN_AT, batch_id)
            pipe.execute()

    def _read(self, batch_id: str) -> Batch | None:
        """The batch, or None where its former holder has just discarded it after all."""
        sums_key, peaks_key, notes_key = _batch_keys(batch_id)
        with self._broker.pipeline(transaction=True) as pipe:
            pipe.hget(TAKEN_AT, batch_id)
            pipe.hgetall(sums_key)
            pipe.hgetall(peaks_key)
            pipe.lrange(notes_key, 0, -1)
            taken_at, sums, peaks, notes = pipe.execute()
        if taken_at is None:
            return None
        return Batch(
            batch_id,
            datetime.fromtimestamp(int(taken_at), UTC),
            _numbers(sums),
            _numbers(peaks),
            [note.decode() for note in cast(Iterable[bytes], notes)],
        )


def _batch_keys(batch_id: str) -> list[str]:
    return [f"dbsbm:metrics:batch:{batch_id}:{part}" for part in ("sums", "peaks", "notes")]


def _numbers(fields: Mapping[bytes, bytes]) -> dict[str, float]:
    return {series.decode(): float(value) for series, value in fields.items()}
