from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from dbsbm.bootstrap import Services
from dbsbm.db import outbox
from dbsbm.db.models import DeadLetter, Effect
from dbsbm.maintenance import relay
from dbsbm.wire import inbox
from dbsbm.wire.inbox import Entry, enqueue
from tests.integration.services import Sent, services_on
from tests.servers import ValkeyServer


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def services(
    migrated_url: str,
    valkey_broker: ValkeyServer,
    valkey_cache: ValkeyServer,
    tmp_path: Path,
    sent: Sent,
) -> Iterator[Services]:
    with services_on(
        database=migrated_url,
        broker=valkey_broker.url,
        cache=valkey_cache.url,
        data_dir=tmp_path,
        sent=sent,
    ) as services:
        yield services


def a_command_in_the_inbox(services: Services, *, age: float) -> None:
    entry = Entry(42, "tasks.bets.place", "interactive", '{"body": "x"}', time.time() - age)
    with services.broker.pipeline() as pipe:
        enqueue(pipe, entry)
        pipe.execute()
    services.broker.delete("interactive")  # popped by a worker that was killed


def test_nothing_to_do_sends_nothing(services: Services, sent: Sent) -> None:
    assert not any(relay.run(services).values())
    assert sent == []


def test_a_command_that_a_killed_worker_took_along_is_pushed_again(services: Services) -> None:
    a_command_in_the_inbox(services, age=inbox.GRACE_SECONDS + 1)
    assert relay.run(services)["commands"] == 1
    assert services.broker.lrange("interactive", 0, -1) == [b'{"body": "x"}']
    # Not again before its grace is over.
    assert relay.run(services)["commands"] == 0


def test_a_command_that_nobody_can_answer_any_more_becomes_a_dead_letter(
    services: Services,
) -> None:
    a_command_in_the_inbox(services, age=inbox.GIVE_UP_SECONDS + 1)
    assert relay.run(services)["expired"] == 1
    with services.database.read() as session:
        letter = session.scalars(select(DeadLetter)).one()
    assert (letter.source, letter.source_key) == ("inbox", "42")
    assert services.inbox.size() == 0


def test_a_relay_that_died_after_the_dead_letter_is_finished_by_the_next(
    services: Services,
) -> None:
    a_command_in_the_inbox(services, age=inbox.GIVE_UP_SECONDS + 1)
    relay.run(services)
    a_command_in_the_inbox(services, age=inbox.GIVE_UP_SECONDS + 1)
    assert relay.run(services)["expired"] == 1
    assert services.inbox.size() == 0


def test_an_overdue_effect_is_sent_with_its_trace(services: Services, sent: Sent) -> None:
    def promise(session):
        effect = outbox.add(session, dedupe_key="k", task="t", payload={}, trace_id="trace")
        session.execute(
            update(Effect).values(next_attempt_at=datetime.now(UTC) - timedelta(seconds=1))
        )
        return effect.id

    effect_id = services.database.transact(promise)
    sent.clear()
    assert relay.run(services)["effects"] == 1
    assert sent == [("t", {"effect_id": effect_id}, "trace")]
