"""What the cache spares the fleet: a day of games through the product's own services.

What members do goes through the functions that answer them, the bot's autocomplete included, with
its own short memory and a clock on which the day passes; see `bench.rig.cache_day` for what and how
often. All guilds together do one thing in 2.4 seconds. Drawing is left out: a slip takes as long to
draw with the cache as without.

Meanwhile beat does what it does in the fleet: every two minutes it stores the games of each league
that plays as a provider tells of them, and renews its board (of the other leagues every quarter of
an hour), and every minute it grades bets on games that are over. See `bench.rig.cache_slate`.

What counts is what members wait for: hits and misses of what they ask for, and SELECTs made to
answer them. Not counted are

- what beat reads and renews, in the day with the cache and in the one without;
- the query cache's own notes, which are of the category `db_query`;
- in the first two rows `/bet`: its transaction reads what it then writes, which no cache may
  answer, and its slip is a picture that nobody has seen before. The other two rows count it.

In the day without a cache a slip is read by the two queries that read it before there was one, not
by those that suit a cache; and the bot's autocomplete, which reads the cache alone, asks nobody.
Lifetimes do not end within the minutes that the day takes here; in the fleet what is read often is
loaded anew before its end, in the background.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from unittest import mock

from pydantic import SecretStr
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session, joinedload

from bench.harness import Row, progress
from bench.rig.cache_bot import TypingMembers
from bench.rig.cache_crowd import cache_server
from bench.rig.cache_day import Act, Town
from bench.rig.cache_slate import LEAGUES, Slate
from dbsbm.bootstrap import Services
from dbsbm.cache import AsyncCache, Cache, Category, Counters, Keyring, open_async_cache, open_cache
from dbsbm.commands import bet, grade, handle
from dbsbm.commands.period import Period
from dbsbm.db.engine import Database
from dbsbm.db.migrate import upgrade
from dbsbm.db.models import Bet, BetLeg, Game, Guild
from dbsbm.maintenance import warmers
from dbsbm.settings import Settings
from dbsbm.sports.store import store_games
from dbsbm.wire.command import Command
from tests.integration.services import Sent, services_on
from tests.servers import ValkeyServer

_SEED = 20_260_906
_PATIENCE: Final = 30.0

_STEP = timedelta(seconds=2.4)
_LAST_DAY = timedelta(hours=24)

_REFRESH = timedelta(minutes=2)
_REFRESH_QUIET = timedelta(minutes=15)
_GRADE = timedelta(minutes=1)

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
class Tally:
    """What was asked while members were answered.

    Attributes:
        counts: What the caches have counted.
        queries: SELECTs.
    """

    counts: Counters = field(default_factory=Counters)
    queries: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.counts + other.counts, self.queries + other.queries)

    @property
    def reads(self) -> int:
        """How often the caches were asked for a value."""
        return self.counts.hits + self.counts.misses


@dataclass(frozen=True, slots=True)
class Day:
    """What a day came to.

    Attributes:
        looks: Of members who look at something.
        bets: Of those who bet.
    """

    looks: Tally
    bets: Tally

    @property
    def whole(self) -> Tally:
        """Both."""
        return self.looks + self.bets


def rows(quick: bool) -> Iterator[Row]:
    """The same day with the cache and without it."""
    size = QUICK if quick else FULL
    with cache_server() as server, tempfile.TemporaryDirectory(prefix="dbsbm-day-") as folder:
        progress("a day of games with the cache")
        cached = _day(size, server, Path(folder) / "cached", is_cached=True)
        progress("the same day without it")
        bare = _day(size, server, Path(folder) / "bare", is_cached=False)
    name = f"a day of games in {size.guilds} guilds, {size.acts} acts after warming"
    yield _hit_rate(name, cached.looks, floor=90, aim=95)
    yield _spared(name, bare.looks, cached.looks, floor=10)
    yield _hit_rate(f"{name}, bets included", cached.whole)
    yield _spared(f"{name}, bets included", bare.whole, cached.whole)


def _hit_rate(
    name: str, cached: Tally, floor: float | None = None, aim: float | None = None
) -> Row:
    value = 100 * cached.counts.hits / cached.reads
    return Row(
        f"{name}: hit rate",
        value,
        "%",
        better="higher",
        floor=floor,
        aim=aim,
        runs=cached.reads,
    )


def _spared(name: str, bare: Tally, cached: Tally, floor: float | None = None) -> Row:
    return Row(
        f"{name}: queries without the cache over those with it",
        bare.queries / max(cached.queries, 1),
        "x",
        better="higher",
        floor=floor,
        runs=bare.queries,
    )


def _day(size: Size, server: ValkeyServer, folder: Path, *, is_cached: bool) -> Day:
    server.flush()
    folder.mkdir()
    url = f"sqlite:///{folder / 'fleet.db'}"
    town = Town(size.guilds, size.members, _SEED)
    morning = datetime.now(UTC)
    slate = Slate(morning, size.games, _SEED)
    _found(SecretStr(url), lambda session: town.settle_down(session, slate, morning, size.bets))
    on = {"database": url, "broker": f"{server.url[:-1]}1", "cache": server.url}
    with (
        services_on(**on, data_dir=folder, sent=Sent()) as services,
        mock.patch("dbsbm.slips.gallery.render", return_value=_PICTURE),
    ):
        services.__dict__["cache"] = _fleet_cache(services.settings, is_cached=is_cached)
        warm = _warmers(services)
        for fill in warm.values() if is_cached else ():
            fill()
        typing = TypingMembers(
            lambda: _bot_cache(services.settings, is_cached=is_cached),
            lambda category: _ignore(warm[category]()),
        )
        with typing:
            life = Life(services, typing, Beat(services, slate), morning, is_cached=is_cached)
            for act in town.acts(size.before):
                life.live(act)
            life.begin_to_count()
            for act in town.acts(size.acts):
                life.live(act)
            return life.day


def _found(url: SecretStr, settle_down: Callable[[Session], None]) -> None:
    """Make the database as it is in the morning."""
    upgrade(url)
    database = Database(url)
    database.transact(settle_down)
    database.dispose()


def _fleet_cache(settings: Settings, *, is_cached: bool) -> Cache:
    """The workers' cache; it waits on a busy machine, for what is counted here takes no time."""
    if not is_cached:
        return Cache(None)
    keyring = Keyring.of(settings.secret_key)
    return open_cache(settings.cache, keyring=keyring, connect_timeout=_PATIENCE, timeout=_PATIENCE)


