"""Readings for the live evaluation: a rule's signal, out of the history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dbsbm.monitor.alerts.engine import Engine
from dbsbm.monitor.alerts.forms import reach_of
from dbsbm.monitor.alerts.rule import HOUR, Rule, Signal
from dbsbm.monitor.alerts.track import Reading
from dbsbm.monitor.counting.series import labels_text
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.reading import Point, Series

# Longer stretches are read in steps of ten minutes: of three days, 432 of them.
_FINE = 12 * HOUR
_STEPS = (timedelta(minutes=1), timedelta(minutes=10))

# Rule -> series -> readings.
Gathered = dict[str, dict[str, list[Reading]]]


def gather(history: History, rules: Iterable[Rule], now: datetime) -> Gathered:
    """Read what every rule that is on looks back on.

    Raises:
        TransientError: The database is away.
    """
    return {rule.name: _gather(history, rule, now) for rule in rules if rule.enabled}


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
    signal: Signal
    since: datetime
    now: datetime
    step: timedelta

    def series(self, metric: str, wheres: Iterable[Mapping[str, str]]) -> Iterator[Series]:
        for where in wheres:
            yield from self.history.series(
                metric, self.since, self.now, where=where, by=self.signal.by, step=self.step
            )


def _gather(history: History, rule: Rule, now: datetime) -> dict[str, list[Reading]]:
    signal, reach = rule.signal, reach_of(rule)
    asked = _Asked(history, signal, now - timedelta(seconds=reach), now, _STEPS[reach > _FINE])
    if signal.total:
        return _ratios(asked)
    found: dict[str, list[Reading]] = {}
    for series in asked.series(signal.metric, _wheres(signal)):
        readings = [_reading(point, signal, series.step) for point in series.points]
        found.setdefault(_key(series), []).extend(readings)
    return {key: sorted(readings, key=lambda each: each.at) for key, readings in found.items()}


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
