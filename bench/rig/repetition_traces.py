"""Made-up tasks: twelve that repeat a call once a row, and ten that only look like it.

Each is played to the observers that the fleet uses, on a clock that is made up too. The numbers of
rows, children and values are drawn from a seed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.optimizer.repetition.scope import Scope
from dbsbm.optimizer.repetition.shape import Shape
from dbsbm.optimizer.repetition.statement import statement_shape

PARENTS = "SELECT bets.id, bets.stake FROM bets WHERE bets.guild_id = %s LIMIT 200"
LEGS = "SELECT legs.id, legs.odds FROM legs WHERE legs.bet_id = %s"
GAME = "SELECT games.id, games.home FROM games WHERE games.id = %s"
MEMBER = "SELECT members.name FROM members WHERE members.id = %s"
COUNT = "SELECT count(*) AS n FROM legs WHERE legs.bet_id = %s"
EXISTS = "SELECT EXISTS (SELECT 1 FROM payouts WHERE payouts.bet_id = %s) AS found"
INSERT = "INSERT INTO payouts (bet_id, amount, note) VALUES (%s, %s, %s)"
UPDATE = "UPDATE bets SET state = %s WHERE bets.id = %s"
PAGE = "SELECT bets.id FROM bets WHERE bets.id > %s ORDER BY bets.id LIMIT %s"
CLAIM = "SELECT id FROM outbox WHERE state = %s ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"


class Play:
    """One task that runs, and what it should be found to repeat.

    Attributes:
        scope: The one that is open.
        guilty: Ids of the shapes that it repeats once a row.
        statements: Seconds of each statement of the scope, by the statement's shape.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.guilty: set[str] = set()
        self.open()
        self._now = 100.0
        self._id = random.randrange(1000, 9000)

    def open(self) -> None:
        """Begin a scope."""
        self.scope = Scope()
        self.statements: defaultdict[str, list[float]] = defaultdict(list)

    def new_id(self) -> int:
        """A row's id that was not used before."""
        self._id += self.random.randrange(1, 9)
        return self._id

    def many(self) -> int:
        """How many rows a loop goes over."""
        return self.random.randrange(8, 60)

    def sql(self, text: str, *values: Any, rows: int = 1, guilty: bool = False) -> None:
        """Run a statement."""
        shape = statement_shape(text, "mysql")
        if shape is not None:
            self.call(shape, values, 0.0008, rows, guilty=guilty)

    def cache(self, name: object, *, guilty: bool = False) -> None:
        """Read a key from the cache's server."""
        key = Key.of(Category.TEAM_DATA, "team", str(name))
        self.call(Shape("cache", key.category.value), key.wire, 0.0002, guilty=guilty)

    def provider(self, endpoint: str, *, guilty: bool = False) -> None:
        """Ask a provider of sports data."""
        self.call(Shape("provider", f"espn {endpoint}"), None, 0.15, guilty=guilty)

    def discord(self, route: str, *, guilty: bool = False) -> None:
        """Call Discord."""
        self.call(Shape("discord", route), None, 0.2, guilty=guilty)

    def call(
        self, shape: Shape, values: object, seconds: float, rows: int = 1, *, guilty: bool = False
    ) -> None:
        """Have a call take some time, a little more or less."""
        began = self._now
        self._now += seconds * self.random.uniform(0.6, 1.8)
        self.scope.saw(shape, values, began, self._now, rows)
        if shape.kind == "sql":
            self.statements[shape.id].append(self._now - began)
        self._now += self.random.uniform(0.00001, 0.0004)
        if guilty:
            self.guilty.add(shape.id)

    def pause(self, seconds: float) -> None:
        """Do nothing, or nothing that is counted."""
        self._now += seconds


def _lazy_loop(play: Play) -> None:
    rows = play.many()
    play.sql(PARENTS, 7, rows=rows)
    for _ in range(rows):
        play.sql(LEGS, play.new_id(), rows=play.random.randrange(0, 30), guilty=True)


def _nested(play: Play) -> None:
    rows = play.many()
    play.sql(PARENTS, 7, rows=rows)
    for _ in range(rows):
        legs = play.random.randrange(2, 6)
        play.sql(LEGS, play.new_id(), rows=legs, guilty=True)
        for _ in range(legs):
            play.sql(GAME, play.new_id(), guilty=True)


def _interleaved(play: Play) -> None:
    others = ("SELECT 1 FROM guilds WHERE id = %s", "SELECT name FROM leagues WHERE id = %s")
    todo = [(LEGS, True)] * play.many() + [(text, False) for text in others] * 2
    play.random.shuffle(todo)
    for text, is_guilty in todo:
        play.sql(text, play.new_id(), rows=3, guilty=is_guilty)


def _selectin_of_one(play: Play) -> None:
    for _ in range(play.many()):
        play.sql("SELECT id FROM legs WHERE legs.bet_id IN (%s)", play.new_id(), guilty=True)


def _cache_loop(play: Play) -> None:
    play.sql(PARENTS, 7, rows=40)
    for number in range(play.many()):
        play.cache(number, guilty=True)


def _discord_loop(play: Play) -> None:
    for _ in range(play.many()):
        play.discord("GET /guilds/{id}/members/{id}", guilty=True)