def _bot_cache(settings: Settings, *, is_cached: bool) -> AsyncCache:
    """The bot's cache, as patient."""
    if not is_cached:
        return AsyncCache(None)
    keyring = Keyring.of(settings.secret_key)
    return open_async_cache(
        settings.cache, keyring=keyring, connect_timeout=_PATIENCE, timeout=_PATIENCE
    )


def _warmers(services: Services) -> dict[str, Callable[[], int]]:
    """How each category is warmed; the boards without asking a provider."""

    def warm_games() -> int:
        return sum(map(services.board.warm_games, LEAGUES))

    return {**warmers.of(services), Category.GAME_DATA: warm_games}


def _ignore(_keys_written: int) -> None:
    """Whoever asked does not wait for it."""


class Beat:
    """What the schedule has done meanwhile.

    Args:
        services: The product's.
        slate: What the provider says.
    """

    def __init__(self, services: Services, slate: Slate) -> None:
        self._services, self._slate = services, slate
        self._refreshed: dict[str, datetime] = {}
        self._graded: datetime | None = None

    def catch_up(self, now: datetime) -> None:
        """Do what is due."""
        for league in LEAGUES:
            pause = _REFRESH if self._slate.is_on(league, now) else _REFRESH_QUIET
            if now - self._refreshed.setdefault(league, now) >= pause:
                self._refreshed[league] = now
                self._refresh(league, now)
        self._graded = self._graded or now
        if now - self._graded >= _GRADE:
            self._graded = now
            grade.grade_due(self._services.database)

    def _refresh(self, league: str, now: datetime) -> None:
        rows = self._slate.rows(league, now, now - _LAST_DAY)
        self._services.database.transact(lambda session: store_games(session, league, rows))
        self._services.board.warm_games(league)


