"""`/performance`: how the fleet has done lately, with a picture."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from dbsbm.commands.reply import Reply
from dbsbm.errors import UserError
from dbsbm.monitor.report.embed import embed
from dbsbm.monitor.report.model import Report
from dbsbm.monitor.report.wording import spell_span

RANGES: Mapping[str, timedelta] = MappingProxyType(
    {
        "1h": timedelta(hours=1),
        "6h": timedelta(hours=6),
        "24h": timedelta(hours=24),
        "7d": timedelta(days=7),
        "30d": timedelta(days=30),
    }
)


def since(name: str, now: datetime) -> datetime:
    """When a range that ends now begins.

    Raises:
        UserError: There is no such range; the sentence lists those there are.
    """
    if name not in RANGES:
        raise UserError(f"There is no range `{name[:20]}`; choose one of {', '.join(RANGES)}.")
    return now - RANGES[name]


def show(report: Report) -> Reply:
    """The report as one embed, with a picture where there is something to draw."""
    title = f"Performance, last {spell_span(report.span)}"
    span = None if report.is_empty else (report.span.since, report.span.until)
    return Reply(embeds=(embed(report, title),), performance=span)
