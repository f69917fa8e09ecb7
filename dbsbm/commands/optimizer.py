"""`/optimizer` and the buttons below it: what could be better, and what is done about it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Any

from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dbsbm.betting.text import clean_name
from dbsbm.commands.reply import Reply
from dbsbm.db.engine import Database
from dbsbm.db.models import FindingRow, OptimizerRun
from dbsbm.db.queries.findings import GRAVITY, WAITING, last_run, not_looked_at
from dbsbm.errors import DbsbmError, TransientError, UserError
from dbsbm.optimizer import ledger
from dbsbm.optimizer.applying import changes
from dbsbm.optimizer.applying.applier import Applier
from dbsbm.optimizer.applying.steps import is_change
from dbsbm.optimizer.applying.target import Target
from dbsbm.optimizer.finding import is_runnable, short_id, shorten
from dbsbm.optimizer.proof.bench import HurriedBench
from dbsbm.optimizer.unattended.proving import prove_finding, read_load
from dbsbm.wire.command import Command
from dbsbm.wire.finding_buttons import FindingDeed, finding_custom_id

MOST = 5
"""Findings of one answer: Discord takes five rows of buttons."""
ELSEWHERE = (
    "Only in the channel of ALERT_CHANNEL_ID is anything decided about the fleet's database: press "
    "the buttons there."
)
_COLOURS = {"critical": 0xED4245, "warning": 0xFEE75C}
_BLUE = 0x5865F2
_ROW, _BUTTON = 1, 2
_PRIMARY, _SECONDARY, _DANGER = 1, 2, 4
_LONGEST_CODE = 1000
_LONGEST_CONTENT, _LONGEST_FIELD, _LONGEST_EMBEDS = 1900, 1024, 6000
_HINT = 60
"""Room that each finding has to say where its fix is."""
_MOST_UNSEEN = 3
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
    "applied": ((FindingDeed.KEEP, "Keep", _PRIMARY),),
}
_UNDO = (FindingDeed.REVERT, "Undo", _DANGER)


def show(database: Database, *, may_decide: bool) -> Reply:
    """The gravest findings about the fleet, with buttons for what can be done about each.

    Args:
        database: The fleet's own.
        may_decide: It is asked for where decisions are taken.

    Raises:
        TransientError: The database is away.
    """
    shown = (FindingRow.target == "", FindingRow.state.in_(_SHOWN))
    with database.read() as session:
        run = last_run(session)
        total = session.scalar(select(func.count()).select_from(FindingRow).where(*shown)) or 0
        rows = session.scalars(
            select(FindingRow)
            .where(*shown)
            .order_by(GRAVITY, FindingRow.confidence.desc(), FindingRow.id)
            .limit(MOST)
        ).all()
        in_force = changes.with_any_in_force(session, [row.id for row in rows])
    said = [_opening(run, total), *_looked(run)]
    if rows and not may_decide:
        said.append(f"-# {ELSEWHERE}")
    return Reply(
        "\n".join(said)[:_LONGEST_CONTENT],
        embeds=_embeds(rows),
        components=tuple(_buttons(rows, in_force)) if may_decide else (),
    )


def _opening(run: OptimizerRun | None, total: int) -> str:
    if total > MOST:
        return f"The gravest {MOST} of {total} findings; the dashboard has all."
    if total:
        return "One finding." if total == 1 else f"{total} findings, the gravest first."
    if run is None:
        return "Nothing was analysed yet: the schedule does it every 15 minutes."
    if run.healthy:
        return "The optimizer has nothing to say: all that it could look at is well."
    return "Nothing was found, but too little could be looked at to call it well."


def _looked(run: OptimizerRun | None) -> Iterator[str]:
    """When it was, and what could not be seen."""
    if run is None:
        return
    yield f"-# Analysed <t:{run.started_at.timestamp():.0f}:R> by {run.rules} rules."
    unseen = not_looked_at(run)
    for rules, reason in unseen[:_MOST_UNSEEN]:
        yield f"-# Not looked at: {shorten(rules, 100)}: {shorten(reason, 150)}"
    if (more := len(unseen) - _MOST_UNSEEN) > 0:
        yield f"-# and {more} more, see the dashboard."


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
    return Reply(f"{outcome.said}\n{_block(shorten(outcome.statement, _LONGEST_CODE))}".strip())


def _embeds(rows: Sequence[FindingRow]) -> tuple[dict[str, Any], ...]:
    """An embed each. The gravest gets room for its fix first: Discord counts them all together."""
    embeds = [_embed(number, row) for number, row in enumerate(rows, 1)]
    room = _LONGEST_EMBEDS - sum(_length(embed) + _HINT for embed in embeds)
    for embed, row in zip(embeds, rows, strict=True):
        fix = _fix(row)
        if len(fix) > min(room + _HINT, _LONGEST_FIELD):
            fix = f"Too long for Discord: see `optimizer show {short_id(row.id)}`."
        if fix:
            embed["fields"].append({"name": "What helps", "value": fix, "inline": False})
        room -= max(0, len(fix) - _HINT)
    return tuple(embeds)


def _embed(number: int, row: FindingRow) -> dict[str, Any]:
    return {
        "title": f"{number}. {row.severity.capitalize()}: {shorten(row.object, 150)}",
        "description": shorten(row.cause, 400),
        "color": _COLOURS.get(row.severity, _BLUE),
        "fields": [
            {"name": "Gain", "value": row.expected_gain or "not measured", "inline": True},
            {"name": "State", "value": _state(row), "inline": True},
        ],
        "footer": {"text": f"{row.rule} · id {short_id(row.id)}"},
    }


def _length(embed: dict[str, Any]) -> int:
    """What Discord counts of an embed, with the name of the field that is still to come."""
    fields = sum(len(each["name"]) + len(each["value"]) for each in embed["fields"])
    texts = embed["title"], embed["description"], embed["footer"]["text"], "What helps"
    return fields + sum(map(len, texts))


def _fix(row: FindingRow) -> str:
    """Sentences as they are, and what can be run as code of its own, to be copied."""
    return "\n".join(_block(line) if is_runnable(line) else line for line in row.fix)


def _state(row: FindingRow) -> str:
    verdict = (row.proof or {}).get("verdict")
    return row.state if verdict in {None, "proved"} else f"{row.state}, {verdict}"


def _buttons(rows: Sequence[FindingRow], in_force: Container[str]) -> list[dict[str, Any]]:
    """A row of buttons for each finding about which anything can be done."""
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
                for deed, label, style in deeds
            ],
        }
        for number, row in enumerate(rows, 1)
        if (deeds := _deeds(row, in_force))
    ]


def _deeds(row: FindingRow, in_force: Container[str]) -> list[tuple[FindingDeed, str, int]]:
    may_change = is_change(row.fix)
    deeds = [each for each in _DEEDS[row.state] if each[0] is FindingDeed.DISMISS or may_change]
    return [*deeds, _UNDO] if row.id in in_force else deeds


def _block(text: str) -> str:
    plain = text.replace("```", "'''")
    return f"```sql\n{plain}\n```" if plain else ""


def _code(text: str) -> str:
    return f"`{text.replace('`', '')}`"
