"""A schema with every kind of table that a write can meet, its rows, and queries on them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import (
    Connection,
    Date,
    ForeignKey,
    Integer,
    MetaData,
    Select,
    String,
    Uuid,
    func,
    insert,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from dbsbm.querycache.tags import GLOBAL_TAG, any_tag, scope_tag, table_tag

GUILDS = (1, 2, 3)
USERS = (10, 11)
NOTE_IDS = {guild: uuid.UUID(int=guild) for guild in GUILDS}
DAYS = {guild: date(2026, 1, guild) for guild in GUILDS}


class Base(DeclarativeBase):
    metadata: ClassVar[MetaData] = MetaData()


class Guild(Base):
    """Without scopes of its own; what belongs to it goes with it."""

    __tablename__ = "guilds"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(40))


class Bet(Base):
    __tablename__ = "bets"
    __table_args__: ClassVar[dict[str, Any]] = {
        "info": {"cache_scopes": (("guild_id",), ("guild_id", "user_id"))}
    }
    id: Mapped[int] = mapped_column(primary_key=True)
    guild_id: Mapped[int] = mapped_column(ForeignKey("guilds.id", ondelete="CASCADE"))
    user_id: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="open")
    risk: Mapped[int] = mapped_column(default=1)
    legs: Mapped[list[Leg]] = relationship(back_populates="bet", passive_deletes=True)


class Leg(Base):
    __tablename__ = "legs"
    __table_args__: ClassVar[dict[str, Any]] = {"info": {"cache_scopes": (("bet_id",),)}}
    id: Mapped[int] = mapped_column(primary_key=True)
    bet_id: Mapped[int] = mapped_column(ForeignKey("bets.id", ondelete="CASCADE"))
    result: Mapped[str] = mapped_column(String(10), default="open")
    bet: Mapped[Bet] = relationship(back_populates="legs")


class Note(Base):
    """Keyed by UUID, with scopes of text and of days; it outlives its guild."""

    __tablename__ = "notes"
    __table_args__: ClassVar[dict[str, Any]] = {"info": {"cache_scopes": (("label",), ("day",))}}
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    guild_id: Mapped[int | None] = mapped_column(ForeignKey("guilds.id", ondelete="SET NULL"))
    label: Mapped[str] = mapped_column(String(40))
    day: Mapped[date] = mapped_column(Date)
    body: Mapped[str] = mapped_column(String(100), default="")


class Member(Base):
    """Keyed by two columns."""

    __tablename__ = "members"
    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    points: Mapped[int] = mapped_column(default=0)


class League(Base):
    """Its key may change, and takes the teams along."""

    __tablename__ = "leagues"
    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    title: Mapped[str] = mapped_column(String(40))


class Team(Base):
    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(primary_key=True)
    league: Mapped[str] = mapped_column(ForeignKey("leagues.code", onupdate="CASCADE"))
    wins: Mapped[int] = mapped_column(Integer, default=0)


class Audit(Base):
    """Written by triggers."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(String(40))


TABLES = [table.name for table in Base.metadata.sorted_tables]


def fill(connection: Connection) -> None:
    """Put the same rows into every table."""
    for table in reversed(Base.metadata.sorted_tables):
        connection.execute(table.delete())
    rows: dict[type[Base], list[dict[str, Any]]] = {
        Guild: [{"id": g, "name": f"guild {g}"} for g in GUILDS],
        Bet: [
            {"id": g * 100 + u, "guild_id": g, "user_id": u, "state": "open", "risk": 5}
            for g in GUILDS
            for u in USERS
        ],
        Leg: [
            {"id": g * 1000 + u, "bet_id": g * 100 + u, "result": "open"}
            for g in GUILDS
            for u in USERS
        ],
        Note: [
            {"id": NOTE_IDS[g], "guild_id": g, "label": f"Label {g}", "day": DAYS[g], "body": "-"}
            for g in GUILDS
        ],
        Member: [{"guild_id": g, "user_id": u, "points": 1} for g in GUILDS for u in USERS],
        League: [{"code": code, "title": code.upper()} for code in ("nfl", "nba")],
        Team: [
            {"id": 1, "league": "nfl", "wins": 0},
            {"id": 2, "league": "nba", "wins": 0},
        ],
        Audit: [{"id": 1, "what": "began"}],
    }
    for model, values in rows.items():
        connection.execute(insert(model.__table__), values)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Query:
    """A cached query: what it asks and the tags that its answer depends on."""

    name: str
    statement: Select[Any]
    tags: tuple[str, ...]

    def answer(self, connection: Connection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.execute(self.statement)]


