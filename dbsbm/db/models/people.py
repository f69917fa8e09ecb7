"""Guilds, members, and the interactions they start."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from dbsbm.db.models.base import Base
from dbsbm.db.types import Units


class Guild(Base):
    """A Discord server and its house rules for units. `id` is Discord's snowflake."""

    __tablename__ = "guilds"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(100), default="")
    min_units: Mapped[Decimal] = mapped_column(Units, default=Decimal("0.5"))
    max_units: Mapped[Decimal] = mapped_column(Units, default=Decimal(3))
    unit_step: Mapped[Decimal] = mapped_column(Units, default=Decimal("0.5"))
    odds_format: Mapped[str] = mapped_column(String(16), default="american")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Member(Base):
    """A member as one guild knows them."""

    __tablename__ = "members"
    __table_args__ = ({"info": {"cache_scopes": (("guild_id",),)}},)

    guild_id: Mapped[int] = mapped_column(ForeignKey("guilds.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    display_name: Mapped[str] = mapped_column(String(100))
    avatar: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Interaction(Base):
    """One Discord interaction that was handled. Its key makes every command idempotent."""

    __tablename__ = "interactions"
    __table_args__ = (Index(None, "handled_at"), Index(None, "trace_id"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    guild_id: Mapped[int]
    user_id: Mapped[int]
    command: Mapped[str] = mapped_column(String(32))
    trace_id: Mapped[str] = mapped_column(String(36))
    outcome: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    handled_at: Mapped[datetime]
