"""The whole fleet, as real processes: how fast it answers, and what it loses when things die.

Nothing here is simulated but Discord and the sports providers, whose stand-ins are processes that
speak the real protocols. The kills run on MariaDB, everything else on SQLite.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.harness import Row, percentile
from bench.rig import clone, memory, slots, storm, task_cost
from bench.rig.commands import UNKNOWN_BET, bet_on, first_game, place
from bench.rig.fleet import FleetUnderTest, fleet
from bench.rig.load import Load, offer
from bench.rig.plan import Plan
from dbsbm.sandbox.discord.client import ANYWHERE
from tests.servers import wait_until

RATE = 50.0
"""Interactions a second that the bot's event loop is measured under."""
QUEUED = 500
"""Image tasks that wait while acknowledgements are measured."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        slips: Bets placed one after another.
        load: Seconds of `RATE` interactions a second.
        freeze: Seconds for which the broker is frozen.
        acks: Acknowledgements measured while images are queued, and half as many without a broker.
        tasks: No-op tasks a round, and how many rounds.
        slots: Seconds of a job that is due every 2 seconds.
        bets: Members who bet through all faults, and how often each fault strikes.
        away: Seconds for which the database is stopped.
    """

    slips: int
    load: float
    freeze: float
    acks: int
    tasks: tuple[int, int]
    slots: float
    bets: tuple[int, int]
    away: float


FULL = Size(200, 20.0, 6.0, 500, (3000, 6), 300.0, (200, 3), 10.0)
QUICK = Size(20, 4.0, 3.0, 60, (500, 2), 40.0, (40, 1), 5.0)


def rows(quick: bool) -> Iterator[Row]:
    """Measure; with `quick` less of everything, and the slow parts beside the others."""
    size = QUICK if quick else FULL
    with ThreadPoolExecutor(1) as beside:
        scheduled = beside.submit(slots.measure, size.slots) if quick else None
        if not quick:
            yield from _fresh_clone()
        yield from _calm(size)
        yield from _storm(size)
        yield from _schedule(scheduled.result() if scheduled else slots.measure(size.slots))
    yield from _task(size)


def _fresh_clone() -> Iterator[Row]:
    first, second = clone.first_and_second()
    yield Row("./dev up --once in a fresh clone, nothing installed", first, "s", floor=180)
    yield Row("./dev up --once, the second time", second, "s", floor=30)


def _calm(size: Size) -> Iterator[Row]:
    """What one fleet shows in turn; the backlog of the last part goes down with it."""
    with fleet(Plan(watch_loop=True)) as running:
        yield from _memory(running)
        game = first_game(running.discord)
        yield from _slips(running, game, size)
        yield from _loop(running, size)
        yield from _frozen_broker(running, size)
        yield from _dead_broker(running, size)
        yield from _queued_images(running, game, size)


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
    load = _show_unknown_bets(running, size.load)
    yield _stall(f"the bot's event loop, longest stall under {RATE:g} interactions/s", load, 10.0)
    yield Row(
        "the same stall, what of it the bot was running",
        load.stall.worked * 1000,
        "ms",
        runs=len(load.states),
    )


def _frozen_broker(running: FleetUnderTest, size: Size) -> Iterator[Row]:
    with running.frozen("broker"):
        load = _show_unknown_bets(running, size.freeze)
    yield _stall("the bot's event loop, longest stall, broker frozen", load, 25.0)
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
            count=QUEUED + 2,
            until="ack",
        )
        assert placed.acknowledged_ms
        wait_until(lambda: _queued(running) >= QUEUED, 120, "so many images are queued")
    load = offer(
        running, "slip", lambda _: UNKNOWN_BET, per_second=20, count=size.acks, until="ack"
    )
    assert _queued(running), "the images were drawn before the acknowledgements were measured"
    yield Row(
        f"acknowledgement while {QUEUED} image tasks are queued, p99",
        percentile(load.acknowledged_ms, 99),
        "ms",
        floor=150.0,
        runs=len(load.states),
    )


def _storm(size: Size) -> Iterator[Row]:
    bets, rounds = size.bets
    verdict = storm.measure(bets, rounds=rounds, away=size.away)
    name = f"{bets} bets while every process is killed and the database stops"
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


def _task(size: Size) -> Iterator[Row]:
    measured = task_cost.measure(*size.tasks)
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


def _stall(name: str, load: Load, floor: float) -> Row:
    return Row(name, load.stall.late * 1000, "ms", floor=floor, runs=len(load.states))


def _show_unknown_bets(running: FleetUnderTest, seconds: float) -> Load:
    return offer(
        running,
        "slip",
        lambda _: UNKNOWN_BET,
        per_second=RATE,
        count=round(seconds * RATE),
        until="answer",
    )


def _wait_until_taken(running: FleetUnderTest) -> None:
    """Wait until the bot takes commands again, and a worker answers them."""

    def is_answered() -> bool:
        answer = running.discord.ask("slip", UNKNOWN_BET)
        return answer.original is not None and "There is no bet" in answer.original.content

    wait_until(is_answered, 60, "commands are taken again", interval=0.5)


def _queued(running: FleetUnderTest) -> int:
    return int(running.broker.llen("images"))
