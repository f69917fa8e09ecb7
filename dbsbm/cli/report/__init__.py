"""`report`: how the fleet did, compared with the day and the week before."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dbsbm.cli.output import say
from dbsbm.cli.report.page import as_page
from dbsbm.cli.report.text import as_text
from dbsbm.db.engine import Database
from dbsbm.errors import UserError
from dbsbm.monitor.alerts.fields import WrongValueError, span
from dbsbm.monitor.report.as_json import as_json
from dbsbm.monitor.report.build import build_report
from dbsbm.monitor.report.model import Report
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.resolutions import DAY, RETENTION
from dbsbm.settings import load_settings

LONGEST = RETENTION[DAY]
SHORTEST = timedelta(minutes=1)

_FORMATS: Mapping[str, Callable[[Report], str]] = {
    "text": as_text,
    "json": lambda report: json.dumps(as_json(report), indent=2, ensure_ascii=False),
    "html": as_page,
}


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.description = (
        "Response times, hit rates, what was slow, errors, resources, alerts and findings of a "
        "span, compared with the day and the week before."
    )
    parser.add_argument(
        "--since",
        default="24h",
        metavar="TIME",
        help="how long before the end, such as 90m, 24h or 7d, or a time such as "
        "2026-11-20T07:00 (24h)",
    )
    parser.add_argument(
        "--until", default="0s", metavar="TIME", help="how long ago, or a time in UTC (now)"
    )
    forms = parser.add_mutually_exclusive_group()
    for name, text in (("text", "for people (this)"), ("json", "for programs")):
        forms.add_argument(f"--{name}", dest="form", action="store_const", const=name, help=text)
    forms.add_argument(
        "--html", dest="form", action="store_const", const="html", help="a page with charts"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write there")
    parser.set_defaults(run=_run, form="text")


def _run(arguments: argparse.Namespace) -> int:
    since, until = read_span(arguments.since, arguments.until, datetime.now(UTC))
    database = Database(load_settings().database)
    try:
        report = build_report(History(database), database, since, until)
    finally:
        database.dispose()
    content = _FORMATS[arguments.form](report)
    if arguments.output is None:
        say(content)
    else:
        _write(arguments.output, content)
    return 0


def read_span(since: str, until: str, now: datetime) -> tuple[datetime, datetime]:
    """The times that were typed.

    Raises:
        UserError: They are no times, or no span that is stored.
    """
    end = _moment("--until", until, now)
    begin = _moment("--since", since, end)
    if end > now:
        raise UserError("--until lies in the future.")
    if end - begin < SHORTEST:
        raise UserError("A report covers a minute at least: --since must be before --until.")
    if now - begin > LONGEST:
        raise UserError(f"--since is too far back: {LONGEST.days} days are kept.")
    return begin, end


def _moment(option: str, text: str, before: datetime) -> datetime:
    """A time as it was typed: how long before another, or by calendar and clock."""
    try:
        return before - timedelta(seconds=span(text))
    except (WrongValueError, OverflowError):
        pass
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UserError(
            f"{option} {text[:40]!r} is no time; write for example 90m, 24h, 7d or "
            "2026-11-20T07:00."
        ) from None


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"The report cannot be written to {path}: {error.strerror}.") from None
    say(f"The report is in {path}.")
