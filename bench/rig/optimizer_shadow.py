"""All fixes of indexes applied: what the replayed load reads before and after, and the way back.

The database has every form of a fault of indexes, and forty traps. Faults of statements are left
out here: no index cures them, and what a rewritten statement reads is not the load that was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.harness import Row, progress
from bench.rig import optimizer_evidence, optimizer_planting, optimizer_product
from bench.rig.optimizer_blueprint import Statement
from bench.rig.optimizer_judge import Heard, heard
from bench.rig.optimizer_lab import PlantedLab, Replay
from bench.rig.optimizer_server import have_clock, running
from bench.rig.optimizer_trial import ROWS_OF_NOISE, SLOWER, index_changes

SEED = 1001


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
    lab.replay()  # warms the buffer pool, so that each replay finds the same in it
    before = lab.replay()
    expert_changes = [each for fault in lab.blueprint.faults for each in fault.expert]
    with lab.applied(expert_changes):
        expert = lab.replay()
    schema = [lab.created(table) for table in lab.blueprint.tables]
    failed = lab.failures(index_changes(findings))
    after = lab.replay()
    undone = lab.failures([each for found in reversed(findings) for each in found.revert])
    for each in [*failed, *undone]:
        progress(f"could not be applied: {each}")
    back = [lab.created(table) for table in lab.blueprint.tables]
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
    yield Row(
        "worst statement: rows read after over before",
        max((_ratio(each, before, after) for each in after.rows), default=1.0),
        "times",
        floor=SLOWER,
        aim=1.0,
    )


def _ratio(statement: Statement, before: Replay, after: Replay) -> float:
    """Return how much more it reads; a few rows more are no more."""
    now, then = after.rows[statement], before.rows[statement]
    return now / then if then and now > then + ROWS_OF_NOISE else min(1.0, now / max(1, then))
