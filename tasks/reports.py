"""Reports of how the fleet did: for whoever asks, and one a day into the operators' channel."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import shared_task

from dbsbm.commands import handle, performance
from dbsbm.delivery import daily_report
from dbsbm.monitor.report.build import build_report
from dbsbm.monitor.report.model import Report
from dbsbm.monitor.store.history import History
from dbsbm.wire.command import Command
from tasks.base import ScheduledTask, services, trace
from tasks.commands import run_command

log = logging.getLogger(__name__)


@shared_task(name="tasks.reports.performance")
def show_performance(command: dict[str, Any]) -> str:
    """Answer with how the fleet did lately."""
    return run_command(command, _show)


@shared_task(name="tasks.reports.deliver")
def deliver(effect_id: int) -> str:
    """Deliver an answer with a picture, from where pictures are drawn."""
    return services().delivery.deliver(effect_id)


@shared_task(name="tasks.monitor.report", base=ScheduledTask)
def report_of_the_day() -> dict[str, Any]:
    """Promise the report of the last 24 hours, once a day."""
    here = services()
    now = datetime.now(UTC)
    until = now.replace(minute=0, second=0, microsecond=0)
    if here.settings.alert_channel_id is None:
        log.info(
            "There is no report of the day: ALERT_CHANNEL_ID is not set.",
            extra={"action": "report.skipped"},
        )
        return {"outcome": "not set"}
    with here.database.read() as session:
        if daily_report.is_promised(session, now.date()):
            return {"outcome": "done already"}
    report = _report(until - timedelta(days=1), until)
    is_new = here.database.transact(
        lambda session: daily_report.promise(session, report, now.date(), trace_id=trace())
    )
    return {"outcome": "promised" if is_new else "done already"}


@shared_task(name="tasks.reports.post")
def post(effect_id: int) -> str:
    """Post the report that an effect holds."""
    return services().daily_report.deliver(effect_id)


def _show(command: Command, trace_id: str) -> str:
    here = services()
    if handle.is_handled(here.database, command):
        return "duplicate"
    now = datetime.now(UTC)
    since = performance.since(str(command.options.get("range", "24h")), now)
    reply = performance.show(_report(since, now))
    return handle.answer(here.database, command, trace_id, reply)


def _report(since: datetime, until: datetime) -> Report:
    database = services().database
    return build_report(History(database), database, since, until)
