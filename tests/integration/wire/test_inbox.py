"""The durable inbox on a real server: nothing that was taken is lost, nothing is settled twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
import redis.asyncio

from dbsbm.wire.inbox import (
    DUE,
    GIVE_UP_SECONDS,
    GRACE_SECONDS,
    MESSAGES,
    Entry,
    Inbox,
    enqueue,
)
from tests.servers import ValkeyServer

QUEUE = "interactive"

# Quotes, braces, a backslash and letters beyond ASCII: a message is pushed again as it was.
MESSAGE = json.dumps(
    {"body": 'é "quoted" \\ {}', "headers": {"id": "1", "n": 12345678901234567890}}
)


def entry(interaction_id: int = 1, *, age: float = 0.0, message: str = MESSAGE) -> Entry:
    return Entry(interaction_id, "tasks.bets.place", QUEUE, message, time.time() - age)


def push(client: redis.Redis, *entries: Entry) -> None:
    with client.pipeline(transaction=True) as pipe:
        for each in entries:
            enqueue(pipe, each)
        pipe.execute()


@pytest.fixture
def client(valkey_broker: ValkeyServer) -> redis.Redis:
    return valkey_broker.client(decode_responses=True)


@pytest.fixture
def inbox(valkey_broker: ValkeyServer) -> Inbox:
    """The inbox as workers open it: without decoding."""
    return Inbox(valkey_broker.client())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move the inbox's clock forward."""
    now = time.time

    def advance(seconds: float) -> None:
        monkeypatch.setattr("dbsbm.wire.inbox.time.time", lambda: now() + seconds)

    return advance


def test_a_command_is_in_its_queue_and_in_the_inbox(client: redis.Redis, inbox: Inbox) -> None:
    push(client, entry())

    assert client.lrange(QUEUE, 0, -1) == [MESSAGE]
    assert inbox.size() == 1


async def test_an_asyncio_pipeline_writes_the_same(
    valkey_broker: ValkeyServer, client: redis.Redis
) -> None:
    taken = entry()
    push(client, taken)
    written = client.hgetall(MESSAGES), client.zrange(DUE, 0, -1, withscores=True)
    client.flushdb()

    other = redis.asyncio.Redis(port=valkey_broker.port)
    async with other, other.pipeline(transaction=True) as pipe:
        enqueue(pipe, taken)
        await pipe.execute()

    assert (client.hgetall(MESSAGES), client.zrange(DUE, 0, -1, withscores=True)) == written
    assert client.lrange(QUEUE, 0, -1) == [MESSAGE]


def test_an_entry_survives_the_inbox() -> None:
    taken = entry(7)

    assert Entry.from_json(7, taken.to_json()) == taken
    assert Entry.from_json(7, taken.to_json().encode()) == taken


def test_a_settled_command_is_forgotten_also_when_settled_twice(
    client: redis.Redis, inbox: Inbox
) -> None:
    push(client, entry(1), entry(2))
    inbox.settle(1)
    inbox.settle(1)

    assert inbox.size() == 1
    assert list(client.hgetall(MESSAGES)) == ["2"]


def test_a_command_that_may_still_run_is_not_pushed_again(
    client: redis.Redis, inbox: Inbox
) -> None:
    push(client, entry(age=GRACE_SECONDS - 2))

    assert inbox.push_due() == (0, [])
    assert client.llen(QUEUE) == 1


def test_an_overdue_command_is_pushed_again_exactly_as_it_was(
    client: redis.Redis, inbox: Inbox
) -> None:
    push(client, entry(age=GRACE_SECONDS + 1))
    client.delete(QUEUE)  # a worker popped it and died

    assert inbox.push_due() == (1, [])
    assert client.lrange(QUEUE, 0, -1) == [MESSAGE]


def test_a_pushed_command_has_its_grace_again(
    client: redis.Redis, inbox: Inbox, clock: Callable[[float], None]
) -> None:
    push(client, entry(age=GRACE_SECONDS + 1))
    assert inbox.push_due() == (1, [])
    assert inbox.push_due() == (0, [])

    clock(GRACE_SECONDS + 1)
    assert inbox.push_due() == (1, [])
    assert client.llen(QUEUE) == 3


def test_a_settled_command_is_not_pushed_again(client: redis.Redis, inbox: Inbox) -> None:
    push(client, entry(age=GRACE_SECONDS + 1))
    inbox.settle(1)
    client.delete(QUEUE)

    assert inbox.push_due() == (0, [])
    assert client.llen(QUEUE) == 0


