"""The cache's clean-up, recorded; and what the cache's server is owed."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from dbsbm.bootstrap import Services
from dbsbm.cache.operating.cleanup import clean_up
from dbsbm.cache.policy.policies import Policies
from dbsbm.db.models import CacheCleanupRun
from dbsbm.errors import TransientError
from dbsbm.maintenance import dues, policies

log = logging.getLogger(__name__)


def run(services: Services, trace_id: str) -> dict[str, Any]:
    """Tell the server what it is owed, clean up once, and write down what that freed."""
    started = datetime.now(UTC)
    dues.settle(services)
    _publish_policies(services)
    report = clean_up(services.cache_client, policies=_in_force(services))
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


def _in_force(services: Services) -> Policies:
    """From the database: this process may not have heard of the newest change."""
    known = Policies()
    known.replace(policies.in_force(services.database)[1])
    return known


def _publish_policies(services: Services) -> None:
    try:
        policies.publish(services.database, services.cache_client)
    except TransientError as error:
        log.warning("%s", error, extra={"action": "cache.policies_unpublished"})
