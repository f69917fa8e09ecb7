"""The cache's clean-up, recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dbsbm.bootstrap import Services
from dbsbm.cache.cleanup import clean_up
from dbsbm.db.models import CacheCleanupRun


def run(services: Services, trace_id: str) -> dict[str, Any]:
    """Clean up once and write down what it freed."""
    started = datetime.now(UTC)
    report = clean_up(services.cache_client)
    removed = {str(reason): count for reason, count in report.removed_by_reason.items()}
    row = CacheCleanupRun(
        started_at=started,
        seconds=report.duration,
        scanned=report.scanned,
        removed=removed,
        freed_bytes=report.bytes_freed,
        errors=report.errors,
        trace_id=trace_id,
    )
    services.database.transact(lambda session: session.add(row))
    return {"scanned": report.scanned, "removed": removed, "freed_bytes": report.bytes_freed}