def test_a_command_settled_while_the_relay_looks_at_it_is_not_pushed(
    client: redis.Redis, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(client, entry(age=GRACE_SECONDS + 1))
    client.delete(QUEUE)
    push_again = inbox._push_again

    def settle_first(**arguments: Any) -> Any:
        inbox.settle(1)
        return push_again(**arguments)

    monkeypatch.setattr(inbox, "_push_again", settle_first)

    assert inbox.push_due() == (0, [])
    assert client.llen(QUEUE) == 0
    assert inbox.size() == 0


def test_a_due_mark_without_a_message_is_swept_away(client: redis.Redis, inbox: Inbox) -> None:
    client.zadd(DUE, {"1": 0})

    assert inbox.push_due() == (0, [])
    assert inbox.size() == 0


def test_a_command_that_cannot_be_answered_any_more_is_handed_back_until_it_is_settled(
    client: redis.Redis, inbox: Inbox
) -> None:
    old = entry(1, age=GIVE_UP_SECONDS + 1)
    push(client, old, entry(2, age=GIVE_UP_SECONDS - 5))
    client.delete(QUEUE)

    for _ in range(2):
        _, expired = inbox.push_due()
        assert [(each.interaction_id, each.task) for each in expired] == [(1, old.task)]
    assert client.llen(QUEUE) == 1

    inbox.settle(1)
    assert inbox.push_due() == (0, [])


def test_the_oldest_go_first_and_the_rest_at_the_next_run(
    client: redis.Redis, inbox: Inbox
) -> None:
    push(client, *(entry(n, age=100 - n, message=str(n)) for n in range(1, 11)))
    client.delete(QUEUE)

    assert inbox.push_due(limit=4) == (4, [])
    assert client.lrange(QUEUE, 0, -1) == ["4", "3", "2", "1"]
    assert inbox.push_due(limit=100) == (6, [])


def test_expired_commands_do_not_keep_the_others_from_being_pushed(
    client: redis.Redis, inbox: Inbox
) -> None:
    push(client, *(entry(n, age=GIVE_UP_SECONDS + 60) for n in range(1, 5)))
    push(client, entry(9, age=GRACE_SECONDS + 1, message="young"))
    client.delete(QUEUE)

    _, expired = inbox.push_due(limit=4)
    for each in expired:
        inbox.settle(each.interaction_id)
    assert inbox.push_due(limit=4) == (1, [])
    assert client.lrange(QUEUE, 0, -1) == ["young"]


def test_relays_side_by_side_push_each_command_and_none_of_the_settled(
    valkey_broker: ValkeyServer, client: redis.Redis, inbox: Inbox
) -> None:
    push(client, *(entry(n, age=GRACE_SECONDS + 5, message=str(n)) for n in range(1, 101)))
    client.delete(QUEUE)
    for settled in range(1, 101, 4):
        inbox.settle(settled)

    relays = [Inbox(valkey_broker.client()) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        pushed = sum(count for count, _ in pool.map(Inbox.push_due, relays))

    queued = client.lrange(QUEUE, 0, -1)
    assert set(queued) == {str(n) for n in range(1, 101) if n % 4 != 1}
    # Two relays that look in the same moment may both push: tasks are idempotent. None is lost.
    assert pushed == len(queued) >= 75


def test_a_command_outlives_the_brokers_crash(
    valkey_broker: ValkeyServer, client: redis.Redis, inbox: Inbox
) -> None:
    push(client, entry(age=GRACE_SECONDS + 1))
    # The file is synced every second; a kill of the process alone loses none of it.
    valkey_broker.kill()
    valkey_broker.start()

    assert Inbox(valkey_broker.client()).push_due() == (1, [])


@pytest.mark.parametrize("text", ["{}", "not json", "[]", '{"task": "t", "key": "q", "at": 1}'])
def test_an_entry_that_cannot_be_read_does_not_hold_up_the_others(
    client: redis.Redis, inbox: Inbox, text: str
) -> None:
    push(client, entry(1, age=60), entry(2, age=30))
    client.delete(QUEUE)
    client.hset(MESSAGES, "1", text)
    assert inbox.push_due() == (1, [])
    assert client.lrange(QUEUE, 0, -1) == [MESSAGE]
    assert inbox.size() == 1
