"""Bets, their legs, and the ledger of units."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dbsbm.db.models.base import Base
from dbsbm.db.models.sports import Game
from dbsbm.db.types import DecimalOdds, Line, RowId, Units


class Bet(Base):
    """A bet as it was placed. `risk`, `to_win` and `profit` are units.

    `state` is open, won, lost, push, half_won, half_lost or void.
    """

    __tablename__ = "bets"
    __table_args__ = (
        UniqueConstraint("interaction_id"),
        Index(None, "guild_id", "user_id", "placed_at"),
        Index(None, "state", "placed_at"),
        Index(None, "trace_id"),
        # What queries are pinned to: the cache forgets those of one guild or member alone, and a
        # bet that is placed leaves what is made of settled ones.
        {"info": {"cache_scopes": (("guild_id", "state"), ("guild_id", "user_id", "state"))}},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    interaction_id: Mapped[int]
    guild_id: Mapped[int] = mapped_column(ForeignKey("guilds.id"))
    user_id: Mapped[int]
    channel_id: Mapped[int]
    capper_name: Mapped[str] = mapped_column(String(100))
    capper_avatar: Mapped[str | None] = mapped_column(String(64))
    risk: Mapped[Decimal] = mapped_column(Units)
    to_win: Mapped[Decimal] = mapped_column(Units)
    odds_input: Mapped[str] = mapped_column(String(32))
    odds_american: Mapped[int] = mapped_column(Integer)
    odds_decimal: Mapped[Decimal] = mapped_column(DecimalOdds)
    note: Mapped[str | None] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(16), default="open")
    profit: Mapped[Decimal | None] = mapped_column(Units)
    trace_id: Mapped[str] = mapped_column(String(36))
    placed_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    legs: Mapped[list[BetLeg]] = relationship(back_populates="bet", order_by="BetLeg.position")


class BetLeg(Base):
    """One pick of a bet. A straight bet has one leg, a parlay several."""

    __tablename__ = "bet_legs"
    __table_args__ = (
        UniqueConstraint("bet_id", "position"),
        Index(None, "game_id", "result"),
        {"info": {"cache_scopes": (("bet_id",),)}},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    bet_id: Mapped[int] = mapped_column(ForeignKey("bets.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    game_id: Mapped[int] = mapped_column(ForeignKey("games.id"))
    market: Mapped[str] = mapped_column(String(16))
    side: Mapped[str] = mapped_column(String(16))
    line: Mapped[Decimal | None] = mapped_column(Line)
    odds_american: Mapped[int] = mapped_column(Integer)
    odds_decimal: Mapped[Decimal] = mapped_column(DecimalOdds)
    result: Mapped[str] = mapped_column(String(16), default="open")
    result_version: Mapped[int] = mapped_column(Integer, default=0)

    bet: Mapped[Bet] = relationship(back_populates="legs")
    game: Mapped[Game] = relationship()


class LedgerEntry(Base):
    """One movement of units, never changed once written.

    `kind` is `risk` (negative, when a bet is placed), `return` (risk plus profit, when it is
    settled) or `correction` (when a result changed). A member's net units are the sum of `amount`.
    """

    __tablename__ = "unit_ledger"
    __table_args__ = (
        UniqueConstraint("bet_id", "kind", "result_version"),
        Index(None, "guild_id", "user_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    guild_id: Mapped[int]
    user_id: Mapped[int]
    bet_id: Mapped[int] = mapped_column(ForeignKey("bets.id"))
    kind: Mapped[str] = mapped_column(String(16))
    amount: Mapped[Decimal] = mapped_column(Units)
    result_version: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime]
