"""How much waits on the broker, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis

from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.wire.inbox import Inbox
from dbsbm.wire.stamp import SENT_AT, waited

# Where kombu keeps what a worker holds and has not acknowledged.
_UNACKNOWLEDGED = "unacked"

# kombu pushes on the left and pops on the right. The message is opened where it is: it may be
# large, and only one of its headers is wanted.
_READ = """
local now = redis.call('TIME')
local found = {now[1] .. '.' .. string.format('%06d', now[2]), redis.call('HLEN', KEYS[1])}
for i = 2, #KEYS do
    local sent_at = ''
    local oldest = redis.call('LINDEX', KEYS[i], -1)
    if oldest then
        local is_json, message = pcall(cjson.decode, oldest)
        local headers = is_json and type(message) == 'table' and message.headers
        if type(headers) == 'table' then
            sent_at = string.format('%.6f', tonumber(headers[ARGV[1]]) or -1)
        end
    end
    table.insert(found, {redis.call('LLEN', KEYS[i]), sent_at})
end
return found
"""


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue at a moment.

    Attributes:
        length: Messages that no worker holds.
        oldest_wait: Seconds that the oldest of them waits: 0 where there is none, None where it
            does not say when it was sent.
    """

    length: int
    oldest_wait: float | None


def read_queues(broker: redis.Redis, queues: Sequence[str]) -> dict[str, QueueState]:
    """The state of each of the named queues, by the broker's clock."""
    states, _ = _read(broker, queues)
    return states


def measure_queues(recorder: Recorder, broker: redis.Redis, queues: Sequence[str]) -> None:
    """Record lengths and waits of the queues, what is being worked on, and the inbox's size."""
    states, held = _read(broker, queues)
    for queue, state in states.items():
        recorder.gauge("queue.length", state.length, queue=queue)
        if state.oldest_wait is not None:
            recorder.gauge("queue.oldest_wait", state.oldest_wait, queue=queue)
    recorder.gauge("queue.unacknowledged", held)
    recorder.gauge("inbox.size", Inbox(broker).size())


def _read(broker: redis.Redis, queues: Sequence[str]) -> tuple[dict[str, QueueState], int]:
    found = broker.register_script(_READ)(keys=[_UNACKNOWLEDGED, *queues], args=[SENT_AT])
    now, held, *rows = cast(list[Any], found)
    states = {
        queue: QueueState(int(length), _oldest_wait(int(length), sent_at, float(now)))
        for queue, (length, sent_at) in zip(queues, rows, strict=True)
    }
    return states, int(held)


def _oldest_wait(length: int, sent_at: bytes, now: float) -> float | None:
    if not length:
        return 0.0
    if not sent_at or float(sent_at) < 0:
        return None
    return waited({SENT_AT: float(sent_at)}, now)
