"""How much waits on the broker."""

from __future__ import annotations

from collections.abc import Sequence

import redis

from dbsbm.monitor.counting.series import Reading, reading
from dbsbm.wire.inbox import Inbox

# Where kombu keeps what a worker holds and has not acknowledged.
_UNACKNOWLEDGED = "unacked"


def read_queues(broker: redis.Redis, queues: Sequence[str]) -> list[Reading]:
    """Read the lengths of the queues, of what is being worked on, and of the inbox."""
    with broker.pipeline(transaction=False) as pipe:
        for queue in queues:
            pipe.llen(queue)
        pipe.hlen(_UNACKNOWLEDGED)
        *lengths, unacknowledged = pipe.execute()
    return [
        *(
            reading("queue.length", length, queue=queue)
            for queue, length in zip(queues, lengths, strict=True)
        ),
        reading("queue.unacknowledged", unacknowledged),
        reading("inbox.size", Inbox(broker).size()),
    ]
