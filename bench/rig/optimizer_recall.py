"""Sixty planted faults and forty traps a seed: what is named, what is said besides, what it breaks.

A seed below 1,000 is for mending rules: what was missed is told. From there on only totals are.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.harness import Measurement, Row, progress
from bench.rig import optimizer_evidence, optimizer_peers, optimizer_planting, optimizer_product
from bench.rig.optimizer_judge import Score
from bench.rig.optimizer_lab import PlantedLab
from bench.rig.optimizer_server import ForwardServer, have_clock, running
from bench.rig.optimizer_trial import Trial

UNSEEN = (1001, 1002, 1003, 1004, 1005)
"""Seeds whose details nobody reads."""
QUICK = (1001,)
FIRST_UNSEEN = 1000


@dataclass
class Judged:
    """The scores of one seed, by the evidence that there was, and by peer."""

    ours: Mapping[str, Score]
    peers: Mapping[str, Score] = field(default_factory=dict)


def rows(*, quick: bool, seed: int | None = None) -> Iterator[Row]:
    """Recall, precision and harm, for each way in which a server keeps evidence."""
    seeds = (QUICK if quick else UNSEEN) if seed is None else (seed,)
    have_clock()
    optimizer_peers.have_peers()
    with running() as server:
        # MySQLTuner alone takes longer than all the rest: the peers see the first database only.
        judged = [judge(server, each, peers=each == seeds[0]) for each in seeds]
    for variant in optimizer_evidence.VARIANTS:
        yield from _rows(variant, [each.ours[variant] for each in judged], _peers(judged))


def _rows(
    variant: str, scores: Sequence[Score], peers: Mapping[str, Sequence[Score]]
) -> Iterator[Row]:
    recall = {name: statistics.median(s.recall for s in of) for name, of in peers.items()}
    precision = {name: statistics.median(s.precision for s in of) for name, of in peers.items()}
    together = peers.get(optimizer_peers.TOGETHER, ())
    harmful = {optimizer_peers.TOGETHER: float(sum(len(s.harmful) for s in together))}
    for what, values, floor, aim, beside in (
        (
            "planted faults named with a fix that helps",
            [s.recall for s in scores],
            0.85,
            0.95,
            recall,
        ),
        ("precision above information", [s.precision for s in scores], 0.90, 0.95, precision),
        ("precision with information", [s.precision_of_all for s in scores], None, None, {}),
    ):
        measured = Measurement(values)
        yield Row(
            f"{what}, {variant}",
            measured.median,
            "share",
            better="higher",
            floor=floor,
            aim=aim,
            peers=beside,
            runs=measured.runs,
            spread=measured.spread,
        )
    harm = float(sum(len(s.harmful) for s in scores))
    yield Row(
        f"statements and keys harmed by all fixes, {variant}",
        harm,
        "harmed",
        floor=0,
        aim=0,
        peers=harmful,
        runs=len(scores),
    )


def _peers(judged: Sequence[Judged]) -> Mapping[str, Sequence[Score]]:
    scores: dict[str, list[Score]] = defaultdict(list)
    for each in judged:
        for name, score in each.peers.items():
            scores[name].append(score)
    return scores


def judge(server: ForwardServer, seed: int, *, peers: bool) -> Judged:
    """Plant a seed, let it run, ask ours and the peers, and try every fix."""
    lab = PlantedLab(server, optimizer_planting.planted(seed))
    progress(f"seed {seed}: planting {len(lab.blueprint.tables)} tables and running their load")
    lab.build()
    optimizer_evidence.keep_all(lab)
    lab.run_load()
    reports = {}
    with lab.incidents(), optimizer_evidence.variants(lab) as variants:
        for variant in variants:
            reports[variant] = optimizer_product.analyse(server.url(), server.clock())
    said = optimizer_peers.say(lab) if peers else {}
    trial = Trial.of(lab)
    judged = Judged(
        {variant: trial.judge(report.findings) for variant, report in reports.items()},
        {
            name: trial.judge_peer(findings, harm=name == optimizer_peers.TOGETHER)
            for name, findings in said.items()
        },
    )
    _tell(seed, judged)
    lab.drop()
    return judged


def _tell(seed: int, judged: Judged) -> None:
    known: set[str] = set()
    for name, score in judged.ours.items():
        progress(
            f"seed {seed}, {name}: {len(score.cured)} faults named with a fix that helps, "
            f"{len(score.named)} without, {len(score.missed)} not; "
            f"{len(score.false)} findings false, {len(score.harmful)} harmful"
        )
        if seed < FIRST_UNSEEN:
            new = [line for line in score.lines() if line not in known]
            known.update(new)
            for line in new:
                progress(f"  {line}")
