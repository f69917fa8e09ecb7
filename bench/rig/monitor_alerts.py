"""Alert quality: synthetic days with known incidents, by our shipped rules and by plain alerting.

The rules were tuned on some families of days and some seeds. What counts are the families and the
seeds that nobody looked at before: both are told.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.harness import Row, progress
from bench.rig import alert_peers
from bench.rig.alert_days import TUNED, UNSEEN, Day, Family, Truth, make_day
from bench.rig.alert_traffic import LOW_N, MANY_N, episodes
from dbsbm.monitor.alerts.recording import Recording
from dbsbm.monitor.alerts.replay import Replayed, replay
from dbsbm.monitor.alerts.rulefile import load_rules

DAYS, QUICK_DAYS = 30, 7
# Seeds of the days on which the rules were tuned, and of those that only this bench has seen.
TUNED_SEED, UNSEEN_SEED = 0, 7_000
# A delay is told in windows of a minute.
WINDOW = 60.0
# What fires this long after an incident's end was about the incident still.
SLACK = 180.0

Judge = Callable[[Recording], list[Replayed]]
RULES = load_rules()


def ours(recording: Recording) -> list[Replayed]:
    """The incidents that the shipped rules raise."""
    return replay(RULES, recording).incidents


JUDGES: dict[str, Judge] = {
    "ours": ours,
    "plain threshold": alert_peers.plain,
    "for: 1m": alert_peers.held,
}


@dataclass
class Score:
    """What one judge made of all days."""

    true: int = 0
    found: int = 0
    raised: int = 0
    right: int = 0
    messages: int = 0
    delays: list[float] = field(default_factory=list)

    def add(self, truths: Sequence[Truth], raised: Sequence[Replayed]) -> None:
        """Count one day."""
        self.true += len(truths)
        self.raised += len(raised)
        self.messages += sum(each.messages for each in raised)
        self.right += sum(any(_is_about(r, t) for t in truths) for r in raised)
        for truth in truths:
            its = [each for each in raised if _is_about(each, truth)]
            if its:
                self.found += 1
                self.delays.append(max(0.0, min(each.started for each in its) - truth.start))

    @property
    def precision(self) -> float:
        """The share of what was raised that was true."""
        return self.right / self.raised if self.raised else 1.0

    @property
    def recall(self) -> float:
        """The share of what was true that was raised."""
        return self.found / self.true

    @property
    def messages_each(self) -> float:
        """Messages for each incident that was true."""
        return self.messages / self.true

    @property
    def delay(self) -> float:
        """Windows from an incident's begin until it fires: the median."""
        return statistics.median(self.delays) / WINDOW if self.delays else 0.0


def rows(quick: bool) -> Iterator[Row]:
    """Judge days of the families that the rules were tuned on, and of the others."""
    days = QUICK_DAYS if quick else DAYS
    for name, families, seed in (
        ("of tuned families", TUNED, TUNED_SEED),
        ("of unseen families", UNSEEN, UNSEEN_SEED),
    ):
        yield from _quality(f"{days} days {name}", _scores(families, seed, days), days)
    yield from _traffic(50 if quick else 500)


def _scores(families: Sequence[Family], seed: int, days: int) -> dict[str, Score]:
    scores = {name: Score() for name in JUDGES}
    for number in range(days):
        family = families[number % len(families)]
        progress(f"alerts: day {number + 1} of {days}: {family.name}")
        day = make_day(family, seed + number)
        recording = _recording(day)
        for name, judge in JUDGES.items():
            scores[name].add(day.truths, judge(recording))
    return scores


def _quality(what: str, scores: dict[str, Score], days: int) -> Iterator[Row]:
    mine = scores.pop("ours")
    about = f"{what} ({mine.true} incidents)"

    def peers(value: Callable[[Score], float]) -> dict[str, float]:
        return {name: value(score) for name, score in scores.items()}

    yield Row(
        f"alerts, {about}: precision",
        mine.precision,
        "share",
        "higher",
        floor=0.9,
        aim=0.95,
        peers=peers(lambda score: score.precision),
        runs=days,
    )
    yield Row(
        f"alerts, {about}: recall",
        mine.recall,
        "share",
        "higher",
        floor=1.0,
        aim=1.0,
        peers=peers(lambda score: score.recall),
        runs=days,
    )
    yield Row(
        f"alerts, {about}: messages an incident",
        mine.messages_each,
        "messages",
        floor=1.3,
        aim=1.1,
        peers=peers(lambda score: score.messages_each),
        runs=days,
    )
    yield Row(
        f"alerts, {about}: median delay",
        mine.delay,
        "windows of 60 s",
        floor=2.0,
        aim=1.5,
        peers=peers(lambda score: score.delay),
        runs=days,
    )


def _traffic(number: int) -> Iterator[Row]:
    """The four alerts of the mission with hardly any samples, and with many."""
    for name, n, better, floor in (
        (f"false pages with n < {LOW_N}", LOW_N, "lower", 0.0),
        (f"incidents found with n >= {MANY_N}", MANY_N, "higher", 1.0),
    ):
        shares = {
            judge: statistics.mean(
                bool(run(Recording(each))) for each in episodes(number, many=n == MANY_N)
            )
            for judge, run in JUDGES.items()
        }
        mine = shares.pop("ours")
        yield Row(
            f"alerts, low traffic: {name}",
            mine,
            "share of episodes",
            "lower" if better == "lower" else "higher",
            floor=floor,
            aim=floor,
            peers=shares,
            runs=number,
        )


def _recording(day: Day) -> Recording:
    return Recording((str(row.at), row.series, row.value, row.count) for row in day.rows)


def _is_about(raised: Replayed, truth: Truth) -> bool:
    end = float("inf") if raised.resolved is None else raised.resolved
    same = raised.series == truth.series
    return same and raised.started <= truth.end + SLACK and end >= truth.start
