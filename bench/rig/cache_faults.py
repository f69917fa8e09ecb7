"""What stays stale after faults, and how soon a write is seen where nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.harness import Row, percentile, progress
from bench.rig import cache_peers
from bench.rig.cache_crowd import cache_server, only
from tests.checker.crew import Effort, Verdict, crew
from tests.checker.plan import Plan
from tests.checker.scenarios import SCENARIOS, Stage

_PEER_KEYS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is done.

    Attributes:
        scenario: What is done in each scenario.
        watched: What is done while a watcher measures how soon a write is seen.
        peer_writes: Writes of the peer's two writers.
    """

    scenario: Effort
    watched: Effort
    peer_writes: int


FULL = Size(
    scenario=Effort(operations=1_000_000, writes=3_000, rounds=10),
    watched=Effort(operations=50_000, writes=3_000, rounds=1),
    peer_writes=2_000,
)
QUICK = Size(
    scenario=Effort(operations=10_000, writes=200, rounds=1),
    watched=Effort(operations=5_000, writes=300, rounds=1),
    peer_writes=400,
)


def rows(quick: bool) -> Iterator[Row]:
    """Every scenario, then the lag of writes."""
    size = QUICK if quick else FULL
    with cache_server() as server:
        progress("two writers: cashews, client side")
        command = cache_peers.cashews()("stale", server.url, _PEER_KEYS, size.peer_writes)
        cashews = only(command, within=300)
    with Stage() as stage:
        yield from _scenarios(stage, size.scenario, cashews["stale"])
    yield from _lag(size.watched)


def _scenarios(stage: Stage, effort: Effort, cashews: float) -> Iterator[Row]:
    for name, scenario in SCENARIOS.items():
        progress(f"{name}: {effort.operations:,} operations")
        verdict = stage.run(scenario, effort)
        peers = {f"cashews, of {_PEER_KEYS} keys": cashews} if name == "two writers" else {}
        yield from _scenario(name, verdict, peers)


def _scenario(name: str, verdict: Verdict, peers: dict[str, float]) -> Iterator[Row]:
    counts = verdict.counts
    for example in verdict.violations:
        progress(f"{name}: {example}")
    yield Row(
        f"{name}: stale for good",
        len(verdict.permanent),
        "keys",
        floor=0,
        peers=peers,
        runs=counts.operations,
    )
    wrong = counts.late + counts.phantoms + counts.errors
    yield Row(
        f"{name}: reads that were late, never committed, or failed",
        wrong,
        "reads",
        floor=0,
        runs=counts.reads,
    )
    yield Row(f"{name}: longest behind the truth", counts.longest * 1000, "ms", runs=counts.reads)


def _lag(effort: Effort) -> Iterator[Row]:
    progress("how soon a write is seen")
    plan = Plan(keys=8, readers=("watcher",), writers=1, read_back=False)
    with crew(plan) as working:
        verdict = working.run(lambda _: None, effort)
    lags = verdict.counts.lags
    for percent, aim in ((50, None), (99, 5.0)):
        yield Row(
            f"from a commit until another process serves it, p{percent}",
            percentile(lags, percent) * 1000,
            "ms",
            aim=aim,
            runs=len(lags),
        )