def _provider_loop(play: Play) -> None:
    play.sql(PARENTS, 7, rows=40)
    for _ in range(play.many()):
        play.provider("football/fixture", guilty=True)
        play.sql(PARENTS, 7, rows=40)


def _single_inserts(play: Play) -> None:
    for _ in range(play.many()):
        play.sql(INSERT, play.new_id(), 25, "paid", guilty=True)


def _pair(play: Play) -> None:
    for _ in range(play.many()):
        row = play.new_id()
        play.sql(MEMBER, row, guilty=True)
        play.sql(UPDATE, "won", row, guilty=True)


def _pages_of_one(play: Play) -> None:
    for _ in range(play.many()):
        play.sql(PAGE, play.new_id(), 1, guilty=True)


def _counts(play: Play) -> None:
    for _ in range(play.many()):
        play.sql(COUNT, play.new_id(), guilty=True)


def _exists(play: Play) -> None:
    for _ in range(play.many()):
        play.sql(EXISTS, play.new_id(), guilty=True)
        play.pause(0.002)


def _retries(play: Play) -> None:
    row = play.new_id()
    for _ in range(play.many()):
        play.sql("SELECT id FROM bets WHERE id = %s FOR UPDATE", row)
        play.sql(UPDATE, "won", row)


def _keyset(play: Play) -> None:
    for _ in range(play.many()):
        play.sql(PAGE, play.new_id(), 100, rows=100)
    play.sql(PAGE, play.new_id(), 100, rows=3)


def _batched(play: Play) -> None:
    for size in (*[500] * play.many(), play.random.randrange(1, 500)):
        marks = ", ".join(["%s"] * size)
        ids = [play.new_id() for _ in range(size)]
        play.sql(f"SELECT id FROM legs WHERE legs.bet_id IN ({marks})", *ids, rows=size)


def _poll(play: Play) -> None:
    for _ in range(play.many()):
        play.sql("SELECT id FROM events WHERE created_at > %s", play.new_id(), rows=0)
        play.pause(play.random.uniform(0.2, 1.0))


def _few_at_once(play: Play) -> None:
    for _ in range(play.random.randrange(2, 5)):
        play.sql(GAME, play.new_id())
        play.cache(play.new_id())
        play.provider("football/fixtures")


def _backfill(play: Play) -> None:
    rows = play.random.randrange(200, 1000)
    for _ in range(play.many()):
        values = ", ".join(["(%s, %s, %s)"] * rows)
        play.sql(f"INSERT INTO history (a, b, c) VALUES {values}", play.new_id(), rows=rows)
        play.sql("DELETE FROM old WHERE id BETWEEN %s AND %s", play.new_id(), 9, rows=rows)


def _same_read(play: Play) -> None:
    for _ in range(play.many()):
        play.cache("the same")
        play.sql(MEMBER, 42)


def _savepoints(play: Play) -> None:
    for number in range(play.many()):
        play.sql(f"SAVEPOINT sa_savepoint_{number}", rows=0)
        play.sql("SET innodb_lock_wait_timeout = %s", number, rows=0)
        play.sql(f"RELEASE SAVEPOINT sa_savepoint_{number}", rows=0)


def _claims(play: Play) -> None:
    for _ in range(play.many()):
        play.sql(CLAIM, "pending")


def _another_task(play: Play) -> None:
    """One of many tasks in one process: each reads one row, and has a scope of its own."""
    for _ in range(play.many()):
        play.open()
        play.sql(GAME, play.new_id())
        play.sql(MEMBER, play.new_id())


SHAPES: Mapping[str, Callable[[Play], None]] = {
    "lazy loop": _lazy_loop,
    "nested loop": _nested,
    "interleaved with others": _interleaved,
    "selectin of one": _selectin_of_one,
    "cache read in a loop": _cache_loop,
    "Discord call in a loop": _discord_loop,
    "provider call in a loop": _provider_loop,
    "single inserts": _single_inserts,
    "pair of statements in a loop": _pair,
    "pages of one": _pages_of_one,
    "count a row": _counts,
    "exists a row": _exists,
}
"""What has to be found, with exactly the statements that are at fault."""

LOOK_ALIKES: Mapping[str, Callable[[Play], None]] = {
    "retries": _retries,
    "keyset pages": _keyset,
    "batches by IN": _batched,
    "poll": _poll,
    "a few at once": _few_at_once,
    "backfill in chunks": _backfill,
    "the same read": _same_read,
    "savepoints": _savepoints,
    "claims from a queue": _claims,
    "many tasks": _another_task,
}
"""What has to stay silent."""


def by_ours(play: Play) -> set[str]:
    """What the optimizer names."""
    return {each.shape.id for each in play.scope.repetitions()}


def by_description(play: Play) -> set[str]:
    """What Sentry's rule names: five statements of one description, of 50 ms together."""
    seconds = play.statements.items()
    return {shape for shape, each in seconds if len(each) >= 5 and sum(each) >= 0.05}


def named(
    plays: Iterable[Callable[[Play], None]],
    seed: int,
    judge: Callable[[Play], set[str]] = by_ours,
) -> int:
    """How many were named as they should be: all that is at fault, and nothing else."""
    count = 0
    for number, tell in enumerate(plays):
        play = Play(Random(seed * 1000 + number))
        tell(play)
        count += judge(play) == play.guilty
    return count
