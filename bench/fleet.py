"""The whole fleet, as real processes: how fast it answers, and what it loses when things die.

Nothing here is simulated but Discord and the sports providers, whose stand-ins are processes that
speak the real protocols. One fleet on MariaDB serves all rows but those of the schedule, which have
a smaller one on SQLite.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.harness import Measurement, Row, percentile
from bench.rig import clone, memory, slots, storm, task_cost
from bench.rig.commands import UNKNOWN_BET, bet_on, first_game, place
from bench.rig.fleet import FleetUnderTest, fleet
from bench.rig.load import Load, offer
from bench.rig.plan import Plan
from dbsbm.sandbox.discord.client import ANYWHERE
from tests.servers import MariaDBServer, start_mariadb, wait_until

RATE = 50.0
"""Commands a second that the bot's event loop is measured under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured.

    Attributes:
        slips: Bets placed one after another.
        load: Seconds of `RATE` commands a second.
        freeze: Seconds for which the broker is frozen.
        queued: Image tasks that wait while acknowledgements are measured.
        acks: How many acknowledgements; half as many without a broker.
        bets: Members who bet while things die.
        rounds: How often each thing dies.
        span: Seconds over which the bets around one death are spread.
        away: Seconds for which the database is stopped.
        slots: Seconds of a job that is due every 2 seconds.
        tasks: No-op tasks in a batch.
        batches: Batches of each kind of task.
    """

    slips: int
    load: float
    freeze: float
    queued: int
    acks: int
    bets: int
    rounds: int
    span: float
    away: float
    slots: float
    tasks: int
    batches: int


FULL = Size(
    slips=200,
    load=20.0,
    freeze=6.0,
    queued=500,
    acks=500,
    bets=200,
    rounds=3,
    span=3.0,
    away=10.0,
    slots=300.0,
    tasks=1000,
    batches=12,
)
QUICK = Size(
    slips=15,
    load=2.0,
    freeze=2.5,
    queued=100,
    acks=30,
    bets=40,
    rounds=1,
    span=0.8,
    away=2.0,
    slots=40.0,
    tasks=60,
    batches=6,
)


def rows(quick: bool) -> Iterator[Row]:
    """Measure; with `quick` less of everything, and what takes its time beside the rest."""
    size = QUICK if quick else FULL
    with ThreadPoolExecutor() as beside:
        scheduling = beside.submit(slots.measure, size.slots) if quick else None
        if not quick:
            yield from _fresh_clone()
        with _fleet(size) as (running, database):
            yield from _memory(running)
            game = first_game(running.discord)
            yield from _slips(running, game, size)
            yield from _loop(running, size)
            yield from _frozen_broker(running, size)
            yield from _dead_broker(running, size)
            working = beside.submit(_measure_tasks, size) if quick else None
            yield from _storm(running, database, game, size)
            # The last one: its backlog goes down with the fleet.
            yield from _queued_images(running, game, size)
    yield from _task(working.result() if working else _measure_tasks(size))
    yield from _schedule(scheduling.result() if scheduling else slots.measure(size.slots))


@contextmanager
def _fleet(size: Size) -> Iterator[tuple[FleetUnderTest, MariaDBServer]]:
    # No space in the folder's name: MariaDB's installer cannot read its own paths then.
    with tempfile.TemporaryDirectory(prefix="dbsbm-mariadb-") as folder:
        server = start_mariadb(Path(folder))
        try:
            with server.fresh_database() as url:
                plan = Plan(database_url=url, crowd=size.bets, watch_loop=True)
                with fleet(plan) as running:
                    yield running, server
        finally:
            server.close()


def _fresh_clone() -> Iterator[Row]:
    first, second = clone.first_and_second()
    yield Row("./dev up --once in a fresh clone, nothing installed", first, "s", floor=180)
    yield Row("./dev up --once, the second time", second, "s", floor=30)


def _memory(running: FleetUnderTest) -> Iterator[Row]:
    found = memory.by_process(running)
    for name, of in (("PSS", "pss"), ("RSS", "rss")):
        total = sum(getattr(each, of) for each in found.values())
        yield Row(f"idle fleet, memory of all processes ({name})", total, "MiB")
    for name, each in found.items():
        yield Row(f"idle fleet, memory of {name} with its children (PSS)", each.pss, "MiB")


def _slips(running: FleetUnderTest, game: str, size: Size) -> Iterator[Row]:
    def placed(note: str) -> float:
        return place(running.discord, game, note, ANYWHERE).answered_ms or 0.0

    for number in range(6):  # each child of each pool opens its connections
        placed(f"warm {number}")
    taken = [placed(f"bet {number}") for number in range(size.slips)]
    for percent, floor in ((50, 150.0), (95, 400.0)):
        yield Row(
            f"command to delivered slip, p{percent}",
            percentile(taken, percent),
            "ms",
            floor=floor,
            runs=len(taken),
        )


def _loop(running: FleetUnderTest, size: Size) -> Iterator[Row]:
    # Connections to broker and Discord are opened by the first commands that come side by side.
    _show_unknown_bets(running, 1.0, until="ack")
    load = _show_unknown_bets(running, size.load, until="ack")
    yield from _stalls(f"the bot's event loop under {RATE:g} commands/s", load, 10.0)


def _stalls(name: str, load: Load, floor: float) -> Iterator[Row]:
    own = max((stall.own for stall in load.stalls), default=0.0) * 1000
    late = max((stall.late for stall in load.stalls), default=0.0) * 1000
    commands = len(load.states)
    yield Row(f"{name}, longest stall of its own", own, "ms", floor=floor, runs=commands)
    yield Row(f"{name}, longest stall, others' processor time included", late, "ms", runs=commands)


def _frozen_broker(running: FleetUnderTest, size: Size) -> Iterator[Row]:
    with running.frozen("broker"):
        load = _show_unknown_bets(running, size.freeze, until="answer")
    yield from _stalls("the bot's event loop, broker frozen", load, 25.0)
    yield Row(
        "slowest reply, broker frozen",
        max(load.answered_ms),
        "ms",
        floor=2500.0,
        runs=len(load.states),
    )
    _wait_until_taken(running)


def _dead_broker(running: FleetUnderTest, size: Size) -> Iterator[Row]:
    with running.down("broker"):
        load = offer(
            running,
            "slip",
            lambda _: UNKNOWN_BET,
            per_second=20,
            count=size.acks // 2,
            until="answer",
        )
    measured = (
        ("slowest acknowledgement, broker down", load.acknowledged_ms, 3000.0),
        ("slowest clear reply, broker down", load.answered_ms, 2000.0),
    )
    for name, taken, floor in measured:
        yield Row(name, max(taken), "ms", floor=floor, runs=len(taken))
    _wait_until_taken(running)


def _queued_images(running: FleetUnderTest, game: str, size: Size) -> Iterator[Row]:
    with running.frozen("images"):
        # The frozen worker may have taken one before it froze, and the fleet owes some slips.
        placed = offer(
            running,
            "bet",
            lambda number: bet_on(game, f"queued {number}"),
            per_second=100,
            count=size.queued + 2,
            until="ack",
        )
        assert placed.acknowledged_ms
        wait_until(lambda: _queued(running) >= size.queued, 120, "so many images are queued")
    load = offer(
        running, "slip", lambda _: UNKNOWN_BET, per_second=20, count=size.acks, until="ack"
    )
    assert _queued(running), "the images were drawn before the acknowledgements were measured"
    yield Row(
        f"acknowledgement while {size.queued} image tasks are queued, p99",
        percentile(load.acknowledged_ms, 99),
        "ms",
        floor=150.0,
        runs=len(load.states),
    )


def _storm(
    running: FleetUnderTest, database: MariaDBServer, game: str, size: Size
) -> Iterator[Row]:
    faults = storm.every_fault(running, database, size.away) * size.rounds
    verdict = storm.ride(running, game, size.bets, faults, span=size.span)
    bets, name = size.bets, f"{size.bets} bets while every process is killed"
    for what, count in (("lost", verdict.lost), ("doubled", verdict.doubled)):
        yield Row(f"{name}: {what}", len(count), "bets", floor=0, runs=bets)
    yield Row(f"{name}: rows", verdict.rows, "rows", better="higher", floor=bets, runs=bets)
    yield Row(
        f"{name}: slips shown", verdict.slips, "slips", better="higher", floor=bets, runs=bets
    )
    yield Row(f"{name}: commands repeated", verdict.repeats.total(), "commands", runs=bets)
    yield Row(f"{name}: longest wait for a slip", verdict.longest_wait, "s", runs=bets)


def _schedule(result: slots.Slots) -> Iterator[Row]:
    name = f"two beats, the leader killed {result.kills} times, the broker restarted twice"
    yield Row(f"{name}: slots due", result.due, "slots", better="higher")
    yield Row(
        f"{name}: slots run",
        result.due - result.not_run,
        "slots",
        better="higher",
        floor=result.due,
    )
    yield Row(f"{name}: runs doubled", result.extra_runs, "slots", floor=0)
    yield Row(f"{name}: slots unaccounted", result.states["unaccounted"], "slots", floor=0)


def _measure_tasks(size: Size) -> dict[str, Measurement]:
    return task_cost.measure(size.tasks, size.batches)


def _task(measured: Mapping[str, Measurement]) -> Iterator[Row]:
    ours, bare = measured["fleet"], measured["bare"]
    yield Row(
        "a task of the fleet that does nothing",
        ours.median * 1000,
        "ms",
        peers={"bare Celery task": bare.median * 1000},
        runs=ours.runs,
        spread=ours.spread,
    )
    yield Row(
        "a task of the fleet beside a bare Celery task",
        ours.median / bare.median,
        "x",
        floor=1.15,
        runs=ours.runs,
        spread=max(ours.spread, bare.spread),
    )


def _show_unknown_bets(running: FleetUnderTest, seconds: float, *, until: str) -> Load:
    return offer(
        running,
        "slip",
        lambda _: UNKNOWN_BET,
        per_second=RATE,
        count=round(seconds * RATE),
        until=until,
    )


def _wait_until_taken(running: FleetUnderTest) -> None:
    """Wait until the bot takes commands again, and a worker answers them."""

    def is_answered() -> bool:
        answer = running.discord.ask("slip", UNKNOWN_BET)
        return answer.original is not None and "There is no bet" in answer.original.content

    wait_until(is_answered, 60, "commands are taken again", interval=0.5)


def _queued(running: FleetUnderTest) -> int:
    return int(running.broker.llen("images"))
