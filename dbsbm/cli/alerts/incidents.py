"""`alerts list | history | ack | silence | unsilence`: incidents, and quiet about them."""

from __future__ import annotations

import argparse
import getpass
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from dbsbm.cli.output import say, say_json, table
from dbsbm.db.engine import Database
from dbsbm.db.models import AlertSilence, Incident
from dbsbm.errors import UserError
from dbsbm.monitor.alerts import incidents, silences
from dbsbm.monitor.alerts.fields import LONGEST, WrongValueError, span
from dbsbm.monitor.alerts.rulefile import load_rules
from dbsbm.settings import load_settings

T = TypeVar("T")

# Longer numbers are none that a database has.
_DIGITS = 18

_COLUMNS = (
    *("id", "rule", "series", "severity", "state", "started_at", "fired_at", "resolved_at"),
    *("resolution", "value", "worst", "threshold", "unit", "effect", "runbook", "evidence"),
    *("acknowledged_by", "acknowledged_at", "version"),
)


def register(actions: Any) -> None:
    """Add the actions to the parser."""
    now = actions.add_parser("list", help="what is wrong now, and the silences that are on")
    now.add_argument("--json", action="store_true", help="for programs")
    now.set_defaults(run=_list)
    history = actions.add_parser("history", help="incidents of the past, the newest first")
    history.add_argument("--since", default="7d", metavar="TIME", help="such as 24h (default 7d)")
    history.add_argument("--rule", help="only those of a rule")
    history.add_argument("--limit", type=_number, default=100, help="how many (100)")
    history.add_argument("--json", action="store_true", help="for programs")
    history.set_defaults(run=_history)
    ack = actions.add_parser("ack", help="say that you look after an incident")
    ack.add_argument("id", type=_number)
    _add_by(ack)
    ack.set_defaults(run=_ack)
    silence = actions.add_parser("silence", help="tell nothing new of a rule for a while")
    silence.add_argument("rule")
    silence.add_argument("--for", dest="length", default="1h", metavar="TIME", help="default 1h")
    silence.add_argument("--series", default="", help="only this series, such as queue=images")
    silence.add_argument("--reason", default="")
    _add_by(silence)
    silence.set_defaults(run=_silence)
    unsilence = actions.add_parser("unsilence", help="end a silence")
    unsilence.add_argument("id", type=_number)
    unsilence.set_defaults(run=_unsilence)


def _add_by(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", default=getpass.getuser(), metavar="NAME", help="who does it")


def _list(arguments: argparse.Namespace) -> int:
    open_ones, quiet = _read(
        lambda session: (
            incidents.open_ones(session),
            silences.now_on(session, datetime.now(UTC)),
        )
    )
    if arguments.json:
        say_json({"incidents": _as_json(open_ones), "silences": [_silence_json(s) for s in quiet]})
        return 0
    _tell(open_ones, "Nothing is wrong.")
    for each in quiet:
        say(
            f"Silence {each.id}: {each.rule} {each.series}".rstrip()
            + f" until {_moment(each.until)}, by {each.by}. {each.reason}".rstrip()
        )
    return 0


def _history(arguments: argparse.Namespace) -> int:
    since = datetime.now(UTC) - _length(arguments.since)
    found = _read(
        lambda session: incidents.newest(
            session, since=since, rule=arguments.rule, limit=arguments.limit
        )
    )
    if arguments.json:
        say_json({"incidents": _as_json(found)})
    else:
        _tell(found, "No incidents.")
    return 0


def _ack(arguments: argparse.Namespace) -> int:
    found = _write(
        lambda session: incidents.acknowledge(
            session, arguments.id, by=arguments.by, trace_id=str(uuid.uuid4())
        )
    )
    say(f"Incident {found.id} of {found.rule} is looked after by {found.acknowledged_by}.")
    return 0


def _silence(arguments: argparse.Namespace) -> int:
    names = [rule.name for rule in load_rules(load_settings().alert_rules)]
    if arguments.rule not in names:
        raise UserError(f"There is no rule {arguments.rule!r}; there are {', '.join(names)}.")
    length = _length(arguments.length)
    silence = _write(
        lambda session: silences.add(
            session,
            arguments.rule,
            series=arguments.series,
            length=length,
            by=arguments.by,
            reason=arguments.reason,
            trace_id=str(uuid.uuid4()),
        )
    )
    of = f"{silence.rule} {silence.series}".rstrip()
    say(f"Silence {silence.id}: nothing new of {of} until {_moment(silence.until)}.")
    return 0


def _unsilence(arguments: argparse.Namespace) -> int:
    _write(lambda session: silences.end(session, arguments.id, trace_id=str(uuid.uuid4())))
    say(f"Silence {arguments.id} is over.")
    return 0


def _tell(found: Sequence[Incident], nothing: str) -> None:
    headings = ("id", "severity", "rule", "series", "state", "started", "over", "worst", "limit")
    say(table(headings, [_cells(each) for each in found]) if found else nothing)


def _cells(incident: Incident) -> tuple[object, ...]:
    state = "acknowledged" if incident.acknowledged_by and not incident.resolved_at else None
    return (
        incident.id,
        incident.severity,
        incident.rule,
        incident.series or "-",
        state or incident.state,
        _moment(incident.started_at),
        _moment(incident.resolved_at) if incident.resolved_at else "-",
        "-" if incident.worst is None else f"{incident.worst:.4g}",
        f"{incident.threshold:g} {incident.unit}".strip(),
    )


def _as_json(found: Sequence[Incident]) -> list[dict[str, Any]]:
    return [{name: _plain(getattr(each, name)) for name in _COLUMNS} for each in found]


def _silence_json(silence: AlertSilence) -> dict[str, Any]:
    names = ("id", "rule", "series", "until", "by", "reason", "created_at")
    return {name: _plain(getattr(silence, name)) for name in names}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%SZ}"


def _length(text: str) -> timedelta:
    try:
        return timedelta(seconds=min(span(text), LONGEST))
    except WrongValueError:
        raise UserError(f"{text!r} is no time; write for example 90s, 5m, 1h or 3d.") from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number such as 12")
    return int(text)


def _read(work: Callable[[Session], T]) -> T:
    database = Database(load_settings().database)
    try:
        with database.read() as session:
            return work(session)
    finally:
        database.dispose()


def _write(work: Callable[[Session], T]) -> T:
    """Run a transaction; what it promised to tell is sent by the relay within seconds."""
    database = Database(load_settings().database)
    try:
        return database.transact(work)
    finally:
        database.dispose()
