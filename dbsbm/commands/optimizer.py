"""`/optimizer` and the buttons below it: what could be better, and what is done about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.betting.text import clean_name
from dbsbm.commands.reply import Reply
from dbsbm.db.engine import Database
from dbsbm.db.models import FindingRow
from dbsbm.db.queries.findings import GRAVITY, WAITING
from dbsbm.errors import DbsbmError, TransientError, UserError
from dbsbm.optimizer import ledger
from dbsbm.optimizer.applying.applier import Applier
from dbsbm.optimizer.applying.ddl import read_fix
from dbsbm.optimizer.applying.target import Target
from dbsbm.optimizer.proof.bench import HurriedBench
from dbsbm.optimizer.unattended.proving import prove_finding, read_load
from dbsbm.wire.command import Command
from dbsbm.wire.finding_buttons import FindingDeed, finding_custom_id

MOST = 5
"""Findings of one answer: Discord takes five rows of buttons."""
ELSEWHERE = (
    "Only in the channel of ALERT_CHANNEL_ID is anything decided about the fleet's database."
)
_COLOURS = {"critical": 0xED4245, "warning": 0xFEE75C}
_BLUE = 0x5865F2
_ROW, _BUTTON = 1, 2
_PRIMARY, _SECONDARY, _DANGER = 1, 2, 4
_LONGEST_CODE = 1000
_SHOWN = (*WAITING, "applied")

_DEEDS: dict[str, tuple[tuple[FindingDeed, str, int], ...]] = {
    "open": (
        (FindingDeed.PROVE, "Try on a copy", _PRIMARY),
        (FindingDeed.APPLY, "Apply", _SECONDARY),
        (FindingDeed.DISMISS, "Dismiss", _SECONDARY),
    ),
    "proved": (
        (FindingDeed.APPLY, "Apply", _PRIMARY),
        (FindingDeed.DISMISS, "Dismiss", _SECONDARY),
    ),
    "applied": (
        (FindingDeed.KEEP, "Keep", _PRIMARY),
        (FindingDeed.REVERT, "Undo", _DANGER),
    ),
}


def show(database: Database, *, may_decide: bool) -> Reply:
    """The gravest findings about the fleet, with buttons for what can be done about each.

    Args:
        database: The fleet's own.
        may_decide: It is asked for where decisions are taken.

    Raises:
        TransientError: The database is away.
    """
    with database.read() as session:
        rows = session.scalars(
            select(FindingRow)
            .where(FindingRow.target == "", FindingRow.state.in_(_SHOWN))
            .order_by(GRAVITY, FindingRow.confidence.desc(), FindingRow.id)
            .limit(MOST)
        ).all()
    if not rows:
        return Reply("The optimizer has nothing to say: all that it could look at is well.")
    return Reply(
        embeds=tuple(_embed(number, row) for number, row in enumerate(rows, 1)),
        components=tuple(_buttons(rows)) if may_decide else (),
    )


def decide(database: Database, address: SecretStr, command: Command) -> Reply:
    """Do what a button asks for.

    Args:
        database: The fleet's own, which the finding is about.
        address: Where it is.
        command: The press.

    Raises:
        UserError: It cannot be done; the sentence says why.
        TransientError: The database is away.
    """
    finding, deed = str(command.options["finding"]), FindingDeed(command.options["deed"])
    actor = f"{clean_name(command.user_name)} (Discord {command.user_id})"
    if deed is FindingDeed.DISMISS:
        return _dismiss(database, finding, actor)
    if database.dialect == "sqlite":
        raise UserError("The fleet's database is an SQLite file, whose tables are not changed.")
    try:
        if deed is FindingDeed.PROVE:
            return _prove(database, address, finding, actor)
        return _change(database, address, finding, deed, actor)
    except (TransientError, UserError):
        raise
    except DbsbmError as reason:
        raise UserError(str(reason)) from None


def _dismiss(database: Database, finding: str, actor: str) -> Reply:
    def write(session: Session) -> str:
        row = ledger.find(session, finding)
        if row.state not in WAITING:
            raise UserError(f"This finding is {row.state}: it cannot be dismissed.")
        ledger.take_step(session, row, "dismissed", "dismissed", actor=actor)
        return row.object

    return Reply(f"Nothing more is said of {_code(database.transact(write))}.")


def _prove(database: Database, address: SecretStr, finding_id: str, actor: str) -> Reply:
    with database.read() as session:
        finding = ledger.find(session, finding_id)
    read = read_load(address)
    with HurriedBench(address) as bench:
        proof = prove_finding(database, bench, read, finding, actor=actor)
    before, after = proof["cost"]
    said = [f"{proof['verdict'].capitalize()}: {_code(finding.object)}."]
    said += proof["reasons"]
    if proof["statements"]:
        said.append(
            f"{len(proof['statements'])} kinds of statements were replayed; what they read costs "
            f"{before:,} before and {after:,} after."
        )
    return Reply("\n".join(said)[:2000])


def _change(
    database: Database, address: SecretStr, finding: str, deed: FindingDeed, actor: str
) -> Reply:
    with Target(address) as target:
        applier = Applier(database, target, name="", actor=actor)
        if deed is FindingDeed.APPLY:
            outcome = applier.apply(finding, approved=True)
        elif deed is FindingDeed.KEEP:
            outcome = applier.finish(finding)
        else:
            outcome = applier.revert(finding)
    return Reply(f"{outcome.said}\n{_block(outcome.statement)}".strip())


def _embed(number: int, row: FindingRow) -> dict[str, Any]:
    fields = [{"name": "Gain", "value": row.expected_gain[:1024] or "not measured", "inline": True}]
    fields.append({"name": "State", "value": _state(row), "inline": True})
    if row.fix:
        fields.append({"name": "Fix", "value": _block("\n".join(row.fix)), "inline": False})
    return {
        "title": f"{number}. {row.rule}: {row.object}"[:256],
        "description": row.cause[:600],
        "color": _COLOURS.get(row.severity, _BLUE),
        "fields": fields,
    }


def _state(row: FindingRow) -> str:
    verdict = (row.proof or {}).get("verdict")
    return row.state if verdict in {None, "proved"} else f"{row.state}, {verdict}"


def _buttons(rows: Sequence[FindingRow]) -> list[dict[str, Any]]:
    return [
        {
            "type": _ROW,
            "components": [
                {
                    "type": _BUTTON,
                    "style": style,
                    "label": f"{number}. {label}",
                    "custom_id": finding_custom_id(row.id, deed),
                }
                for deed, label, style in _DEEDS[row.state]
                if deed is FindingDeed.DISMISS or _is_change(row)
            ],
        }
        for number, row in enumerate(rows, 1)
        if row.state != "applied" or _is_change(row)
    ]


def _is_change(row: FindingRow) -> bool:
    try:
        read_fix(row.fix, "")
    except UserError:
        return False
    return True


def _block(text: str) -> str:
    plain = text.replace("```", "'''")[: _LONGEST_CODE - 12]
    return f"```sql\n{plain}\n```" if plain else ""


def _code(text: str) -> str:
    return f"`{text.replace('`', '')}`"
