"""The webhook: what it is sent, that it can be checked, and what becomes of refusals."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from dbsbm.db import outbox
from dbsbm.db.engine import Database
from dbsbm.db.models import DeadLetter, Effect, Incident
from dbsbm.delivery.incidents.message import Style
from dbsbm.delivery.incidents.webhook import WEBHOOK_TASK, Webhook, signing_key
from dbsbm.errors import TransientError
from tests.integration.delivery.discord_script import Script, serve
from tests.unit.delivery.an_incident import a_silence, over

SECRET = SecretStr("whsec_" + base64.b64encode(b"thirty-two bytes of a secret key").decode())
TOKEN_IN_THE_PATH = "T0KEN-of-the-receiver"
OK: tuple[int, dict[str, Any]] = (200, {})


@pytest.fixture
def database(migrated_sqlite_url: str) -> Iterator[Database]:
    database = Database(SecretStr(migrated_sqlite_url))
    yield database
    database.dispose()


@pytest.fixture
def receiver() -> Iterator[Script]:
    with serve(Script([OK])) as script:
        yield script


Hook = Callable[..., Webhook]


@pytest.fixture
def hook(database: Database, receiver: Script) -> Iterator[Hook]:
    opened = []

    def make(**values: Any) -> Webhook:
        url = SecretStr(f"{receiver.url}/{TOKEN_IN_THE_PATH}")
        style = Style(runbook_url="https://example.org/alerts.md")
        opened.append(Webhook(database, **{"url": url, "secret": SECRET, "style": style} | values))
        return opened[-1]

    yield make
    for webhook in opened:
        webhook.close()


def promise(database: Database, version: int = 2) -> int:
    def write(session: Any) -> int:
        if session.get(Incident, 12) is None:
            session.add(over())
        payload = {"incident_id": 12, "version": version}
        key = f"incident-webhook:12:{version}"
        return outbox.add(
            session, dedupe_key=key, task=WEBHOOK_TASK, payload=payload, trace_id="t"
        ).id

    return database.transact(write)


def effect_of(database: Database, effect_id: int) -> Effect:
    with database.read() as session:
        return session.get_one(Effect, effect_id)


def test_an_incident_is_sent_once_as_documented(
    database: Database, receiver: Script, hook: Hook
) -> None:
    effect_id = promise(database)
    assert [hook().deliver(effect_id), hook().deliver(effect_id)] == ["told", "done already"]
    [(method, path, content)] = receiver.requests
    assert (method, path) == ("POST", f"/{TOKEN_IN_THE_PATH}")
    sent = json.loads(content)
    assert sent["type"] == "incident.resolved"
    assert sent["text"].startswith("Page, resolved: Commands answer late")
    data = sent["data"]
    assert (data["id"], data["version"], data["rule"]) == (12, 2, "slow-queries")
    assert (data["value"], data["worst"], data["threshold"], data["unit"]) == (2.5, 4.25, 1.0, "s")
    assert (data["duration_seconds"], data["resolution"]) == (750.0, "recovered")
    assert data["runbook"] == "https://example.org/alerts.md#slow-queries"
    assert data["evidence"]["top"][0]["share"] == 0.62
    assert datetime.fromisoformat(data["started_at"]).tzinfo is not None
    assert (data["silenced_by"], data["silenced_until"]) == (None, None)


def test_it_is_told_who_silenced_an_incident_and_until_when(
    database: Database, receiver: Script, hook: Hook
) -> None:
    effect_id = promise(database)
    later = datetime.now(UTC) + timedelta(hours=1)
    database.transact(lambda session: session.add(a_silence(until=later)))
    hook().deliver(effect_id)
    data = json.loads(receiver.requests[0][2])["data"]
    assert (data["silenced_by"], data["silenced_until"]) == ("Ann", later.isoformat())


def test_what_is_sent_is_signed_and_numbered(
    database: Database, receiver: Script, hook: Hook
) -> None:
    hook().deliver(promise(database))
    headers, content = receiver.seen[0], receiver.requests[0][2]
    number, at = headers["webhook-id"], headers["webhook-timestamp"]
    assert number == headers["Idempotency-Key"] == "incident-12-2"
    assert abs(int(at) - datetime.now(UTC).timestamp()) < 60
    expected = hmac.new(
        b"thirty-two bytes of a secret key", f"{number}.{at}.".encode() + content, hashlib.sha256
    )
    version, _, signature = headers["webhook-signature"].partition(",")
    assert (version, base64.b64decode(signature)) == ("v1", expected.digest())


def test_without_a_secret_nothing_is_signed(
    database: Database, receiver: Script, hook: Hook
) -> None:
    hook(secret=None).deliver(promise(database))
    assert "webhook-signature" not in receiver.seen[0]


@pytest.mark.parametrize("text", ["any text", "whsec_not base64"])
def test_any_text_serves_as_a_secret(text: str) -> None:
    assert signing_key(SecretStr(text)) == text.encode()


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_what_may_work_later_stays_in_the_outbox(
    database: Database, receiver: Script, hook: Hook, status: int
) -> None:
    receiver.answers[:] = [(status, {}), OK]
    receiver.headers["Retry-After"] = "40"
    effect_id = promise(database)
    with pytest.raises(TransientError) as failed:
        hook().deliver(effect_id)
    assert failed.value.retry_after == 40
    assert effect_of(database, effect_id).state == "pending"
    assert hook().deliver(effect_id) == "told"
    assert receiver.seen[0]["Idempotency-Key"] == receiver.seen[1]["Idempotency-Key"]


@pytest.mark.parametrize("status", [302, 400, 401, 404, 410])
def test_a_refusal_becomes_a_dead_letter_without_the_address(
    database: Database,
    receiver: Script,
    hook: Hook,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.answers[:] = [(status, {})]
    receiver.headers["Location"] = "http://127.0.0.1:1/elsewhere"
    assert hook().deliver(promise(database)) == "dead"
    with database.read() as session:
        reason = session.scalars(select(DeadLetter)).one().reason
    assert reason == f"The webhook answers HTTP {status}."
    assert TOKEN_IN_THE_PATH not in caplog.text
    assert len(receiver.requests) == 1


def test_an_address_where_nobody_listens_is_tried_later_and_not_shown(
    database: Database, hook: Hook
) -> None:
    url = SecretStr(f"http://user:{TOKEN_IN_THE_PATH}@127.0.0.1:1/")
    with pytest.raises(TransientError) as failed:
        hook(url=url).deliver(promise(database))
    assert TOKEN_IN_THE_PATH not in f"{failed.value!r} {failed.value.__cause__!r}"
    assert failed.value.__suppress_context__


def test_several_versions_become_the_newest(
    database: Database, receiver: Script, hook: Hook
) -> None:
    older, newer = promise(database), promise(database, version=3)
    database.transact(lambda session: session.execute(update(Incident).values(version=3)))
    assert [hook().deliver(older), hook().deliver(newer)] == ["told by a newer one", "told"]
    assert len(receiver.requests) == 1


def test_what_is_not_there_any_more_is_not_told(
    database: Database, receiver: Script, hook: Hook
) -> None:
    effect_id = promise(database)
    assert hook(url=None).deliver(effect_id) == "not set"
    database.transact(lambda session: outbox.replay(session, effect_id))
    database.transact(lambda session: session.delete(session.get_one(Incident, 12)))
    assert hook().deliver(effect_id) == "gone"
    assert receiver.requests == []


def test_an_outage_is_told_when_it_is_over(
    database: Database, receiver: Script, hook: Hook
) -> None:
    receiver.answers[:] = [(500, {})]
    effect_id = promise(database)
    with pytest.raises(TransientError):
        hook().deliver(effect_id)
    pause = effect_of(database, effect_id).next_attempt_at - datetime.now(UTC)
    assert timedelta(0) < pause <= outbox.LONGEST_PAUSE
