"""Has the cache's categories use learned lifetimes, where OPTIMIZER_AUTO allows that.

A category is changed where its lifetime was found to be too long or too short, and not where a
person has set it. Each load costs a call: where a provider's plan will not last its day, nothing is
changed until that has ended, and what was is undone. A change is a row of the cache's policies like
any other, and a step of its finding.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dbsbm.cache.categories import OUTSIDE, Category, Policy
from dbsbm.cache.policy.overrides import category_named
from dbsbm.cache.policy.policies import Policies, read_changes
from dbsbm.db import changes as changes_of_fleet
from dbsbm.db import policies as stored_policies
from dbsbm.db.engine import Database
from dbsbm.db.models import CachePolicy, FindingRow
from dbsbm.db.queries.findings import CHANGED, WAITING
from dbsbm.errors import TransientError
from dbsbm.maintenance import policies
from dbsbm.optimizer import ledger
from dbsbm.optimizer.finding import short_id
from dbsbm.optimizer.rules.cache import ttl_too_long, ttl_too_short
from dbsbm.optimizer.rules.fleet import quota

log = logging.getLogger(__name__)

ACTOR: Final = "auto"
DAILY_CHANGES: Final = 3
WATCHED: Final = timedelta(hours=24)
"""An analysis looks back so far: after that it sees only what came of the change."""

_RULES: Final = (ttl_too_long.NAME, ttl_too_short.NAME)


def work(
    database: Database, client: redis.Redis, *, dry: bool = False, now: datetime | None = None
) -> list[str]:
    """Do one round; returns what was changed, or would be, in words.

    Args:
        database: The fleet's own.
        client: The cache's server, which is told; where it is away, by the next round.
        dry: Change nothing.
        now: The time, for tests.

    Raises:
        TransientError: The database is away.
    """
    at = now or datetime.now(UTC)

    def act(session: Session) -> list[str]:
        if not dry:
            _close(session, at)
        scarce = _calls_run_out(session, at)
        if scarce is not None:
            return list(_give_up(session, scarce, dry=dry))
        found = (_act(session, row, at, dry=dry) for row in _rows(session, WAITING))
        return [said for said in found if said is not None]

    done = database.transact(act)
    if not dry:
        _tell(database, client)
    return done


def _tell(database: Database, client: redis.Redis) -> None:
    try:
        policies.publish(database, client)
    except TransientError as error:  # the next round tells it
        log.warning("%s", error, extra={"action": "optimizer.lifetimes"})


def _close(session: Session, now: datetime) -> None:
    """End the watch of changes that are long in force; what is found again is open again."""
    for row in _rows(session, ("applied",)):
        if ledger.steps(session, row.id)[-1].taken_at <= now - WATCHED:
            ledger.take_step(session, row, "verify", "verified", actor=ACTOR)


def _act(session: Session, row: FindingRow, now: datetime, *, dry: bool) -> str | None:
    category = _category(row)
    is_done = _policy(session, category).learned or _is_set_by_person(session, category)
    if is_done or _is_spent(session, now):
        return None
    said = f"Cache, {category}: lifetimes are learned."
    if not dry:
        _set(session, category, row, learned=True, said=said)
        ledger.take_step(session, row, "apply", "applied", actor=ACTOR, detail=_detail(row, said))
        session.flush()
    return said


def _give_up(session: Session, scarce: FindingRow, *, dry: bool) -> Iterator[str]:
    """Undo what was done: fewer loads are worth more than fresher values now.

    Whatever became of the finding since: it may have been found again, or dismissed.
    """
    rows = _rows(session, CHANGED)
    for category in sorted(OUTSIDE):
        if not _policy(session, category).learned or _is_set_by_person(session, category):
            continue
        said = f"Cache, {category}: lifetimes are those of the policy, for calls run out."
        if not dry:
            _set(session, category, scarce, learned=False, said=said)
            for row in rows:
                if _category(row) is category:
                    detail = {"said": said}
                    # Open, for it is as true as before, and can be done when there are calls.
                    ledger.take_step(session, row, "revert", "open", actor=ACTOR, detail=detail)
            session.flush()
        yield said


def _calls_run_out(session: Session, now: datetime) -> FindingRow | None:
    """The finding that a provider's plan will not last its day, if there is one.

    It is gone as soon as no call is left, and where we ask for fewer: but its day has not ended.
    """
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    is_of_today = (FindingRow.state == "gone") & (FindingRow.last_seen >= midnight)
    found = select(FindingRow).where(
        FindingRow.target == "",
        FindingRow.rule == quota.NAME,
        FindingRow.state.in_(WAITING) | is_of_today,
    )
    return session.scalars(found.limit(1)).first()


def _set(
    session: Session, category: Category, cause: FindingRow, *, learned: bool, said: str
) -> None:
    reason = f"Finding {short_id(cause.id)} of {cause.rule}."
    changes = {"learned": learned}
    stored_policies.record(session, category, changes, changed_by=ACTOR, reason=reason)
    changes_of_fleet.record(session, "policy", said, ACTOR)


def _detail(row: FindingRow, said: str) -> dict[str, Any]:
    return {"said": said, "revert": row.revert}


def _category(row: FindingRow) -> Category:
    return category_named(row.object.removeprefix("category "))


def _rows(session: Session, states: Sequence[str]) -> Sequence[FindingRow]:
    return session.scalars(
        select(FindingRow)
        .where(FindingRow.target == "", FindingRow.rule.in_(_RULES), FindingRow.state.in_(states))
        .order_by(FindingRow.id)
        .with_for_update()
    ).all()


def _policy(session: Session, category: Category) -> Policy:
    _, stored = stored_policies.in_force(session)
    in_force = Policies()
    in_force.replace(read_changes(stored))
    return in_force.of(category)


def _is_set_by_person(session: Session, category: Category) -> bool:
    """Whether the lifetime in force was set, and by somebody else than this."""
    setter = ACTOR
    rows = select(CachePolicy).where(CachePolicy.category == category.value)
    for row in session.scalars(rows.order_by(CachePolicy.id)):
        if not row.changes:
            setter = ACTOR  # all changes were undone
        elif row.changes.keys() & {"ttl", "learned"}:
            setter = row.changed_by
    return setter != ACTOR


def _is_spent(session: Session, now: datetime) -> bool:
    """Whether the changes of a day were made."""
    made = select(func.count()).where(
        CachePolicy.changed_by == ACTOR, CachePolicy.changed_at > now - timedelta(days=1)
    )
    return (session.scalar(made) or 0) >= DAILY_CHANGES
