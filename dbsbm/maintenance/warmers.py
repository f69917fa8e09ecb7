"""How each category that can be warmed is warmed, and what was read most."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from dbsbm.bootstrap import Services
from dbsbm.cache.categories import Category
from dbsbm.commands.period import Period
from dbsbm.db.models import Bet
from dbsbm.maintenance import hot_keys, kick_offs
from dbsbm.providers.errors import ProviderError

log = logging.getLogger(__name__)

HOT_KEYS = "hot_keys"
KICK_OFFS = "kick_offs"
RECENT_SLIPS = 200
RECENT_BETS = 5000  # of about five days where 3,000 members bet


def of(services: Services) -> dict[str, Callable[[], int]]:
    """Warmers by category. The other categories fill themselves as members use them.

    The last two are of no category: what was read most and is gone is loaded again, and what will
    be read of games that are about to start is loaded before.
    """
    return {
        Category.LEAGUE_DATA: lambda: _leagues(services),
        Category.TEAM_DATA: lambda: _teams(services),
        Category.GAME_DATA: lambda: _games(services),
        Category.GUILD_DATA: lambda: _guilds(services),
        Category.USER_DATA: lambda: _members(services),
        Category.IMAGE_CACHE: lambda: _slips(services),
        HOT_KEYS: lambda: hot_keys.warm(services),
        KICK_OFFS: lambda: kick_offs.warm(services),
    }


def _leagues(services: Services) -> int:
    return services.board.warm_leagues()


def _teams(services: Services) -> int:
    return sum(services.board.warm_teams(league) for league in services.refresher.leagues)


def _games(services: Services) -> int:
    """Boards of every league, fetched where they are old."""
    written = 0
    for league in services.refresher.leagues:
        try:
            services.refresher.refresh(league, priority="background", max_age=timedelta(minutes=15))
        except ProviderError as error:
            log.warning("%s stays as it is: %s", league, error, extra={"action": "cache.warm"})
        written += services.board.warm_games(league)
    # Refreshing may have brought leagues that were unknown a moment ago.
    services.board.warm_leagues()
    return written


def _guilds(services: Services) -> int:
    """Leaderboards, and what slips need, of the guilds whose members placed the newest bets."""
    guilds = {guild_id for guild_id, _ in _recent_members(services)}
    now = datetime.now(UTC)
    for guild_id in guilds:
        for period in Period:
            _keep(services.standings.ranking, guild_id, period.since(now))
        _keep(services.gallery.warm_guild, guild_id)
    return len(guilds) * (len(Period) + 1)


def _members(services: Services) -> int:
    """Records of the members who placed the newest bets."""
    members = _recent_members(services)
    for guild_id, user_id in members:
        _keep(services.standings.record, guild_id, user_id, Period.ALL)
        _keep(services.standings.at_stake, guild_id, user_id)
    return 2 * len(members)


def _keep(read: Callable[..., object], *arguments: object) -> None:
    """Read what is made of queries so that it is kept.

    The first call of a function shows what its results depend on.
    """
    for _ in range(2):
        read(*arguments)


def _recent_members(services: Services) -> set[tuple[int, int]]:
    """Guild and user of the members who placed the newest bets."""
    newest = select(Bet.guild_id, Bet.user_id).order_by(Bet.id.desc()).limit(RECENT_BETS)
    with services.database.read() as session:
        return {(guild_id, user_id) for guild_id, user_id in session.execute(newest)}


def _slips(services: Services) -> int:
    """Pictures of the newest bets."""
    with services.database.read() as session:
        ids = session.scalars(select(Bet.id).order_by(Bet.id.desc()).limit(RECENT_SLIPS)).all()
    return sum(1 for bet_id in ids if services.gallery.image(bet_id))
