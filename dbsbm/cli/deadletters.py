"""`deadletters`: list what was given up, and replay it."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db import outbox
from dbsbm.db.engine import Database
from dbsbm.db.models import DeadLetter
from dbsbm.errors import UserError
from dbsbm.settings import load_settings


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="those that nobody replayed").set_defaults(run=_list)
    replay = actions.add_parser("replay", help="try one again; the relay sends it within seconds")
    replay.add_argument("id", type=int)
    replay.set_defaults(run=_replay)


def _list(_arguments: argparse.Namespace) -> int:
    with Database(load_settings().database).read() as session:
        letters = session.scalars(
            select(DeadLetter).where(DeadLetter.replayed_at.is_(None)).order_by(DeadLetter.id)
        ).all()
    for letter in letters:
        print(  # noqa: T201 - this is a command line
            f"{letter.id}  {letter.created_at:%Y-%m-%d %H:%M:%S}  {letter.task}  {letter.reason}"
        )
    if not letters:
        print("No dead letters.")  # noqa: T201
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    Database(load_settings().database).transact(lambda session: replay(session, arguments.id))
    print(f"Dead letter {arguments.id} is pending again.")  # noqa: T201
    return 0


def replay(session: Session, letter_id: int) -> None:
    """Make the effect of a dead letter pending again.

    Raises:
        UserError: There is no such letter, or what it holds cannot be replayed.
    """
    letter = session.get(DeadLetter, letter_id)
    if letter is None:
        raise UserError(f"There is no dead letter {letter_id}; see `deadletters list`.")
    if letter.source != "outbox":
        raise UserError(
            f"Dead letter {letter_id} was a {letter.task} that cannot be replayed: "
            "the member has to give the command again."
        )
    outbox.replay(session, int(letter.source_key))
    letter.replayed_at = datetime.now(UTC)
