"""`/bet`: places a straight bet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from dbsbm.betting.bets import Pick, ensure_open
from dbsbm.betting.games import GameStatus, rules_for
from dbsbm.betting.grading import ensure_offered
from dbsbm.betting.odds import Odds
from dbsbm.betting.text import clean_note
from dbsbm.betting.units import UnitRules, stake
from dbsbm.commands.reply import Reply
from dbsbm.db.models import Bet, BetLeg, Game, Guild, LedgerEntry, Member
from dbsbm.errors import UserError
from dbsbm.wire.command import Command


def place(session: Session, guild: Guild, member: Member, command: Command, trace_id: str) -> Reply:
    """Write the bet, its leg and its ledger entry; the answer carries the slip.

    Raises:
        UserError: The game, the pick, the odds, the units or the note cannot be taken.
    """
    options = command.options
    now = datetime.now(UTC)
    game = _game(session, options.get("game"))
    # The moment the member pressed Enter decides, by Discord's clock: not the moment a worker got
    # to it, nor what a worker's clock makes of it.
    ensure_open(game.starts_at, GameStatus(game.status), command.created)
    pick = Pick.parse(_text(options, "market"), _text(options, "side"), options.get("line"))
    ensure_offered(pick, rules_for(game.league.sport))
    odds = Odds.parse(_text(options, "odds"))
    rules = UnitRules(guild.min_units, guild.max_units, guild.unit_step)
    staked = stake(rules.parse(_text(options, "units")), odds)
    bet = Bet(
        interaction_id=command.interaction_id,
        guild_id=guild.id,
        user_id=member.user_id,
        channel_id=command.channel_id,
        capper_name=member.display_name,
        capper_avatar=member.avatar,
        risk=staked.risk,
        to_win=staked.to_win,
        odds_input=odds.text[:32],
        odds_american=odds.american,
        odds_decimal=odds.decimal,
        note=clean_note(options.get("note")),
        trace_id=trace_id,
        placed_at=now,
        legs=[_leg(game, pick, odds)],
    )
    session.add(bet)
    session.flush()
    session.add(
        LedgerEntry(
            guild_id=guild.id,
            user_id=member.user_id,
            bet_id=bet.id,
            kind="risk",
            amount=-staked.risk,
            created_at=now,
        )
    )
    return Reply(bet_id=bet.id)


def _game(session: Session, given: Any) -> Game:
    try:
        game = session.get(Game, int(str(given)))
    except (ValueError, OverflowError):
        game = None
    if game is None:
        raise UserError("I do not know that game. Choose one from the list while you type.")
    return game


def _text(options: dict[str, Any], name: str) -> str:
    value = options.get(name)
    if value is None or not str(value).strip():
        raise UserError(f"Please fill in `{name}`.")
    return str(value)


def _leg(game: Game, pick: Pick, odds: Odds) -> BetLeg:
    return BetLeg(
        position=0,
        game_id=game.id,
        market=pick.market.value,
        side=pick.side.value,
        line=pick.line,
        odds_american=odds.american,
        odds_decimal=odds.decimal,
    )