class Life:
    """Does what members do, by the product's services.

    Attributes:
        day: What was asked since `begin_to_count`.

    Args:
        services: The product's.
        typing: Members at the bot.
        beat: Does what is due as time passes.
        morning: When the day begins.
        is_cached: Whether there is a cache.
    """

    def __init__(
        self,
        services: Services,
        typing: TypingMembers,
        beat: Beat,
        morning: datetime,
        *,
        is_cached: bool,
    ) -> None:
        self._services, self._typing, self._beat = services, typing, beat
        self._morning = self._now = morning
        self._is_cached = is_cached
        self._selects = 0
        self._interaction = _FIRST_INTERACTION
        self._newest_bet = self._last_bet()
        self.begin_to_count()
        event.listen(services.database.engine, "before_cursor_execute", self._count)
        self._doing: dict[str, Callable[[Act], object]] = {
            "complete": self._complete,
            "games": self._games,
            "record": self._record,
            "leaderboard": self._leaderboard,
            "slip": self._slip,
            "bet": self._bet,
        }

    def live(self, act: Act) -> None:
        """Have it happen, after what was due before."""
        self._now += _STEP
        self._beat.catch_up(self._now)
        counts, selects = self._counts(), self._selects
        self._doing[act.kind](act)
        # The bot makes no queries: it asks the fleet for what it misses, and does not wait.
        queries = self._selects - selects if act.kind != "complete" else 0
        self._add(Tally(self._counts() - counts, queries), is_bet=act.kind == "bet")

    def begin_to_count(self) -> None:
        """Leave out what was before."""
        self.day = Day(Tally(), Tally())

    def _add(self, made: Tally, *, is_bet: bool) -> None:
        looks, bets = self.day.looks, self.day.bets
        self.day = Day(looks, bets + made) if is_bet else Day(looks + made, bets)

    def _counts(self) -> Counters:
        """What the caches of the fleet and the bot have counted, for what was asked of them."""
        counted = self._services.cache.stats.snapshot()
        asked = (each for kind, each in counted.items() if kind is not Category.DB_QUERY)
        return sum(asked, self._typing.counts)

    def _complete(self, act: Act) -> None:
        self._typing.press_key((self._now - self._morning).total_seconds(), act.league)

    def _games(self, act: Act) -> None:
        self._services.board.games(act.league)

    def _record(self, act: Act) -> None:
        period = Period.MONTH if act.draw < 0.5 else Period.ALL
        self._services.standings.record(act.guild, act.other, period)
        self._services.standings.at_stake(act.guild, act.other)

    def _leaderboard(self, act: Act) -> None:
        period = Period.WEEK if act.draw < 0.5 else Period.ALL
        self._services.standings.ranking(act.guild, period.since(datetime.now(UTC)))

    def _slip(self, act: Act) -> None:
        """A member looks at a bet; most look at one of the newest."""
        self._show_slip(max(1, self._newest_bet - int(200 * act.draw**3)))

    def _show_slip(self, number: int) -> None:
        if self._is_cached:
            self._services.gallery.image(number)
        else:
            with self._services.database.read() as session:
                _read_at_once(session, number)

    def _bet(self, act: Act) -> None:
        """A member chooses a game of the board, bets on it and is shown the slip."""
        board = self._services.board.games(act.league)
        open_games = [game for game in board if game["starts_at"] > self._now]
        if not open_games:
            return
        game = open_games[int(act.draw * len(open_games))]
        command = self._command(act, game["id"])
        outcome = handle.run(
            self._services.database,
            command,
            "bench",
            lambda session, guild, member: bet.place(session, guild, member, command, "bench"),
        )
        assert outcome == "done", outcome
        self._newest_bet += 1
        self._show_slip(self._newest_bet)

    def _last_bet(self) -> int:
        with self._services.database.read() as session:
            return session.scalars(select(func.max(Bet.id))).one()

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
            created_at=self._now.isoformat(),
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

    def _count(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        # The query cache asks for views; nobody would ask for them without a cache.
        is_own = self._is_cached or "sqlite_master" not in statement
        self._selects += is_own and statement.lstrip().upper().startswith("SELECT")


def _read_at_once(session: Session, bet_id: int) -> None:
    """Read what a slip shows, in as few queries as the product did before it had a cache."""
    game = joinedload(Bet.legs).joinedload(BetLeg.game)
    shown = (game.joinedload(Game.league), game.joinedload(Game.home_team))
    shown_bet = session.get_one(Bet, bet_id, options=[*shown, game.joinedload(Game.away_team)])
    session.get_one(Guild, shown_bet.guild_id)
