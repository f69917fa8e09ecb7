"""Readings for the live evaluation: a rule's signal, out of the history."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter

from dbsbm.monitor.alerts.engine import Engine
from dbsbm.monitor.alerts.forms import reach_of
from dbsbm.monitor.alerts.rule import HOUR, Rule, Signal
from dbsbm.monitor.alerts.track import Reading
from dbsbm.monitor.counting.series import labels_text
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.reading import Point, Series
from dbsbm.monitor.store.resolutions import floor

# Longer stretches are read in steps of ten minutes: of three days, 432 of them.
_FINE = 12 * HOUR
_STEPS = (timedelta(minutes=1), timedelta(minutes=10))

_at = attrgetter("at")

_GROWING = timedelta(minutes=5)
_ANEW = timedelta(minutes=15)

# A question -> its answer: rules of one signal share it.
_Answers = dict[tuple[object, ...], list[Series]]

# Rule -> series -> readings.
Gathered = dict[str, dict[str, list[Reading]]]


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read for a rule.

    Attributes:
        whole_at: When all of it was read.
        until: When the newest of it was read.
        readings: By series, each series' in their order.
    """

    whole_at: datetime
    until: datetime
    readings: dict[str, list[Reading]]


class Memory:
    """What rules look back on, of which a process reads only what is new.

    Points of the last minutes still grow, so they are read again each time. What comes later than
    that, because the database was away, is found when everything is read anew.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._known: dict[str, _Known] = {}

    def gather(self, rules: Iterable[Rule], now: datetime) -> Gathered:
        """Read what every rule that is on looks back on, up to a time.

        Raises:
            TransientError: The database is away.
        """
        answers: _Answers = {}
        with self._history.together() as history:
            known = {
                rule.name: self._gather(history, rule, now, answers)
                for rule in rules
                if rule.enabled
            }
        self._known = known
        return {name: each.readings for name, each in known.items()}

    def _gather(self, history: History, rule: Rule, now: datetime, answers: _Answers) -> _Known:
        begin = now - timedelta(seconds=reach_of(rule))
        known = self._known.get(rule.name)
        if known is None or not known.until <= now < known.whole_at + _ANEW:
            return _Known(now, now, _gather(_Asked(history, rule, begin, now, answers)))
        since = floor(known.until - _GROWING, int(_step(rule).total_seconds()))
        fresh = _gather(_Asked(history, rule, since, now, answers))
        lasting = (begin.timestamp(), since.timestamp())
        readings = {
            key: found
            for key in sorted(known.readings.keys() | fresh.keys())
            if (found := [*_between(known.readings.get(key, ()), lasting), *fresh.get(key, ())])
        }
        return _Known(known.whole_at, now, readings)


def _between(readings: Sequence[Reading], bounds: tuple[float, float]) -> Sequence[Reading]:
    """Those of the steps that began within the bounds: a reading is made as its step ends."""
    first, last = (bisect_right(readings, bound, key=_at) for bound in bounds)
    return readings[first:last]


def feed(engine: Engine, gathered: Gathered, restarts: Iterable[datetime] = ()) -> None:
    """Give an engine what was gathered, in the order in which it happened."""
    moments = sorted(restart.timestamp() for restart in restarts)
    for rule, found in gathered.items():
        for series, readings in found.items():
            begin = 0
            for moment in moments:
                stop = next((n for n, r in enumerate(readings) if r.at > moment), len(readings))
                engine.feed(rule, series, readings[begin:stop])
                engine.restarted(moment, rule=rule, series=series)
                begin = max(begin, stop)
            engine.feed(rule, series, readings[begin:])


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for one signal."""

    history: History
    rule: Rule
    since: datetime
    now: datetime
    answers: _Answers

    @property
    def signal(self) -> Signal:
        return self.rule.signal

    def series(self, metric: str, wheres: Iterable[Mapping[str, str]]) -> Iterator[Series]:
        for where in wheres:
            yield from self._answer(metric, where)

    def _answer(self, metric: str, where: Mapping[str, str]) -> list[Series]:
        signal, step = self.signal, _step(self.rule)
        question = metric, tuple(where.items()), signal.by, signal.statistic, self.since, step
        if question not in self.answers:
            self.answers[question] = self.history.series(
                metric,
                self.since,
                self.now,
                where=where,
                by=signal.by,
                step=step,
                only=(signal.statistic,),
            )
        return self.answers[question]


def _step(rule: Rule) -> timedelta:
    return _STEPS[reach_of(rule) > _FINE]


def _gather(asked: _Asked) -> dict[str, list[Reading]]:
    signal = asked.signal
    if signal.total:
        return _ratios(asked)
    found: dict[str, list[Reading]] = {}
    for series in asked.series(signal.metric, _wheres(signal)):
        readings = [_reading(point, signal, series.step) for point in series.points]
        found.setdefault(_key(series), []).extend(readings)
    return {key: sorted(readings, key=_at) for key, readings in found.items()}


def _ratios(asked: _Asked) -> dict[str, list[Reading]]:
    """Shares of the totals, with the totals as counts; what the numerator lacks is 0 of them."""
    signal = asked.signal
    parts = _sums(asked, (signal.metric,), _wheres(signal))
    wholes = _sums(asked, signal.total, ({},))
    return {
        key: [
            Reading(at.timestamp(), min(parts.get(key, {}).get(at, 0.0) / whole, 1.0), whole)
            for at, whole in sorted(moments.items())
            if whole > 0
        ]
        for key, moments in wholes.items()
    }


def _sums(
    asked: _Asked, metrics: Iterable[str], wheres: Sequence[Mapping[str, str]]
) -> dict[str, dict[datetime, float]]:
    sums: dict[str, dict[datetime, float]] = {}
    for metric in metrics:
        for series in asked.series(metric, wheres):
            own = sums.setdefault(_key(series), {})
            for point in series.points:
                end = point.start + series.step
                amount = point.count if asked.signal.statistic == "count" else point.total
                own[end] = own.get(end, 0.0) + amount
    return sums


def _reading(point: Point, signal: Signal, step: timedelta) -> Reading:
    end = (point.start + step).timestamp()
    return Reading(end, _value(point, signal) * signal.scale, point.count)


def _value(point: Point, signal: Signal) -> float:
    statistic = signal.statistic
    if statistic.startswith("p"):
        return point.quantile(int(statistic[1:]) / 100)
    return float(getattr(point, statistic))


def _wheres(signal: Signal) -> list[dict[str, str]]:
    """One question for each combination of the values that are meant."""
    wheres: list[dict[str, str]] = [{}]
    for label, values in signal.where.items():
        wheres = [{**where, label: value} for where in wheres for value in values]
    return wheres


def _key(series: Series) -> str:
    return labels_text(series.labels.items())


def moment(at: float) -> datetime:
    """Unix seconds as an aware time."""
    return datetime.fromtimestamp(at, UTC)
