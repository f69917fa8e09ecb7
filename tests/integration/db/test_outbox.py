from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dbsbm.cli.deadletters import replay
from dbsbm.db import outbox
from dbsbm.db.engine import Database
from dbsbm.db.models import DeadLetter, Effect
from dbsbm.errors import UserError


def promise(session: Session, key: str = "k") -> int:
    payload = {"say": "hi"}
    return outbox.add(session, dedupe_key=key, task="t", payload=payload, trace_id="trace").id


def make_overdue(session: Session) -> None:
    session.execute(update(Effect).values(next_attempt_at=datetime.now(UTC) - timedelta(seconds=1)))


def test_an_effect_is_announced_after_the_commit(migrated_url: str) -> None:
    sent: list[tuple[int, str, str]] = []
    database = Database(SecretStr(migrated_url), on_commit=sent.extend)
    effect_id = database.transact(promise)
    assert sent == [(effect_id, "t", "trace")]
    database.dispose()


def test_a_fresh_effect_is_left_alone_for_its_grace(database: Database) -> None:
    database.transact(promise)
    assert database.transact(outbox.due) == []


def test_an_overdue_effect_is_handed_out_once_per_pause(database: Database) -> None:
    effect_id = database.transact(promise)
    database.transact(make_overdue)
    assert database.transact(outbox.due) == [(effect_id, "t", "trace")]
    assert database.transact(outbox.due) == []


def test_a_finished_effect_is_never_handed_out(database: Database) -> None:
    effect_id = database.transact(promise)
    database.transact(lambda s: outbox.finish(s, effect_id, {"message_id": "5"}))
    database.transact(make_overdue)
    assert database.transact(outbox.due) == []


def test_the_same_promise_twice_is_an_error(database: Database) -> None:
    database.transact(promise)
    with pytest.raises(IntegrityError):
        database.transact(promise)


def test_an_effect_that_used_up_its_attempts_becomes_a_dead_letter(database: Database) -> None:
    effect_id = database.transact(promise)
    database.transact(lambda s: outbox.postpone(s, effect_id, "Discord is out of order"))
    almost = update(Effect).values(attempts=outbox.MAX_ATTEMPTS - 1)
    database.transact(lambda s: s.execute(almost))
    database.transact(make_overdue)
    assert len(database.transact(outbox.due)) == 1
    database.transact(make_overdue)
    assert database.transact(outbox.due) == []
    with database.read() as session:
        letter = session.scalars(select(DeadLetter)).one()
        assert session.get_one(Effect, effect_id).state == "dead"
    assert "Discord is out of order" in letter.reason
    assert letter.trace_id == "trace"


def test_an_effect_survives_an_outage_of_a_day() -> None:
    pauses = (outbox._pause(attempts) for attempts in range(1, outbox.MAX_ATTEMPTS))
    assert timedelta(hours=24) < sum(pauses, timedelta()) < timedelta(hours=26)


def test_an_operator_replays_a_dead_letter(database: Database) -> None:
    effect_id = database.transact(promise)
    database.transact(lambda s: outbox.bury(s, s.get_one(Effect, effect_id), "no such channel"))
    with database.read() as session:
        letter_id = session.scalars(select(DeadLetter.id)).one()
    database.transact(lambda s: replay(s, letter_id))
    assert database.transact(outbox.due) == [(effect_id, "t", "trace")]
    # Given up again, it is the same letter.
    database.transact(lambda s: outbox.bury(s, s.get_one(Effect, effect_id), "still none"))
    with database.read() as session:
        assert session.scalars(select(DeadLetter)).one().reason == "still none"


def test_replaying_a_letter_that_does_not_exist_says_so(database: Database) -> None:
    with pytest.raises(UserError, match="no dead letter 99"):
        database.transact(lambda s: replay(s, 99))
