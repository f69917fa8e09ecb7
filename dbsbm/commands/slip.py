"""`/slip`: shows a bet's slip again."""

from __future__ import annotations

from sqlalchemy.orm import Session

from dbsbm.commands.reply import Reply
from dbsbm.db.models import Bet
from dbsbm.errors import UserError
from dbsbm.wire.command import Command


def show(session: Session, command: Command) -> Reply:
    """Answer with the slip of a bet of this guild.

    Raises:
        UserError: The guild has no such bet.
    """
    number = command.options.get("bet")
    bet = session.get(Bet, number) if isinstance(number, int) and number < 2**63 else None
    if bet is None or bet.guild_id != command.guild_id:
        raise UserError(f"There is no bet #{number} on this server.")
    return Reply(bet_id=bet.id)
