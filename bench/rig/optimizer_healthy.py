"""A database in which all is well, and looks ill: nothing above information may be said of it."""

from __future__ import annotations

from collections.abc import Iterator

from bench.harness import Row, progress
from bench.rig import optimizer_evidence, optimizer_planting, optimizer_product
from bench.rig.optimizer_judge import heard, trapped
from bench.rig.optimizer_lab import PlantedLab
from bench.rig.optimizer_server import have_clock, running

SEEDS = (1001, 1002, 1003)


def rows(*, quick: bool, seed: int | None = None) -> Iterator[Row]:
    """Findings above information, on a server that is a month old and on one of a minute."""
    have_clock()
    seeds = (SEEDS[:1] if quick else SEEDS) if seed is None else (seed,)
    for name, aged in (("a month", True), ("a minute", False)):
        found = sum(_findings(each, aged=aged) for each in seeds)
        yield Row(
            f"findings above information, healthy database up for {name}",
            float(found),
            "findings",
            floor=0,
            aim=0,
            runs=len(seeds),
        )


def _findings(seed: int, *, aged: bool) -> int:
    """Return the most that any evidence brings about; a failed analysis counts as one."""
    with running() as server:
        lab = PlantedLab(server, optimizer_planting.healthy(seed))
        lab.build()
        optimizer_evidence.keep_all(lab)
        lab.run_load(aged=aged)
        counts = []
        with optimizer_evidence.variants(lab) as variants:
            for variant in variants:
                report = optimizer_product.analyse(server.url(), server.clock())
                loud = [each for each in map(heard, report.findings) if each.loud]
                counts.append(len(loud) if not report.problem else 1)
                progress(f"healthy, seed {seed}, {variant}: {len(loud)} findings")
                for each in loud if seed < 1000 else []:
                    trap = trapped(lab.blueprint.traps, each)
                    progress(f"  false: {each.rule} {each.object} (trap: {trap or '-'})")
        return max(counts)
