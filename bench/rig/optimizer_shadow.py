"""All fixes of indexes applied: what the replayed load reads before and after, and the way back.

The database has every form of a fault of indexes, and forty traps. Faults of statements are left
out here: no index cures them, and what a rewritten statement reads is not the load that was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.harness import Row, progress
from bench.rig import optimizer_evidence, optimizer_planting, optimizer_product
from bench.rig.optimizer_blueprint import Statement
from bench.rig.optimizer_judge import Heard, heard
from bench.rig.optimizer_lab import PlantedLab, Replay
from bench.rig.optimizer_server import have_clock, running
from bench.rig.optimizer_trial import ROWS_OF_NOISE, SLOWER, index_changes

SEED = 1001
FIRST_UNSEEN = 1000


def rows(*, quick: bool, seed: int | None = None) -> Iterator[Row]:
    """Pages and rows read, the worst statement, the expert's schema, and the reverts."""
    have_clock()
    with running() as server:
        lab = PlantedLab(server, optimizer_planting.indexed(seed or SEED))
        lab.build()
        optimizer_evidence.keep_all(lab)
        lab.run_load()
        report = optimizer_product.analyse(server.url(), server.clock())
        findings = [each for each in map(heard, report.findings) if each.rule.startswith("index.")]
        yield from _compared(lab, findings)


def _compared(lab: PlantedLab, findings: Sequence[Heard]) -> Iterator[Row]:
    before = lab.steady_replay()
    schema = [lab.created(table) for table in lab.blueprint.tables]
    failed = lab.failures(index_changes(findings))
    after = lab.steady_replay()
    undone = lab.failures([each for found in reversed(findings) for each in found.revert])
    for each in [*failed, *undone]:
        progress(f"could not be applied: {each}")
    back = [lab.created(table) for table in lab.blueprint.tables]
    # Last, for undoing these leaves indexes in another order than the one that was analysed.
    expert_changes = [each for fault in lab.blueprint.faults for each in fault.expert]
    with lab.applied(expert_changes):
        expert = lab.steady_replay()
    if lab.blueprint.seed < FIRST_UNSEEN:
        _tell(before, after, schema, back)
    yield from _read(before, after, expert)
    same = sum(one == other for one, other in zip(schema, back, strict=True))
    yield Row(
        "tables whose SHOW CREATE TABLE comes back byte for byte",
        same / len(schema),
        "share",
        better="higher",
        floor=1.0,
        aim=1.0,
    )


def _tell(before: Replay, after: Replay, schema: Sequence[str], back: Sequence[str]) -> None:
    for what, then, now in (
        ("rows", before.rows, after.rows),
        ("pages", before.pages, after.pages),
    ):
        for each in now:
            if _ratio(each, then, now) > SLOWER:
                progress(f"  reads {then[each]} -> {now[each]} {what}: {each.sql[:150]}")
    for one, other in zip(schema, back, strict=True):
        if one != other:
            progress(f"  comes back different:\n{one}\n{other}")


def _read(before: Replay, after: Replay, expert: Replay) -> Iterator[Row]:
    yield Row(
        "pages read by the replayed load, before over after all fixes",
        before.weighed / max(1, after.weighed),
        "times",
        better="higher",
        floor=10,
        aim=20,
        peers={"expert": before.weighed / max(1, expert.weighed)},
    )
    yield Row(
        "pages read with all fixes, over those with the expert's indexes",
        after.weighed / max(1, expert.weighed),
        "times",
        aim=1.1,
    )
    for what, then, now in (
        ("rows", before.rows, after.rows),
        ("pages", before.pages, after.pages),
    ):
        yield Row(
            f"worst statement: {what} read after over before",
            max((_ratio(each, then, now) for each in now), default=1.0),
            "times",
            floor=SLOWER,
            aim=1.0,
        )


def _ratio(
    statement: Statement, before: Mapping[Statement, int], after: Mapping[Statement, int]
) -> float:
    """Return how much more it reads; a few rows or pages more are no more."""
    now, then = after[statement], before[statement]
    return now / max(1, then) if now > then + ROWS_OF_NOISE else min(1.0, now / max(1, then))
