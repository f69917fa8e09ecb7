"""The first page: the verdict, the big numbers, and what waits for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dbsbm.dashboard.reading.incidents import broken_rules, firing
from dbsbm.dashboard.reading.tables import Sources
from dbsbm.dashboard.reading.tiles import TILES
from dbsbm.dashboard.reading.verdict import Firing, Vitals, verdict
from dbsbm.db.models import DeadLetter, Effect, FindingRow, MetricPoint, ScheduleSlot
from dbsbm.db.queries.findings import WAITING
from dbsbm.errors import DbsbmError
from dbsbm.monitor.store.resolutions import MINUTE

LATE = timedelta(minutes=5)


def health(sources: Sources) -> dict[str, Any]:
    """Everything that the first page shows, as JSON can hold it."""
    now = datetime.now(UTC)
    with sources.database.read() as session:
        vitals = _vitals(session, now)
        broken = broken_rules(session)
    tiles = [tile.show(sources.history, now, broken) for tile in TILES]
    return {
        "verdict": verdict(vitals),
        "tiles": [*tiles, _incident_tile(vitals.firing)],
        "incidents": len(vitals.firing),
        "last_sample": None if vitals.last_sample is None else vitals.last_sample.timestamp(),
    }


def _incident_tile(firing: Sequence[Firing]) -> dict[str, Any]:
    pages = sum(each.severity == "page" for each in firing)
    seen = sum(each.is_acknowledged for each in firing)
    return {
        "id": "incidents",
        "title": "Open incidents",
        "unit": "count",
        "href": "/alerts",
        "value": len(firing),
        "note": f"{pages} urgent, {seen} acknowledged" if firing else "no rule is broken",
        "limit": None,
        "best": "low",
        "state": "bad" if firing else "ok",
        "bars": False,
        "spark": [],
    }


def unreachable(error: DbsbmError) -> dict[str, Any]:
    """The first page where nothing could be read."""
    reason = {"level": "unknown", "text": str(error), "href": "/"}
    return {
        "verdict": {
            "level": "unknown",
            "sentence": "Nobody knows how the fleet is.",
            "reasons": [reason],
        },
        "tiles": [],
        "incidents": None,
        "last_sample": None,
    }


def _vitals(session: Session, now: datetime) -> Vitals:
    late = (Effect.state == "pending", Effect.next_attempt_at < now - LATE)
    critical = (
        FindingRow.state.in_(WAITING),
        FindingRow.severity == "critical",
        FindingRow.target == "",
    )
    return Vitals(
        now=now,
        last_sample=_last_sample(session, now),
        last_slot=session.scalar(select(func.max(ScheduleSlot.slot))),
        dead_letters=_count(session, DeadLetter, (DeadLetter.replayed_at.is_(None),)),
        late_effects=_count(session, Effect, late),
        critical_findings=_count(session, FindingRow, critical),
        firing=firing(session),
    )


def _count(session: Session, table: type[Any], where: Sequence[Any]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


def _last_sample(session: Session, now: datetime) -> datetime | None:
    """The end of the newest minute that has points."""
    minutes = MetricPoint.resolution == MINUTE
    start = session.scalar(select(func.max(MetricPoint.start)).where(minutes))
    return None if start is None else min(now, start + timedelta(seconds=MINUTE))
