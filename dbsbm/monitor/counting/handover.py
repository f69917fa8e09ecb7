"""How readings get from many processes to one row each: through the broker, and exactly once.

Each process delivers *parcels* of what it counted; the broker merges them, by series and minute. A
sampler takes what has come together as one *batch*, which nobody can take a second time, and
discards it once its rows are committed. The batch of a sampler that died or whose database failed
is claimed by the next. Whether its rows were committed after all is for the database to say
(`metric_batches`). While the database is away the minutes wait here, bounded in number and size.

The keys live on the broker and not on the cache, which may vanish at any time. The scripts make the
keys of minutes and batches themselves, which only a cluster would forbid.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import redis

from dbsbm.monitor.counting.parcel import Parcel, unpack
from dbsbm.monitor.counting.stats import Stats

log = logging.getLogger(__name__)

MINUTES = "dbsbm:metrics:minutes"
NOTES = "dbsbm:metrics:notes"
LEASES = "dbsbm:metrics:leases"
TAKEN_AT = "dbsbm:metrics:taken_at"
_MINUTE = "dbsbm:metrics:minute:"
_BATCH = "dbsbm:metrics:batch:"

MAX_SERIES = 4000
"""Series of one minute on the broker; more are added to the `other` series of their name."""
MAX_WAITING = 60_000
"""Series of all minutes together: the more minutes wait, the fewer series a new one may have."""
MAX_MINUTES = 180
"""Minutes that wait for the database; then the oldest is lost and `monitor.lost_minutes` counts."""
OLDEST_MINUTES = 120
"""What is older is put into this minute, and counted as `monitor.shifted`."""
MAX_NOTES = 500
"""Notes on the broker; the oldest go first."""
BATCH_MINUTES = 15
"""Minutes of one batch: a transaction stays small after an outage too."""
# Longer than a sampler works. Two that hold the same batch do no harm: its rows are stored once.
LEASE_SECONDS = 150
# A parcel is delivered again within seconds, or its process is gone.
_REMEMBER_PARCEL_SECONDS = 3600

_ADD = """
local time = redis.call('TIME')
local told = string.format('%d.%06d', time[1], time[2])
if redis.call('GET', KEYS[1]) == ARGV[1] then return told end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
local minutes, notes = KEYS[2], KEYS[3]
local prefix, max_notes, max_series = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local max_waiting, max_minutes = tonumber(ARGV[6]), tonumber(ARGV[7])
local max_age, parcel = tonumber(ARGV[8]), cmsgpack.unpack(ARGV[9])

local function add_buckets(indexes, counts, more, more_counts)
    local at = {}
    for i = 1, #indexes do at[indexes[i]] = i end
    for i = 1, #more do
        local place = at[more[i]]
        if not place then
            place = #indexes + 1
            indexes[place], counts[place] = more[i], 0
        end
        counts[place] = counts[place] + more_counts[i]
    end
end

local function add(key, field, stats)
    local stored = redis.call('HGET', key, field)
    if stored then
        local sum = cmsgpack.unpack(stored)
        sum[1], sum[2] = sum[1] + stats[1], sum[2] + stats[2]
        sum[3], sum[4] = math.min(sum[3], stats[3]), math.max(sum[4], stats[4])
        sum[5] = stats[5]
        if stats[6] then
            sum[6] = sum[6] + stats[6]
            add_buckets(sum[7], sum[8], stats[7], stats[8])
            add_buckets(sum[9], sum[10], stats[9], stats[10])
        end
        stats = sum
    end
    redis.call('HSET', key, field, cmsgpack.pack(stats))
end

local now = tonumber(told)
local newest, shifted = math.floor(now / 60), 0
for _, minute in ipairs(parcel[2]) do
    -- What the sender's clock is off by, to the nearest minute.
    local wanted = math.floor(minute[1] + (now - parcel[1]) / 60 + 0.5)
    local at = math.max(newest - max_age, math.min(newest, wanted))
    local key = string.format('%s%d', prefix, at)
    redis.call('ZADD', minutes, at, string.format('%d', at))
    local room = math.min(max_series, math.floor(max_waiting / redis.call('ZCARD', minutes)))
    local size = redis.call('HLEN', key)
    for _, entry in ipairs(minute[2]) do
        local field, stats = entry[1], {unpack(entry, 3)}
        if at ~= wanted then shifted = shifted + stats[1] end
        if redis.call('HEXISTS', key, field) == 0 then
            if size >= room then field = entry[2] else size = size + 1 end
        end
        add(key, field, stats)
    end
end
local function count(name, amount)
    local at = string.format('%d', newest)
    redis.call('ZADD', minutes, at, at)
    add(prefix .. at, 'counter|' .. name .. '|', {amount, amount, 1, amount, amount})
end
if shifted > 0 then count('monitor.shifted', shifted) end
local excess = redis.call('ZCARD', minutes) - max_minutes
if excess > 0 then
    for _, lost in ipairs(redis.call('ZRANGE', minutes, 0, excess - 1)) do
        redis.call('DEL', prefix .. lost)
        redis.call('ZREM', minutes, lost)
    end
    count('monitor.lost_minutes', excess)
