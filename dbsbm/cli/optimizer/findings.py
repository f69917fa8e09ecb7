"""`optimizer list | show | history | dismiss`: what was found, and what became of it."""

from __future__ import annotations

import argparse
import getpass
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from dbsbm.cli.optimizer.ledger import open_ledger
from dbsbm.cli.optimizer.text import finding_lines, proof_lines
from dbsbm.cli.output import say, say_json, table
from dbsbm.db.models import FindingRow, FindingStep
from dbsbm.db.queries.findings import GRAVITY, STATES
from dbsbm.errors import UserError
from dbsbm.optimizer import ledger
from dbsbm.optimizer.applying import changes
from dbsbm.optimizer.applying.steps import next_commands
from dbsbm.optimizer.finding import short_id
from dbsbm.settings import load_settings

T = TypeVar("T")

_MOST_STEPS = 10_000


def fill_list(parser: argparse.ArgumentParser) -> None:
    """Add what `list` takes."""
    parser.add_argument(
        "--state",
        choices=(*STATES, "all"),
        help="default: those that are neither gone nor dismissed",
    )
    _add_json(parser)
    parser.set_defaults(run=_list)


def fill_show(parser: argparse.ArgumentParser) -> None:
    """Add what `show` takes."""
    _add_id(parser)
    _add_json(parser)
    parser.set_defaults(run=_show)


def fill_history(parser: argparse.ArgumentParser) -> None:
    """Add what `history` takes."""
    parser.add_argument("id", nargs="?", help="only of one finding; the begin of its id is enough")
    parser.add_argument("--limit", type=_count, default=100, metavar="N", help="how many (100)")
    _add_json(parser)
    parser.set_defaults(run=_history)


def fill_dismiss(parser: argparse.ArgumentParser) -> None:
    """Add what `dismiss` takes."""
    _add_id(parser)
    parser.add_argument("--reason", default="", help="for those who come after you")
    parser.add_argument("--by", default=getpass.getuser(), metavar="NAME", help="who does it")
    parser.set_defaults(run=_dismiss)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_STEPS:
        raise argparse.ArgumentTypeError(f"must be from 1 to {_MOST_STEPS}")
    return int(text)


def _add_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="of the finding; its begin is enough")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def _list(arguments: argparse.Namespace) -> int:
    rows = _read(lambda session: session.scalars(_wanted(arguments.state)).all())
    if arguments.json:
        say_json({"findings": [_as_json(row) for row in rows]})
    elif rows:
        headings = ("id", "severity", "state", "rule", "object", "where", "since")
        say(table(headings, [_cells(row) for row in rows]))
    else:
        say("There is no such finding." if arguments.state else "Nothing is open.")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    row, steps, in_force = _read(lambda session: _with_steps(session, arguments.id))
    content = _as_json(row)
    if arguments.json:
        say_json({**content, "steps": [_step_json(step) for step in steps]})
        return 0
    say("\n".join(finding_lines(content)))
    say(f"  State {row.state}, since {_moment(row.first_seen)}, last {_moment(row.last_seen)}")
    for name, value in row.evidence.items():
        if value not in (None, "", [], {}):
            say(f"  {name}: {_spelt(value)}")
    if row.proof:
        say("\n".join(("", *proof_lines(row.proof))))
    say("")
    _tell_steps(steps)
    for command in next_commands(row, in_force=in_force):
        say(f"Next: {command}")
    return 0


def _spelt(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:,.6g}" if isinstance(value, float) else f"{value:,}"
        case str():
            return value
    return json.dumps(value, ensure_ascii=False)


def _history(arguments: argparse.Namespace) -> int:
    steps = _read(lambda session: _steps(session, arguments.id, arguments.limit))
    if arguments.json:
        say_json({"steps": [_step_json(step) for step in steps]})
    elif steps:
        _tell_steps(steps)
    else:
        say("Nothing happened yet.")
    return 0


def _dismiss(arguments: argparse.Namespace) -> int:
    def work(session: Session) -> str:
        row = ledger.find(session, arguments.id)
        if row.state == "applied":  # nobody would watch it any more
            raise UserError("This finding is applied and watched: keep it or take it back first.")
        ledger.take_step(
            session,
            row,
            "dismissed",
            "dismissed",
            actor=arguments.by[:100],
            detail={"reason": arguments.reason} if arguments.reason else None,
        )
        return f"{row.rule} {row.object}"

    with open_ledger(load_settings().database) as database:
        name = database.transact(work)
    say(f"Dismissed: {name}. It stays so when it is found again.")
    return 0


def _wanted(state: str | None) -> Select[FindingRow]:
    rows = select(FindingRow).order_by(GRAVITY, FindingRow.confidence.desc(), FindingRow.object)
    if state is None:
        return rows.where(FindingRow.state.not_in(("gone", "dismissed")))
    return rows if state == "all" else rows.where(FindingRow.state == state)


def _with_steps(
    session: Session, finding_id: str
) -> tuple[FindingRow, Sequence[FindingStep], bool]:
    """The finding, what became of it, and whether anything that was done for it is in force."""
    row = ledger.find(session, finding_id)
    return row, ledger.steps(session, row.id), bool(changes.in_force(session, row.id))


def _steps(session: Session, finding_id: str | None, limit: int) -> Sequence[FindingStep]:
    steps = select(FindingStep).order_by(FindingStep.id.desc()).limit(limit)
    if finding_id is not None:
        steps = steps.where(FindingStep.finding_id == ledger.find(session, finding_id).id)
    return session.scalars(steps).all()


def _tell_steps(steps: Sequence[FindingStep]) -> None:
    if steps:
        rows = [
            (
                _moment(step.taken_at),
                short_id(step.finding_id),
                step.step,
                step.state,
                step.actor,
                ", ".join(f"{name}: {value}" for name, value in step.detail.items()),
            )
            for step in steps
        ]
        say(table(("at", "id", "step", "state", "by", "detail"), rows))


def _cells(row: FindingRow) -> tuple[object, ...]:
    return (
        short_id(row.id),
        row.severity,
        row.state,
        row.rule,
        row.object,
        row.target or "the fleet",
        _moment(row.first_seen),
    )


def _as_json(row: FindingRow) -> dict[str, Any]:
    return {
        **ledger.as_finding(row).to_dict(),
        "state": row.state,
        "first_seen": row.first_seen.isoformat(),
        "last_seen": row.last_seen.isoformat(),
    }


def _step_json(step: FindingStep) -> dict[str, Any]:
    return {
        "finding": step.finding_id,
        "step": step.step,
        "state": step.state,
        "actor": step.actor,
        "taken_at": step.taken_at.isoformat(),
        "detail": step.detail,
    }


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%SZ}"


def _read(work: Callable[[Session], T]) -> T:
    with open_ledger(load_settings().database) as database, database.read() as session:
        return work(session)
