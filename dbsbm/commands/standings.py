"""Records and rankings, read for commands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dbsbm.betting.record import Record
from dbsbm.db.engine import Database
from dbsbm.db.queries import standings
from dbsbm.db.queries.standings import Open, Standing


class Standings:
    """Reads how members have done.

    Every method raises TransientError where the database is away.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, guild_id: int, user_id: int, since: datetime | None) -> Record:
        """A member's record in a guild, of bets settled since a moment or of all."""
        with self._database.read() as session:
            return standings.record(session, guild_id, user_id, since)

    def at_stake(self, guild_id: int, user_id: int) -> Open:
        """What a member has at stake in a guild."""
        with self._database.read() as session:
            return standings.at_stake(session, guild_id, user_id)

    def ranking(self, guild_id: int, since: datetime | None) -> Sequence[Standing]:
        """The members of a guild by profit, the best first."""
        with self._database.read() as session:
            return standings.ranking(session, guild_id, since)