end
for i = 10, #ARGV do redis.call('RPUSH', notes, ARGV[i]) end
redis.call('LTRIM', notes, -max_notes, -1)
return told
"""

_TAKE = """
for _, minute in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[5] - 1)) do
    if redis.call('EXISTS', ARGV[3] .. minute) == 1 then
        redis.call('RENAME', ARGV[3] .. minute, ARGV[4] .. minute)
        redis.call('RPUSH', ARGV[4] .. 'minutes', minute)
    end
    redis.call('ZREM', KEYS[1], minute)
end
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('RENAME', KEYS[2], ARGV[4] .. 'notes') end
local now = redis.call('TIME')
redis.call('ZADD', KEYS[3], now[1] + ARGV[2], ARGV[1])
redis.call('HSET', KEYS[4], ARGV[1], now[1])
"""

_DISCARD = """
for _, minute in ipairs(redis.call('LRANGE', ARGV[2] .. 'minutes', 0, -1)) do
    redis.call('DEL', ARGV[2] .. minute)
end
redis.call('DEL', ARGV[2] .. 'minutes', ARGV[2] .. 'notes')
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
"""

_CLAIM = """
local now = redis.call('TIME')[1]
local ids = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, 1)
if #ids == 0 then return false end
redis.call('ZADD', KEYS[1], now + ARGV[1], ids[1])
return ids[1]
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one sampler took.

    Attributes:
        id: 32 hexadecimal digits, the same for whoever claims the batch later.
        taken_at: When it was taken, by the broker's clock.
        minutes: Start of the minute -> spelled series -> what all processes counted.
        notes: Documents, oldest first.
        is_full: There may be more minutes where these came from.
    """

    id: str
    taken_at: datetime
    minutes: Mapping[datetime, Mapping[str, Stats]]
    notes: list[str]
    is_full: bool = False


class Handover:
    """The broker's side of the monitor. Errors of the broker (`redis.RedisError`) pass through."""

    def __init__(self, broker: redis.Redis) -> None:
        self._broker = broker
        self._add = broker.register_script(_ADD)
        self._take = broker.register_script(_TAKE)
        self._claim = broker.register_script(_CLAIM)
        self._discard = broker.register_script(_DISCARD)

    def deliver(self, parcel: Parcel, *, process: str, number: int, sent_at: float) -> float:
        """Add a parcel to the fleet's minutes.

        Args:
            parcel: What was counted.
            process: An id of the process that no other ever has.
            number: The same when the same parcel is delivered again, which adds nothing.
            sent_at: The time, Unix seconds, by the clock that the parcel's minutes are told by.

        Returns:
            The broker's time, Unix seconds.
        """
        told = self._add(
            keys=[f"dbsbm:metrics:parcel:{process}", MINUTES, NOTES],
            args=[
                *(number, _REMEMBER_PARCEL_SECONDS, _MINUTE, MAX_NOTES, MAX_SERIES),
                *(MAX_WAITING, MAX_MINUTES, OLDEST_MINUTES, parcel.encode(sent_at)),
                *parcel.notes,
            ],
        )
        return float(cast(bytes, told))

    def take(self) -> Batch:
        """Take the oldest of what has come together, under a lease. The batch may be empty."""
        batch_id = uuid.uuid4().hex
        self._take(
            keys=[MINUTES, NOTES, LEASES, TAKEN_AT],
            args=[batch_id, LEASE_SECONDS, _MINUTE, _prefix(batch_id), BATCH_MINUTES],
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
        self._discard(keys=[LEASES, TAKEN_AT], args=[batch_id, _prefix(batch_id)])

    def _read(self, batch_id: str) -> Batch | None:
        """The batch, or None where its former holder has just discarded it after all."""
        prefix = _prefix(batch_id)
        with self._broker.pipeline(transaction=True) as pipe:
            pipe.hget(TAKEN_AT, batch_id)
            pipe.lrange(f"{prefix}minutes", 0, -1)
            pipe.lrange(f"{prefix}notes", 0, -1)
            taken_at, minutes, notes = pipe.execute()
        if taken_at is None:
            return None
        with self._broker.pipeline(transaction=False) as pipe:
            for minute in minutes:
                pipe.hgetall(f"{prefix}{minute.decode()}")
            found = pipe.execute()
        return Batch(
            batch_id,
            datetime.fromtimestamp(int(taken_at), UTC),
            {
                datetime.fromtimestamp(int(minute) * 60, UTC): _read_minute(fields)
                for minute, fields in zip(minutes, found, strict=True)
            },
            [note.decode() for note in cast(Iterable[bytes], notes)],
            len(minutes) >= BATCH_MINUTES,
        )


def _prefix(batch_id: str) -> str:
    return f"{_BATCH}{batch_id}:"


def _read_minute(fields: Mapping[bytes, bytes]) -> dict[str, Stats]:
    found = {}
    for series, data in fields.items():
        try:
            found[series.decode()] = unpack(data)
        except ValueError:
            log.warning(
                "What the broker holds of a series cannot be read; it is dropped.",
                exc_info=True,
                extra={"action": "monitor.refused"},
            )
    return found