def queries() -> list[Query]:
    """Queries that are pinned to each scope there is, and queries that are pinned to none."""
    return [*_of_tables(), *_of_guilds(), *_of_joins()]


def _query(name: str, statement: Select[Any], *tags: str) -> Query:
    return Query(name, statement, (GLOBAL_TAG, *tags))


def _of_tables() -> Iterable[Query]:
    for table in Base.metadata.sorted_tables:
        yield _query(
            f"all {table.name}",
            select(*table.columns).order_by(*table.primary_key.columns),
            table_tag(table.name),
            any_tag(table.name),
        )
    yield _query(
        "open bets",
        select(func.count()).select_from(Bet).where(Bet.state == "open"),
        table_tag("bets"),
        any_tag("bets"),
    )


def _scoped(name: str, statement: Select[Any], table: str, **values: Any) -> Query:
    return _query(name, statement, table_tag(table), scope_tag(table, values))


def _of_guilds() -> Iterable[Query]:
    bet, note = Bet.__table__, Note.__table__
    for g in GUILDS:
        rows = select(*bet.columns).order_by(bet.c.id)
        yield _scoped(f"guild {g}", select(Guild.name).where(Guild.id == g), "guilds", id=g)
        yield _scoped(f"bets of {g}", rows.where(bet.c.guild_id == g), "bets", guild_id=g)
        for u in USERS:
            of_user = rows.where(bet.c.guild_id == g, bet.c.user_id == u)
            yield _scoped(f"bets of {g}/{u}", of_user, "bets", guild_id=g, user_id=u)
            number = g * 100 + u
            yield _scoped(f"bet {number}", rows.where(bet.c.id == number), "bets", id=number)
            legs = select(*Leg.__table__.columns).order_by(Leg.id).where(Leg.bet_id == number)
            yield _scoped(f"legs of {number}", legs, "legs", bet_id=number)
            points = select(Member.points).where(Member.guild_id == g, Member.user_id == u)
            yield _scoped(f"points of {g}/{u}", points, "members", guild_id=g, user_id=u)
        notes = select(*note.columns).order_by(note.c.id)
        yield _scoped(f"note {g}", notes.where(note.c.id == NOTE_IDS[g]), "notes", id=NOTE_IDS[g])
        label = notes.where(note.c.label == f"Label {g}")
        yield _scoped(f"label {g}", label, "notes", label=f"label {g}")
        yield _scoped(f"day {g}", notes.where(note.c.day == DAYS[g]), "notes", day=DAYS[g])
    yield _scoped("bet 777", select(Bet.state).where(Bet.id == 777), "bets", id=777)
    yield _scoped("team 1", select(Team.league, Team.wins).where(Team.id == 1), "teams", id=1)
    for code in ("nfl", "nba"):
        title = select(League.title).where(League.code == code)
        yield _scoped(f"league {code}", title, "leagues", code=code)


def _of_joins() -> Iterable[Query]:
    for g in GUILDS:
        joined = (
            select(Bet.id, Leg.id, Leg.result)
            .join(Leg, Leg.bet_id == Bet.id)
            .where(Bet.guild_id == g)
            .order_by(Bet.id, Leg.id)
        )
        yield _query(
            f"legs of guild {g}",
            joined,
            table_tag("bets"),
            scope_tag("bets", {"guild_id": g}),
            table_tag("legs"),
            any_tag("legs"),
        )
