"""Random histories of two connections: nothing stale may be served, and little more invalidated.

Writers and a reader take turns step by step on a SQLite file: also within a transaction, between
the guard and the COMMIT, and between the COMMIT and the release. The reader loads cached queries
in two steps, reading and storing, and anything may happen between the two. After each step every
cached answer that counts as valid is compared with what the database says now.

The oracle of over-invalidation is the same comparison: an invalidated answer that is still right
was invalidated in vain.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    delete,
    event,
    insert,
    select,
    text,
    update,
)

from bench.harness import Row
from dbsbm.querycache.tags import GLOBAL_TAG, any_tag, scope_tag, table_tag
from dbsbm.querycache.writing.transactions import Transactions

GUILDS = range(1, 13)
USERS = range(1, 5)
STATES = ("open", "won", "lost", "void")
KEYS = range(1, 201)
"""Keys of bets; each may be there or not."""
FEWEST_FREE = 20

QUICK_STEPS, FULL_STEPS = 1_500, 30_000

METADATA = MetaData()
GUILD = Table(
    "guilds", METADATA, Column("id", Integer, primary_key=True), Column("name", String(20))
)
BET = Table(
    "bets",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("guild_id", ForeignKey("guilds.id", ondelete="CASCADE")),
    Column("user_id", Integer),
    Column("state", String(10)),
    Column("risk", Integer),
    info={"cache_scopes": (("guild_id",), ("guild_id", "user_id"))},
)
LEG = Table(
    "legs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("bet_id", ForeignKey("bets.id", ondelete="CASCADE")),
    Column("result", String(10)),
    info={"cache_scopes": (("bet_id",),)},
)


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A cached query, by what it asks for, and the tags that it depends on."""

    about: tuple[Any, ...]
    tags: tuple[str, ...]


def _query(about: tuple[Any, ...], table: str, **pins: int) -> Query:
    depends = scope_tag(table, pins) if pins else any_tag(table)
    return Query(about, (GLOBAL_TAG, table_tag(table), depends))


def queries() -> list[Query]:
    """What a bet tracker asks: by guild, by member, by bet, and here and there of all."""
    found = [_query(("total",), "bets"), _query(("guilds",), "guilds")]
    for g in GUILDS:
        found.append(_query(("name", g), "guilds", id=g))
        found.append(_query(("bets", g), "bets", guild_id=g))
        for u in USERS:
            found.append(_query(("bets", g, u), "bets", guild_id=g, user_id=u))
            found.append(_query(("record", g, u), "bets", guild_id=g, user_id=u))
    for b in KEYS[::5]:
        found.append(_query(("bet", b), "bets", id=b))
        found.append(_query(("legs", b), "legs", bet_id=b))
    return found


class Truth:
    """What the database holds: it is read as a whole, and the queries are answered from that."""

    def __init__(self, reader: sqlite3.Connection) -> None:
        self._answers: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(list)
        guilds = reader.execute("SELECT id, name FROM guilds ORDER BY id").fetchall()
        bets = reader.execute("SELECT * FROM bets ORDER BY id").fetchall()
        self._answers["guilds",] = guilds
        self._answers["total",] = [len(bets), sum(bet[4] for bet in bets)]
        for guild in guilds:
            self._answers["name", guild[0]].append(guild)
        for bet in bets:
            number, guild, user, state, risk = bet
            self._answers["bet", number].append(bet)
            self._answers["bets", guild].append(bet)
            self._answers["bets", guild, user].append(bet)
            self._answers["record", guild, user].append((state, risk))
        for leg in reader.execute("SELECT * FROM legs ORDER BY id"):
            self._answers["legs", leg[1]].append(leg)
        for about, answer in self._answers.items():
            if about[0] == "record":
                answer.sort()

    def answer(self, query: Query) -> list[Any]:
        """Return the answer of a query."""
        return self._answers.get(query.about, [])


