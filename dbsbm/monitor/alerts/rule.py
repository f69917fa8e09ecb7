"""What a rule of the alerts says, as data. `rulefile` reads it, `engine` obeys it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Form = Literal["level", "ratio", "count", "burn", "forecast", "absence"]
Severity = Literal["page", "warn", "info"]
Statistic = Literal["mean", "p50", "p95", "p99", "high", "low", "last", "total", "count"]

MINUTE = 60.0
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Signal:
    """Where a rule's readings come from.

    Attributes:
        metric: The metric's name in the history.
        statistic: What becomes of a minute's observations: one reading. Ratios and counts add up
            `total` (the sum of what was added) or `count` (the number of observations).
        where: Label -> the values of it that are meant; of a ratio, in the numerator only.
        by: Labels that are watched apart: each combination is a series with incidents of its own.
        total: Of a ratio, the metrics that together are its denominator.
        csv: The name of the series in a recording that is replayed.
        scale: What the live readings are multiplied by, for a unit that people read.
    """

    metric: str
    statistic: Statistic = "mean"
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by: tuple[str, ...] = ()
    total: tuple[str, ...] = ()
    csv: str = ""
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Times are seconds; thresholds have the unit of the signal, ratios are 0 to 1.

    Attributes:
        name: Unique; what acknowledgements, silences and the handbook call it.
        form: How readings are judged, see `forms`.
        signal: Where the readings come from.
        threshold: The limit. Of a forecast, what the readings will reach; of a burn rate, the
            error budget (0.001 for 99.9 %); of an absence, the seconds of silence.
        resolve: What a firing rule has to come back to. Between the two nothing changes.
        is_above: True where it is bad to be above the threshold, False where below.
        severity: `page` may wake somebody, `warn` is read today, `info` is for the record.
        effect: What members or operators feel: the first line of the message.
        runbook: Anchor in docs/alerts.md.
        unit: What values are shown with: `s`, `MB`, `%` and so on.
        hold: Seconds for which the condition has to hold before it fires.
        keep_firing: Seconds without the condition after which the incident is over.
        stale: Seconds without any reading after which the incident is over.
        min_samples: Observations that a judgement needs; 0 for gauges, whose readings count.
        window: The stretch that is judged: of a burn rate the long one, of a count the sum's.
        short_window: Of a burn rate: the stretch that shows that it still burns.
        factor: Of a burn rate: how many times faster than allowed the budget is spent.
        horizon: Of a forecast: seconds ahead.
        grace: Seconds after a restart or a gap in which readings mean nothing (a cold cache).
        evidence_metric: Of what the largest parts are shown; empty for the signal's own metric.
        evidence_by: Labels that name a part, such as `fingerprint`.
        inhibits: Rules of which nothing is told while this one fires.
        enabled: False switches the rule off.
    """

    name: str
    form: Form
    signal: Signal
    threshold: float
    resolve: float
    is_above: bool
    severity: Severity
    effect: str
    runbook: str
    unit: str = ""
    hold: float = 0.0
    keep_firing: float = 5 * MINUTE
    stale: float = 30 * MINUTE
    min_samples: int = 20
    window: float = HOUR
    short_window: float = 5 * MINUTE
    factor: float = 1.0
    horizon: float = 0.0
    grace: float = 0.0
    evidence_metric: str = ""
    evidence_by: tuple[str, ...] = ()
    inhibits: tuple[str, ...] = ()
    enabled: bool = True

    def is_breached_by(self, value: float) -> bool:
        """Whether a value is on the wrong side of the threshold."""
        return value > self.threshold if self.is_above else value < self.threshold

    def is_near(self, value: float) -> bool:
        """Whether a value is on the wrong side of what resolves the rule."""
        return value > self.resolve if self.is_above else value < self.resolve

    def worse(self, one: float | None, other: float | None) -> float | None:
        """The worse of two values; None is no value."""
        if one is None or other is None:
            return other if one is None else one
        return max(one, other) if self.is_above else min(one, other)
