"""The transactional outbox: what a commit promised is done, whatever crashes in between.

An effect is a row written in the transaction that causes it. After the commit it is sent as a task;
the task marks it done. `due` finds what is still pending after its grace, so that a reconciler can
send it again. Tasks that carry effects are idempotent, because they may be sent twice.

Pattern: "Transactional outbox", C. Richardson, Microservices Patterns (2018), chapter 3.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db.models import DeadLetter, Effect

# Longer than an effect takes on a healthy fleet, short enough that a member still waits.
GRACE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=5)
# A day of the longest pauses: an outage of Discord or of a kind of worker passes in hours.
MAX_ATTEMPTS = 300

_COMMITTED = "dbsbm.effects"


def add(
    session: Session, *, dedupe_key: str, task: str, payload: dict[str, Any], trace_id: str
) -> Effect:
    """Promise an effect. `dedupe_key` is unique for ever: the same promise twice is an error."""
    now = datetime.now(UTC)
    effect = Effect(
        dedupe_key=dedupe_key,
        task=task,
        payload=payload,
        trace_id=trace_id,
        next_attempt_at=now + GRACE,
        created_at=now,
    )
    session.add(effect)
    session.flush()
    session.info.setdefault(_COMMITTED, []).append((effect.id, task, trace_id))
    return effect


def committed_effects(session: Session) -> list[tuple[int, str, str]]:
    """Effects (id, task, trace id) that this session added, to be sent after its commit."""
    effects: list[tuple[int, str, str]] = session.info.pop(_COMMITTED, [])
    return effects


def finish(session: Session, effect_id: int, result: dict[str, Any] | None = None) -> None:
    """Record that an effect has happened."""
    effect = session.get_one(Effect, effect_id)
    effect.state, effect.result, effect.done_at = "done", result, datetime.now(UTC)


def postpone(session: Session, effect_id: int, error: str, seconds: float | None = None) -> None:
    """Record a failed attempt; the reconciler sends the effect again after `seconds`."""
    effect = session.get_one(Effect, effect_id)
    pause = _pause(effect.attempts) if seconds is None else timedelta(seconds=seconds)
    effect.last_error = error[:500]
    effect.next_attempt_at = datetime.now(UTC) + pause


def bury(session: Session, effect: Effect, reason: str) -> None:
    """Give an effect up and keep it as a dead letter that an operator can replay."""
    now = datetime.now(UTC)
    effect.state, effect.last_error, effect.done_at = "dead", reason[:500], now
    key = str(effect.id)
    letter = session.scalar(
        select(DeadLetter).where(DeadLetter.source == "outbox", DeadLetter.source_key == key)
    )
    if letter is None:
        letter = DeadLetter(
            source="outbox", source_key=key, task=effect.task, payload={"effect_id": effect.id}
        )
        session.add(letter)
    letter.trace_id, letter.reason, letter.created_at = effect.trace_id, reason, now
    letter.replayed_at = None


def replay(session: Session, effect_id: int) -> None:
    """Make a dead effect pending again; the reconciler sends it at its next run."""
    effect = session.get_one(Effect, effect_id)
    effect.state, effect.attempts, effect.done_at = "pending", 0, None
    effect.next_attempt_at = datetime.now(UTC)


def due(session: Session, *, limit: int = 100) -> list[tuple[int, str, str]]:
    """Take the pending effects whose time has come, as (id, task, trace id), and set their next.

    Rows that another reconciler holds are skipped. An effect that used up its attempts is buried.
    """
    now = datetime.now(UTC)
    rows = session.scalars(
        select(Effect)
        .where(Effect.state == "pending", Effect.next_attempt_at <= now)
        .order_by(Effect.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    taken = []
    for effect in rows:
        if effect.attempts >= MAX_ATTEMPTS:
            bury(session, effect, f"Gave up after {MAX_ATTEMPTS} attempts: {effect.last_error}")
            continue
        effect.attempts += 1
        effect.next_attempt_at = now + _pause(effect.attempts)
        taken.append((effect.id, effect.task, effect.trace_id))
    return taken


def _pause(attempts: int) -> timedelta:
    """Exponential back-off from GRACE to LONGEST_PAUSE."""
    doublings: int = 2 ** min(attempts, 10)
    return min(GRACE * doublings, LONGEST_PAUSE)
