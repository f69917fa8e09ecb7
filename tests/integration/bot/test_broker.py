"""Writing to a broker that freezes, dies, fills up and comes back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.broker import Broker, FleetBusy, Unconfirmed
from dbsbm.wire.inbox import Entry, Inbox
from tests.integration.bot.proxy import Proxy
from tests.servers import ValkeyServer, wait_until_async


def entry(number: int) -> Entry:
    return Entry(number, "tasks.bets.place", "interactive", f"message {number}", time.time())


def queued(server: ValkeyServer) -> list[int]:
    """Ids of the commands in the queue, each as often as it is there."""
    return sorted(int(text.split()[1]) for text in server.client().lrange("interactive", 0, -1))


async def outcome(broker: Broker, number: int) -> str:
    try:
        await broker.take(entry(number))
    except (FleetBusy, Unconfirmed) as error:
        return type(error).__name__
    return "taken"


@pytest.fixture
async def broker(valkey_broker: ValkeyServer) -> AsyncIterator[Broker]:
    broker = Broker(SecretStr(valkey_broker.url), budget=0.4)
    yield broker
    valkey_broker.thaw()
    await broker.close()


async def test_a_command_is_in_the_queue_and_in_the_inbox(
    broker: Broker, valkey_broker: ValkeyServer
) -> None:
    await broker.take(entry(1))
    assert queued(valkey_broker) == [1]
    assert Inbox(valkey_broker.client()).size() == 1


async def test_an_interaction_that_discord_delivers_twice_is_enqueued_once(
    broker: Broker, valkey_broker: ValkeyServer
) -> None:
    await asyncio.gather(*(broker.take(entry(1)) for _ in range(10)))
    assert queued(valkey_broker) == [1]


async def test_a_frozen_broker_leaves_a_command_unconfirmed_until_it_thaws(
    broker: Broker, valkey_broker: ValkeyServer
) -> None:
    await broker.take(entry(1))
    valkey_broker.freeze()
    with pytest.raises(Unconfirmed):
        await broker.take(entry(2))
    settling = asyncio.create_task(broker.settle(2))
    valkey_broker.thaw()
    assert await settling is (2 in queued(valkey_broker))


async def test_a_write_that_arrives_after_it_was_called_off_does_nothing(
    valkey_broker: ValkeyServer,
) -> None:
    async with Proxy(valkey_broker.port) as proxy:
        broker = Broker(SecretStr(proxy.url), budget=0.4)
        await broker.take(entry(1))
        proxy.hold()
        with pytest.raises(Unconfirmed):
            await broker.take(entry(2))
        assert await broker.settle(2) is False
        proxy.release()
        [answer] = await wait_until_async(lambda: proxy.late_answers)
        assert b"off" in answer
        assert queued(valkey_broker) == [1]
        assert Inbox(valkey_broker.client()).size() == 1
        await broker.close()


async def test_a_command_whose_answer_got_lost_is_neither_lost_nor_doubled(
    valkey_broker: ValkeyServer,
) -> None:
    async with Proxy(valkey_broker.port) as proxy:
        broker = Broker(SecretStr(proxy.url))
        await broker.take(entry(1))
        proxy.lose_answers()
        await broker.take(entry(2))
        assert queued(valkey_broker) == [1, 2]
        await broker.close()


async def test_settling_a_command_that_was_taken_leaves_it_alone(
    broker: Broker, valkey_broker: ValkeyServer
) -> None:
    await broker.take(entry(1))
    assert await broker.settle(1) is True
    assert queued(valkey_broker) == [1]


async def test_a_command_that_was_called_off_stays_so(
    broker: Broker, valkey_broker: ValkeyServer
) -> None:
    assert await broker.settle(1) is False
    with pytest.raises(FleetBusy):
        await broker.take(entry(1))
    assert queued(valkey_broker) == []


async def test_while_the_broker_is_gone_everyone_is_told_and_then_it_goes_on(
    broker: Broker, valkey_broker: ValkeyServer
) -> None:
    await broker.take(entry(1))
    valkey_broker.kill()
    await outcome(broker, 2)  # the one that finds out
    for number in (3, 4):
        with pytest.raises(FleetBusy):
            await broker.take(entry(number))
    valkey_broker.start()

    async def takes_commands() -> bool:
        return await outcome(broker, 5) == "taken"

    await wait_until_async(takes_commands)
    assert {3, 4}.isdisjoint(queued(valkey_broker))
    assert 5 in queued(valkey_broker)


async def test_a_connection_that_the_server_has_closed_is_not_written_to(
    broker: Broker, valkey_broker: ValkeyServer
) -> None:
    await broker.take(entry(1))
    valkey_broker.kill()
    with pytest.raises(ConnectionRefusedError):  # by now the loop has seen the connection end
        await asyncio.open_connection("127.0.0.1", valkey_broker.port)
    with pytest.raises(FleetBusy):
        await broker.take(entry(2))


async def test_a_broker_that_restarted_between_two_commands_is_not_noticed(
    broker: Broker, valkey_broker: ValkeyServer
) -> None:
    await broker.take(entry(1))
    valkey_broker.restart()
    await broker.take(entry(2))
    assert queued(valkey_broker) == [1, 2]


async def test_a_full_broker_takes_nothing_and_says_so(
    broker: Broker, valkey_broker: ValkeyServer
) -> None:
    client = valkey_broker.client()
    client.config_set("maxmemory", 1)
    with pytest.raises(FleetBusy):
        await broker.take(entry(1))
    client.config_set("maxmemory", 0)
    assert queued(valkey_broker) == []
    assert Inbox(client).size() == 0


@pytest.mark.parametrize("trouble", ["freeze", "kill"])
async def test_under_load_every_answer_is_true(
    broker: Broker, valkey_broker: ValkeyServer, trouble: str
) -> None:
    first = [asyncio.create_task(outcome(broker, number)) for number in range(60)]
    await wait_until_async(lambda: any(task.done() for task in first), interval=0.0001)
    getattr(valkey_broker, trouble)()
    second = [asyncio.create_task(outcome(broker, number)) for number in range(60, 120)]
    said = dict(enumerate(await asyncio.gather(*first, *second)))
    valkey_broker.thaw()
    if not valkey_broker.running:
        valkey_broker.start()
    taken = {n for n, answer in said.items() if answer == "taken"}
    for number in [n for n, answer in said.items() if answer == "Unconfirmed"]:
        if await broker.settle(number):
            taken.add(number)
    assert Counter(queued(valkey_broker)) == Counter(taken)
    assert "FleetBusy" in said.values()


async def test_the_event_loop_turns_while_the_broker_is_frozen(
    broker: Broker, valkey_broker: ValkeyServer
) -> None:
    await broker.take(entry(0))
    valkey_broker.freeze()
    turns = 0
    answers = [asyncio.create_task(outcome(broker, number)) for number in range(1, 30)]
    while not all(answer.done() for answer in answers):
        turns += 1
        await asyncio.sleep(0.001)
    assert turns > 10  # a loop that blocks turns once or twice
    assert "FleetBusy" in {answer.result() for answer in answers}


async def test_background_work_that_cannot_be_sent_is_refused(
    broker: Broker, valkey_broker: ValkeyServer
) -> None:
    valkey_broker.kill()
    with pytest.raises(FleetBusy):
        await broker.push("maintenance", "message")


async def test_a_password_is_in_no_error(caplog: pytest.LogCaptureFixture) -> None:
    broker = Broker(SecretStr("redis://:broker-password@127.0.0.1:1/0"))
    with pytest.raises(FleetBusy) as caught:
        await broker.take(entry(1))
    await broker.close()
    assert "broker-password" not in caplog.text + str(caught.value) + repr(broker)
