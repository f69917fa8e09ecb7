"""Plain alerting, as the peer: a threshold alone, and a threshold that has to hold for a minute."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from bench.rig.alert_days import THRESHOLDS
from dbsbm.monitor.alerts.recording import Recording
from dbsbm.monitor.alerts.replay import Replayed
from dbsbm.monitor.alerts.track import Reading

# Prometheus: an evaluation every 15 s sees the newest sample of the last 5 minutes.
EVERY, LOOKBACK, HOLD = 15.0, 300.0, 60.0


def plain(recording: Recording) -> list[Replayed]:
    """Fire at each reading beyond the threshold after one that is not."""
    return [
        incident
        for series in recording.series
        for incident in _runs(series, _states(series, recording.readings(series)), hold=0.0)
    ]


def held(recording: Recording) -> list[Replayed]:
    """Fire as Prometheus does with `for: 1m`, and end at the first evaluation that is good."""
    return [
        incident
        for series in recording.series
        for incident in _runs(series, _evaluations(series, recording.readings(series)), hold=HOLD)
    ]


def _is_bad(series: str, reading: Reading) -> bool:
    limit = THRESHOLDS[series]
    return reading.value < limit if series == "cache_hit_ratio" else reading.value > limit


def _states(series: str, readings: Sequence[Reading]) -> Iterator[tuple[float, bool]]:
    return ((reading.at, _is_bad(series, reading)) for reading in readings)


def _evaluations(series: str, readings: Sequence[Reading]) -> Iterator[tuple[float, bool]]:
    times = [reading.at for reading in readings]
    at = times[0]
    while at <= times[-1]:
        newest = readings[bisect_right(times, at) - 1]
        yield at, newest.at > at - LOOKBACK and _is_bad(series, newest)
        at += EVERY


def _runs(series: str, states: Iterator[tuple[float, bool]], hold: float) -> Iterator[Replayed]:
    since: float | None = None
    fired: Replayed | None = None
    for at, bad in states:
        if not bad:
            if fired is not None:
                fired.resolved = at
            since = fired = None
            continue
        since = at if since is None else since
        if fired is None and at - since >= hold:
            fired = Replayed("peer", series, at, since, None, None, 1)
            yield fired
