"""What was read of games around their starts, kept for four weeks from the log of hot keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.bootstrap import Services
from dbsbm.cache.operating.hotlog import SLOT_SECONDS, SLOTS, current_slot, read_slot
from dbsbm.cache.operating.warming import parts_of
from dbsbm.db.models import CacheHotLog, Game
from dbsbm.optimizer.prediction.demand import Past, Slot

REMEMBERED: Final = timedelta(days=28)
MOST_READINGS: Final = 5000
"""Readings of a game in a slot that are kept, the newest: some 200 KiB."""
AROUND: Final = timedelta(hours=1)
"""How far from a start its reads are of interest."""

_ROW: Final = 2
_MOST_READS: Final = 50
"""Reads of a slot that are told apart; more of them say no more of when to load."""


@dataclass(frozen=True, slots=True)
class Reading:
    """About how often a value of a game was read in a slot that begins at a Unix time."""

    kind: str
    game: int
    at: float
    reads: float


def observe(services: Services, kinds: Collection[str]) -> tuple[list[Reading], datetime]:
    """Add the slots that are over to what is remembered, each once; return all of it.

    Args:
        services: Of this process.
        kinds: Names of the cached functions whose one argument is a game.

    Returns:
        The readings, and since when there are any.

    Raises:
        TransientError: The database or the cache's server is away.
    """
    ends = current_slot(services.cache_client)

    def keep(session: Session) -> list[Reading]:
        row = session.get(CacheHotLog, _ROW, with_for_update=True)
        known = [Reading(*entry) for entry in row.entries] if row else []
        begins = int(row.taken_at.timestamp()) // SLOT_SECONDS if row else ends - 1
        fresh = [
            reading
            for number in range(max(begins, ends - SLOTS), ends)
            for reading in _of_slot(read_slot(services.cache_client, number), number, kinds)
        ]
        together = _fitting(session, known, fresh)
        taken_at = datetime.fromtimestamp(max(begins, ends) * SLOT_SECONDS, UTC)
        entries = [[each.kind, each.game, each.at, round(each.reads, 2)] for each in together]
        session.merge(CacheHotLog(id=_ROW, taken_at=taken_at, entries=entries))
        return together

    readings = services.database.transact(keep)
    now = ends * SLOT_SECONDS
    return readings, datetime.fromtimestamp(min((each.at for each in readings), default=now), UTC)


def past_of(
    games: Iterable[Game], readings: Iterable[Reading], kinds: Collection[str]
) -> list[Past]:
    """What was read of each game; of one that nobody read that it was not."""
    by_game: dict[tuple[str, int], list[Reading]] = defaultdict(list)
    for reading in readings:
        by_game[reading.kind, reading.game].append(reading)
    return [
        Past(slot, tuple(_times(by_game[kind, game.id], slot.starts_at)))
        for game in games
        for kind in kinds
        for slot in (slot_of(game, kind),)
    ]


def slot_of(game: Game, kind: str) -> Slot:
    """A value of a game."""
    teams = (str(game.home_team_id), str(game.away_team_id))
    return Slot(kind, game.league_key, game.id, teams, game.starts_at.timestamp())


def _of_slot(reads: Mapping[str, float], number: int, kinds: Collection[str]) -> list[Reading]:
    found = []
    for wire, count in reads.items():
        name, *arguments = parts_of(wire) or ("",)
        kind = str(name).rpartition("@")[0]
        if kind in kinds and len(arguments) == 1 and type(arguments[0]) is int:
            found.append(Reading(kind, arguments[0], float(number * SLOT_SECONDS), count))
    return found


def _fitting(session: Session, known: list[Reading], fresh: list[Reading]) -> list[Reading]:
    """Those that are around the start of their game, and not too old."""
    starts = _starts(session, {each.game for each in fresh})
    oldest = datetime.now(UTC) - REMEMBERED
    near = [
        each
        for each in fresh
        if each.game in starts
        and abs(each.at - starts[each.game].timestamp()) <= AROUND.total_seconds()
    ]
    kept = [each for each in known if each.at >= oldest.timestamp()]
    return [*kept, *near][-MOST_READINGS:]


def _starts(session: Session, games: Collection[int]) -> dict[int, datetime]:
    rows = session.execute(select(Game.id, Game.starts_at).where(Game.id.in_(games)))
    return {game_id: starts_at for game_id, starts_at in rows}  # noqa: C416 - rows are no pairs


def _times(readings: Iterable[Reading], starts_at: float) -> list[Any]:
    """When reads happened, from the start on: those of a slot evenly within it."""
    return [
        each.at - starts_at + SLOT_SECONDS * (number + 0.5) / count
        for each in sorted(readings, key=lambda each: each.at)
        if (count := min(_MOST_READS, round(each.reads)))
        for number in range(count)
    ]
