"""What the cache spares the fleet: a day of games through the product's own services.

What members do goes through the functions that answer them, the bot's autocomplete included, with
its own short memory and a clock on which the day passes. Drawing is left out: a slip takes as long
to draw with the cache as without.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from pydantic import SecretStr
from sqlalchemy import event, func, select, update

from bench.harness import Row, progress
from bench.rig.cache_bot import TypingMembers
from bench.rig.cache_crowd import cache_server
from bench.rig.cache_day import LEAGUES, Act, Town
from dbsbm.bootstrap import Services
from dbsbm.cache import AsyncCache, Cache, Category, Counters, Keyring, open_async_cache
from dbsbm.commands import bet, grade, handle
from dbsbm.commands.period import Period
from dbsbm.db.engine import Database
from dbsbm.db.migrate import upgrade
from dbsbm.db.models import Bet, Game
from dbsbm.maintenance import warmers
from dbsbm.settings import Settings
from dbsbm.wire.command import Command
from tests.integration.services import Sent, services_on
from tests.servers import ValkeyServer

_SEED = 20_260_906
_DAY_SECONDS = 12 * 3600
_PICTURE = bytes(30_000)
_FIRST_INTERACTION = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much happens.

    Attributes:
        guilds: How many guilds there are.
        members: How many members they have together.
        games: How many games are played or to come.
        bets: How many bets of earlier days there are.
        before: Acts in the hours before, which fill the cache and are not measured.
        acts: Acts that are measured.
    """

    guilds: int = 300
    members: int
    games: int = 64
    bets: int
    before: int
    acts: int


# Four acts a member, and half as many before: few for a day of games, so that more misses are
# those of members who look for the first time.
FULL = Size(members=3_000, bets=10_000, before=6_000, acts=12_000)
QUICK = Size(members=500, bets=2_000, before=1_000, acts=2_000)


@dataclass(frozen=True, slots=True)
class Day:
    """What a day came to: the cache's counts, and SELECTs while members were answered."""

    counts: Counters
    queries: int


def rows(quick: bool) -> Iterator[Row]:
    """The same day with the cache and without it."""
    size = QUICK if quick else FULL
    with cache_server() as server, tempfile.TemporaryDirectory(prefix="dbsbm-day-") as folder:
        progress("a day of games with the cache")
        cached = _day(size, server, Path(folder) / "cached", is_cached=True)
        progress("the same day without it")
        bare = _day(size, server, Path(folder) / "bare", is_cached=False)
    reads = cached.counts.hits + cached.counts.misses
    name = f"a day of games in {size.guilds} guilds, {size.acts} acts after warming"
    yield Row(
        f"{name}: hit rate",
        100 * cached.counts.hits / reads,
        "%",
        better="higher",
        floor=90,
        aim=95,
        runs=reads,
    )
    yield Row(
        f"{name}: queries without the cache over those with it",
        bare.queries / max(cached.queries, 1),
        "x",
        better="higher",
        floor=10,
        runs=bare.queries,
    )


def _day(size: Size, server: ValkeyServer, folder: Path, *, is_cached: bool) -> Day:
    server.flush()
    folder.mkdir()
    url = f"sqlite:///{folder / 'fleet.db'}"
    town = Town(size.guilds, size.members, _SEED)
    _found(SecretStr(url), town, size)
    on = {"database": url, "broker": f"{server.url[:-1]}1", "cache": server.url}
    with (
        services_on(**on, data_dir=folder, sent=Sent()) as services,
        mock.patch("dbsbm.slips.gallery.render", return_value=_PICTURE),
    ):
        if not is_cached:
            services.__dict__["cache"] = Cache(None)
        return _lived(size, town, services, is_cached=is_cached)


def _lived(size: Size, town: Town, services: Services, *, is_cached: bool) -> Day:
    warm = _warmers(services)
    for fill in warm.values() if is_cached else ():
        fill()
    typing = TypingMembers(
        lambda: _bot_cache(services.settings, is_cached=is_cached),
        lambda category: warm[category](),
    )
    with typing:
        step = _DAY_SECONDS / (size.before + size.acts)
        life = Life(services, typing, step, is_cached=is_cached)
        for act in town.acts(size.before):
            life.live(act)
        before, asked = life.counts, life.queries
        for act in town.acts(size.acts):
            life.live(act)
        return Day(life.counts - before, life.queries - asked)


def _found(url: SecretStr, town: Town, size: Size) -> None:
    """Make the database as it is in the morning."""
    upgrade(url)
    database = Database(url)
    database.transact(lambda session: town.settle_down(session, size.games, size.bets))
    database.dispose()


def _bot_cache(settings: Settings, *, is_cached: bool) -> AsyncCache:
    """The bot's cache, as the bot opens it."""
    if not is_cached:
        return AsyncCache(None)
    return open_async_cache(settings.cache, keyring=Keyring((1, settings.secret_key)))


