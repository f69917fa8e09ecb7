"""Records and rankings, read for commands through the cache.

They are forgotten when a bet of the guild or the member is settled, and what is at stake when one
is placed too, so what members read is never older than what was committed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from sqlalchemy.orm import Session

from dbsbm.betting.record import Record, summarize
from dbsbm.cache.categories import Category
from dbsbm.cache.values.cacheable import register
from dbsbm.commands.period import Period
from dbsbm.db.engine import Database
from dbsbm.db.queries import standings
from dbsbm.db.queries.standings import Open, Standing
from dbsbm.querycache import QueryCache

for kind in (Record, Standing, Open):
    register(kind, name=f"standings.{kind.__name__.lower()}")


class Standings:
    """Reads how members have done.

    Every method raises TransientError where the database is away.
    """

    def __init__(self, database: Database, query_cache: QueryCache) -> None:
        self._database = database
        of_members = query_cache.cached(Category.USER_DATA)
        self._records = of_members(_records)
        self._at_stake = of_members(standings.at_stake)
        self._ranking = query_cache.cached(Category.GUILD_DATA)(_ranking)

    def record(self, guild_id: int, user_id: int, period: Period) -> Record:
        """A member's record in a guild, of bets settled in a period that ends now."""
        today = datetime.now(UTC).date()
        with self._database.read() as session:
            return self._records(session, guild_id, user_id, today)[period.name]

    def at_stake(self, guild_id: int, user_id: int) -> Open:
        """What a member has at stake in a guild."""
        with self._database.read() as session:
            return self._at_stake(session, guild_id, user_id)

    def ranking(self, guild_id: int, since: datetime | None) -> list[Standing]:
        """The members of a guild by profit, the best first."""
        with self._database.read() as session:
            return self._ranking(session, guild_id, since)


def _records(session: Session, guild_id: int, user_id: int, today: date) -> dict[str, Record]:
    """Return a member's record of every period: who looks at one often looks at the next."""
    bets = standings.settled(session, guild_id, user_id)
    now = datetime.combine(today, time(), UTC)
    starts = {period.name: period.since(now) for period in Period}
    return {
        name: summarize(bet for bet in bets if since is None or bet.settled_at >= since)
        for name, since in starts.items()
    }


def _ranking(session: Session, guild_id: int, since: datetime | None) -> list[Standing]:
    return list(standings.ranking(session, guild_id, since))