class Store:
    """Tags and cached answers as the cache's server keeps them, by the rules of its scripts.

    An answer whose stamps are no longer its tags' is dropped at once, which is the same as never to
    believe it, and quicker.
    """

    def __init__(self) -> None:
        self._numbers = count(1)
        self._stamps: dict[str, int] = {}
        self._guards: dict[int, Sequence[str]] = {}
        self._dependents: defaultdict[str, set[Query]] = defaultdict(set)
        self.answers: dict[Query, list[Any]] = {}
        self.at_guard: Callable[[], None] = lambda: None
        self.at_release: Callable[[], None] = lambda: None

    def guard(self, tags: Sequence[str], *, for_ms: int) -> int:
        """Give the tags new stamps, and have nothing stored that depends on them."""
        token = self._bump(tags)
        self._guards[token] = tags
        self.at_guard()
        return token

    def release(self, token: int, tags: Sequence[str]) -> bool:
        """Give the tags new stamps again, and end the guard."""
        self.at_release()
        del self._guards[token]
        return bool(self._bump(tags))

    def invalidate_tags(self, *tags: str) -> bool:
        """Give the tags new stamps."""
        return bool(self._bump(tags))

    def stamps(self, query: Query) -> tuple[int, ...]:
        """Return the stamps of a query's tags."""
        return tuple(self._stamps.get(tag, 0) for tag in query.tags)

    def fill(self, query: Query, answer: list[Any], stamps: tuple[int, ...]) -> None:
        """Store an answer unless something came between its reading and now."""
        guarded = {tag for tags in self._guards.values() for tag in tags}
        if stamps == self.stamps(query) and guarded.isdisjoint(query.tags):
            self.answers[query] = answer
            for tag in query.tags:
                self._dependents[tag].add(query)

    def _bump(self, tags: Sequence[str]) -> int:
        number = next(self._numbers)
        for tag in tags:
            self._stamps[tag] = number
            for query in self._dependents.pop(tag, ()):
                self.answers.pop(query, None)
        return number


@dataclass
class Outcome:
    """What a history came to.

    Attributes:
        steps: Transactions, each committed or rolled back.
        reads: Cached answers that were compared with the database.
        stale: Those of them that were wrong.
        changed: Cached answers that a commit made wrong.
        invalidated: Cached answers that were invalidated.
        seconds: How long it took.
    """

    steps: int = 0
    reads: int = 0
    stale: int = 0
    changed: int = 0
    invalidated: int = 0
    seconds: float = 0.0
    examples: list[str] = field(default_factory=list)


