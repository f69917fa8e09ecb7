"""How each category that can be warmed is warmed, and what was read most."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from dbsbm.bootstrap import Services
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.db.models import Bet, Guild, Member
from dbsbm.maintenance import hot_keys
from dbsbm.providers.errors import ProviderError

log = logging.getLogger(__name__)

HOT_KEYS = "hot_keys"
RECENT_SLIPS = 50
RECENT_MEMBERS = 500


def of(services: Services) -> dict[str, Callable[[], int]]:
    """Warmers by category. The other categories fill themselves as members use them.

    The last is of no category: it loads again what was read most and is gone.
    """
    return {
        Category.LEAGUE_DATA: lambda: _leagues(services),
        Category.TEAM_DATA: lambda: _teams(services),
        Category.GAME_DATA: lambda: _games(services),
        Category.GUILD_DATA: lambda: _guilds(services),
        Category.USER_DATA: lambda: _members(services),
        Category.IMAGE_CACHE: lambda: _slips(services),
        HOT_KEYS: lambda: hot_keys.warm(services),
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
    with services.database.read() as session:
        guilds = session.scalars(select(Guild)).all()
    return sum(
        services.cache.set(
            Key.of(Category.GUILD_DATA, guild.id),
            {
                "name": guild.name,
                "min_units": guild.min_units,
                "max_units": guild.max_units,
                "unit_step": guild.unit_step,
                "odds_format": guild.odds_format,
            },
        )
        for guild in guilds
    )


def _members(services: Services) -> int:
    with services.database.read() as session:
        members = session.scalars(
            select(Member).order_by(Member.updated_at.desc()).limit(RECENT_MEMBERS)
        ).all()
    return sum(
        services.cache.set(
            Key.of(Category.USER_DATA, member.guild_id, member.user_id),
            {"display_name": member.display_name, "avatar": member.avatar},
        )
        for member in members
    )


def _slips(services: Services) -> int:
    """Pictures of the newest bets."""
    with services.database.read() as session:
        ids = session.scalars(select(Bet.id).order_by(Bet.id.desc()).limit(RECENT_SLIPS)).all()
    return sum(1 for bet_id in ids if services.gallery.image(bet_id))