def _warmers(services: Services) -> dict[str, Callable[[], object]]:
    """How each category is warmed; the boards without asking a provider."""

    def warm_games() -> None:
        for league in LEAGUES:
            services.board.warm_games(league)

    return {**warmers.of(services), Category.GAME_DATA: warm_games}


class Life:
    """Does what members and providers do, by the product's services.

    Attributes:
        queries: SELECTs so far, of those that were made to answer a member.

    Args:
        services: The product's.
        typing: Members at the bot.
        step: Seconds of the day from one act to the next.
        is_cached: Whether there is a cache.
    """

    def __init__(
        self, services: Services, typing: TypingMembers, step: float, *, is_cached: bool
    ) -> None:
        self._services = services
        self._typing = typing
        self._step = step
        self._is_cached = is_cached
        self._now = 0.0
        self.queries = 0
        self._is_answering = False
        self._interaction = _FIRST_INTERACTION
        event.listen(services.database.engine, "before_cursor_execute", self._count)
        self._doing: dict[str, Callable[[Act], object]] = {
            "complete": self._complete,
            "games": self._games,
            "record": self._record,
            "leaderboard": self._leaderboard,
            "slip": self._slip,
            "bet": self._bet,
            "score": self._score,
            "final": self._final,
        }

    @property
    def counts(self) -> Counters:
        """What the caches of the fleet and the bot have counted."""
        counted = self._services.cache.stats.snapshot().values()
        return sum(counted, self._typing.counts)

    def live(self, act: Act) -> None:
        """Have it happen."""
        self._now += self._step
        self._doing[act.kind](act)

    def _complete(self, act: Act) -> None:
        self._typing.press_key(self._now, act.league)

    def _games(self, act: Act) -> None:
        with self._answering():
            self._services.board.games(act.league)

    def _record(self, act: Act) -> None:
        since = Period.MONTH.since(datetime.now(UTC)) if act.draw < 0.5 else None
        with self._answering():
            self._services.standings.record(act.guild, act.other, since)
            self._services.standings.at_stake(act.guild, act.other)

    def _leaderboard(self, act: Act) -> None:
        period = Period.WEEK if act.draw < 0.5 else Period.ALL
        with self._answering():
            self._services.standings.ranking(act.guild, period.since(datetime.now(UTC)))

    def _slip(self, act: Act) -> None:
        """A member looks at a bet; most look at one of the newest."""
        newest = self._newest_bet()
        number = max(1, newest - int(200 * act.draw**3))
        with self._answering():
            self._services.gallery.image(number)

    def _bet(self, act: Act) -> None:
        board = self._services.board.games(act.league)
        open_games = [game for game in board if game["status"] == "scheduled"]
        if not open_games:
            return
        game = open_games[int(act.draw * len(open_games))]
        command = self._command(act, game["id"])
        handle.run(
            self._services.database,
            command,
            "bench",
            lambda session, guild, member: bet.place(session, guild, member, command, "bench"),
        )

    def _score(self, act: Act) -> None:
        """A provider says that somebody scored: the refresher stores it and renews the board."""
        self._change(act, status="live", home_score=Game.id % 7, away_score=int(act.draw * 100))

    def _final(self, act: Act) -> None:
        self._change(
            act,
            status="final",
            home_score=21,
            away_score=14,
            result_version=Game.result_version + 1,
        )
        grade.grade_due(self._services.database)

    def _change(self, act: Act, **values: Any) -> None:
        database = self._services.database
        live = select(Game.id).where(Game.league_key == act.league, Game.status == "live")
        with database.read() as session:
            chosen = session.scalars(live.order_by(Game.id).limit(1)).first()
        if chosen is not None:
            changed = update(Game).where(Game.id == chosen).values(**values)
            database.transact(lambda session: session.execute(changed))
            self._services.board.warm_games(act.league)

    def _newest_bet(self) -> int:
        with self._services.database.read() as session:
            return session.scalar(select(func.max(Bet.id))) or 1

    def _command(self, act: Act, game: int) -> Command:
        self._interaction += 1
        return Command(
            interaction_id=self._interaction,
            application_id=1,
            reply_token="sealed",
            guild_id=act.guild,
            guild_name=f"Guild {act.guild}",
            channel_id=1,
            user_id=act.member,
            user_name=f"Member {act.member}",
            user_avatar=None,
            locale="en-US",
            created_at=datetime.now(UTC).isoformat(),
            name="bet",
            options={
                "game": str(game),
                "market": "moneyline",
                "side": "home",
                "odds": "-110",
                "units": "1",
            },
            ephemeral=False,
        )

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """What is asked of the database in here is asked to answer a member."""
        self._is_answering = True
        try:
            yield
        finally:
            self._is_answering = False

    def _count(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        # The query cache asks for views; nobody would ask for them without a cache.
        is_own = self._is_cached or "sqlite_master" not in statement
        is_read = statement.lstrip().upper().startswith("SELECT")
        self.queries += self._is_answering and is_read and is_own