class History:
    """One history: a random sequence of transactions by two writers, watched by a reader."""

    def __init__(self, seed: int, path: Path) -> None:
        self._random = random.Random(seed)
        self._store = Store()
        self._engine = _engine(path)
        METADATA.create_all(self._engine)
        self._reader = sqlite3.connect(path, isolation_level=None)
        self._queries = queries()
        self._loading: list[tuple[Query, list[Any], tuple[int, ...]]] = []
        self._taken: set[int] = set(KEYS[:150])
        self.outcome = Outcome()
        self._last = ""
        _fill(self._engine, self._random)
        Transactions(self._store, METADATA).attach(self._engine)
        self._truth = Truth(self._reader)
        self._store.at_guard = self._look
        self._store.at_release = self._committed

    def run(self, steps: int) -> Outcome:
        """Make so many transactions."""
        began = time.perf_counter()
        with self._engine.connect() as one, self._engine.connect() as other:
            for step in range(steps):
                self._transaction(self._random.choice((one, other)))
                if step % 10 == 9:
                    self._prune(one)
        self.outcome.seconds = time.perf_counter() - began
        return self.outcome

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()
        self._engine.dispose()

    def _transaction(self, connection: Connection) -> None:
        self._warm()
        before = dict(self._store.answers)
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            self._write(connection)
            if self._random.random() < 0.1:
                self._look()
        if self._random.random() < 0.9:
            connection.commit()
        else:
            connection.rollback()
        self._truth = Truth(self._reader)
        self._count(before)
        self._check(self._queries)
        self.outcome.steps += 1

    def _prune(self, connection: Connection) -> None:
        """Keep keys free, which is no part of the history."""
        there = set(connection.scalars(select(BET.c.id)))
        self._taken = there
        gone = self._random.sample(sorted(there), max(0, len(there) - len(KEYS) + FEWEST_FREE))
        connection.execute(delete(LEG).where(LEG.c.bet_id.in_(gone)))
        connection.execute(delete(BET).where(BET.c.id.in_(gone)))
        connection.commit()
        self._taken.difference_update(gone)
        self._truth = Truth(self._reader)

    def _warm(self) -> None:
        """Cache whatever is not cached."""
        while self._loading:
            self._store.fill(*self._loading.pop())
        for query in self._queries:
            if query not in self._store.answers:
                self._store.fill(query, self._truth.answer(query), self._store.stamps(query))

    def _count(self, before: Mapping[Query, list[Any]]) -> None:
        for query, answer in before.items():
            self.outcome.changed += self._truth.answer(query) != answer
            self.outcome.invalidated += query not in self._store.answers

    def _committed(self) -> None:
        """Between the COMMIT and the release."""
        self._truth = Truth(self._reader)
        self._look()

    def _look(self) -> None:
        """The reader's turn: it begins loads, ends others, and trusts what is cached."""
        some = self._random.sample(self._queries, 12)
        for query in some:
            self._load(query)
        self._random.shuffle(self._loading)
        for _ in range(self._random.randrange(6)):
            if self._loading:
                self._store.fill(*self._loading.pop())
        self._check(some)

    def _load(self, query: Query) -> None:
        if query not in self._store.answers:
            self._loading.append((query, self._truth.answer(query), self._store.stamps(query)))

    def _check(self, queries: Sequence[Query]) -> None:
        for query in queries:
            answer = self._store.answers.get(query)
            if answer is not None:
                self.outcome.reads += 1
                if self._truth.answer(query) != answer:
                    self.outcome.stale += 1
                    self.outcome.examples.append(f"{query.about} after {self._last}")

    # What a writer does

    def _write(self, connection: Connection) -> None:
        write = self._random.choices(WRITES, WEIGHTS)[0]
        self._last = write.__name__
        if self._random.random() < 0.1:
            with connection.begin_nested() as savepoint:
                write(self, connection)
                if self._random.random() < 0.5:
                    savepoint.rollback()
        else:
            write(self, connection)

    def bet(self) -> int:
        """Return the key of a bet that may be there."""
        return self._random.choice(KEYS)

    def guild(self) -> int:
        """Return the key of a guild."""
        return self._random.choice(GUILDS)

    def row(self, **values: Any) -> dict[str, Any]:
        """Return a bet."""
        return {
            "guild_id": self.guild(),
            "user_id": self._random.choice(USERS),
            "state": "open",
            "risk": self._random.randint(1, 9),
            **values,
        }

    def state(self) -> str:
        """Return the state of a bet."""
        return self._random.choice(STATES)

    def risk(self) -> int:
        """Return what a bet risks."""
        return self._random.randint(1, 9)

    def keys(self, many: int) -> list[int]:
        """Return keys that no bet has, so many or as many as there are."""
        free = [key for key in KEYS if key not in self._taken]
        chosen = self._random.sample(free, min(many, len(free)))
        self._taken.update(chosen)
        return chosen


def place(history: History, connection: Connection) -> None:
    for key in history.keys(1):
        connection.execute(insert(BET), history.row(id=key))
        connection.execute(insert(LEG), {"bet_id": key, "result": "open"})


def place_many(history: History, connection: Connection) -> None:
    rows = [history.row(id=key) for key in history.keys(3)]
    if rows:
        connection.execute(insert(BET), rows)


def add_leg(history: History, connection: Connection) -> None:
    there = connection.exec_driver_sql("SELECT max(id) FROM bets").scalar()
    sql = "INSERT INTO legs (bet_id, result) VALUES (?, 'open')"
    connection.exec_driver_sql(sql, (there,))


def settle(history: History, connection: Connection) -> None:
    number = history.bet()
    connection.execute(update(BET).where(BET.c.id == number).values(state=history.state()))
    connection.execute(update(LEG).where(LEG.c.bet_id == number).values(result=history.state()))


def settle_many(history: History, connection: Connection) -> None:
    numbers = sorted({history.bet() for _ in range(3)})
    statement = update(BET).where(BET.c.id == bindparam("n")).values(state=bindparam("s"))
    connection.execute(statement, [{"n": n, "s": history.state()} for n in numbers])


def correct(history: History, connection: Connection) -> None:
    connection.execute(
        text("UPDATE bets SET risk = risk + 1 WHERE guild_id = :g AND user_id = :u"),
        {"g": history.guild(), "u": history.row()["user_id"]},
    )


def void_some(history: History, connection: Connection) -> None:
    connection.execute(
        update(BET)
        .where(BET.c.guild_id == history.guild(), BET.c.risk >= history.risk())
        .values(state="void")
    )


def move(history: History, connection: Connection) -> None:
    statement = update(BET).where(BET.c.id == history.bet())
    connection.execute(statement.values(guild_id=history.guild()))


def hand_over(history: History, connection: Connection) -> None:
    connection.execute(
        text("UPDATE bets SET user_id = :u WHERE id = :n"),
        {"u": history.row()["user_id"], "n": history.bet()},
    )


def rename(history: History, connection: Connection) -> None:
    name = f"guild {history.risk()}"
    connection.execute(update(GUILD).where(GUILD.c.id == history.guild()).values(name=name))


def withdraw(history: History, connection: Connection) -> None:
    number = history.bet()
    connection.execute(delete(LEG).where(LEG.c.bet_id == number))
    connection.execute(delete(BET).where(BET.c.id == number))


def upsert(history: History, connection: Connection) -> None:
    connection.execute(
        text("INSERT OR REPLACE INTO legs (id, bet_id, result) SELECT :n, id, 'won' "
             "FROM bets WHERE id = :b"),
        {"n": history.risk(), "b": history.bet()},
    )  # fmt: skip


def copy(history: History, connection: Connection) -> None:
    connection.execute(
        text("INSERT INTO legs (bet_id, result) SELECT id, state FROM bets WHERE id = :b"),
        {"b": history.bet()},
    )


def touch_nothing(history: History, connection: Connection) -> None:
    connection.execute(update(BET).where(BET.c.id == -history.bet()).values(risk=1))


Write = Callable[[History, Connection], None]

WRITES: list[Write] = [
    place, add_leg, place_many, settle, settle_many, correct, void_some, move, hand_over,
    rename, touch_nothing, withdraw, upsert, copy,
]  # fmt: skip
# As often as a bet tracker does it: deletes, upserts and copies of rows are rare.
WEIGHTS = [30.0, 10, 6, 30, 6, 6, 6, 3, 3, 4, 3, 0.3, 0.2, 0.2]


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}")

    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _fill(engine: Engine, chance: random.Random) -> None:
    with engine.begin() as connection:
        connection.execute(insert(GUILD), [{"id": g, "name": f"guild {g}"} for g in GUILDS])
        rows = [
            {
                "id": number,
                "guild_id": chance.choice(GUILDS),
                "user_id": chance.choice(USERS),
                "state": "open",
                "risk": chance.randint(1, 9),
            }
            for number in KEYS[:150]
        ]
        connection.execute(insert(BET), rows)
        legs = [{"bet_id": number, "result": "open"} for number in KEYS[:150]]
        connection.execute(insert(LEG), legs)


@contextmanager
def _place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "history.db"


def play(seed: int, steps: int) -> Outcome:
    """Play one history and return what it came to."""
    with _place() as path, closing(History(seed, path)) as history:
        return history.run(steps)


def rows(*, quick: bool = False) -> list[Row]:
    """Return what histories of random transactions come to: stale answers, and needless ones."""
    outcome = play(seed=20261, steps=QUICK_STEPS if quick else FULL_STEPS)
    for example in outcome.examples[:5]:
        print(f"stale: {example}", file=sys.stderr)
    return [
        Row(
            f"stale of {outcome.reads:,} cached reads in {outcome.steps:,} random transactions",
            outcome.stale,
            "answers",
            floor=0,
            aim=0,
        ),
        Row(
            "cached queries invalidated, to those whose answer changed",
            round(outcome.invalidated / max(outcome.changed, 1), 3),
            "x",
            floor=1.5,
            aim=1.3,
        ),
    ]


def main() -> None:
    """Play longer histories: `python -m bench.rig.sql_histories STEPS [SEED]`."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else QUICK_STEPS
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    outcome = play(seed, steps)
    print(outcome)


if __name__ == "__main__":
    main()
