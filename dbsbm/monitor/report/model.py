"""What a report is made of: pure data, which text, JSON, pages and messages are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Unit = Literal["seconds", "bytes", "bytes_per_day", "ratio", "percent", "count", "per_minute"]
Level = Literal["well", "attention", "unwell", "unknown"]
Better = Literal["low", "high", "neither"]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time.

    Attributes:
        name: `span`, or what it is compared with: `day before`, `week before`, `span before`.
        since: Aware UTC, included.
        until: Aware UTC, not included.
        measured: Share of it in which the fleet was measured at all.
    """

    name: str
    since: datetime
    until: datetime
    measured: float = 0.0

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.until - self.since).total_seconds()

    @property
    def measured_seconds(self) -> float:
        """How long the fleet was measured in it."""
        return self.seconds * self.measured


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, and what it was before.

    Attributes:
        value: None where nothing was measured.
        unit: `ratio` lies between 0 and 1, `percent` between 0 and 100.
        samples: Observations behind it.
        before: The same number in each compared window, in their order. None where either window
            has too few samples: there is no comparison then.
        better: Whether a smaller or a larger number is good news.
    """

    value: float | None
    unit: Unit
    samples: float = 0.0
    before: tuple[float | None, ...] = ()
    better: Better = "neither"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a section.

    Attributes:
        name: What the figures are about.
        figures: By the keys of the section's columns; one may be missing.
        lead: The key of the figure whose changes are worth a look.
        detail: A text to go with it, such as a statement's, or empty.
    """

    name: str
    figures: Mapping[str, Figure]
    lead: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Figures of one kind.

    Attributes:
        key: Its name in JSON.
        title: Its heading.
        columns: Key of a figure -> its heading.
        rows: In the order of their importance.
        nothing: The sentence that stands for no rows.
    """

    key: str
    title: str
    columns: Mapping[str, str]
    rows: Sequence[Row]
    nothing: str

    @property
    def lead(self) -> str:
        """The key of the figure by which all rows are compared; empty where it differs."""
        leads = {row.lead for row in self.rows}
        return leads.pop() if len(leads) == 1 else ""


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """An incident of the span. `ended` is None where it still went on at the span's end."""

    id: int
    rule: str
    series: str
    severity: str
    effect: str
    started: datetime
    ended: datetime | None
    seconds: float
    worst: float | None
    threshold: float
    unit: str
    acknowledged_by: str | None


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding of the optimizer; `is_new` where it was first seen within the span."""

    id: str
    rule: str
    severity: str
    object: str
    cause: str
    expected_gain: str
    first_seen: datetime
    last_seen: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """What the optimizer found: still open, applied within the span, and gone within it.

    `analysed_at` is when it looked for the last time before the span's end, None for never.
    """

    open: Sequence[FindingLine] = ()
    applied: Sequence[FindingLine] = ()
    gone: Sequence[FindingLine] = ()
    analysed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart; a value is None where nothing was measured."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Trend:
    """How something went over the span.

    Attributes:
        key: Its name in JSON.
        title: What it shows.
        unit: Of its values.
        step: Seconds from one value to the next.
        starts: When each value's stretch begins, one grid for all lines.
        lines: The lines; each has a value for each start.
        is_stacked: The lines are parts of a whole.
    """

    key: str
    title: str
    unit: Unit
    step: float
    starts: Sequence[datetime]
    lines: Sequence[Line]
    is_stacked: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the fleet was, in one sentence; the reasons are the gravest first."""

    level: Level
    sentence: str
    reasons: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """What a picture shows of a span.

    Attributes:
        span: The span.
        compared: The windows that it is compared with.
        made_at: When this was read.
        headline: The few figures that stand first, by what they are.
        trends: For charts.
    """

    span: Window
    compared: Sequence[Window]
    made_at: datetime
    headline: Mapping[str, Figure]
    trends: Sequence[Trend]

    @property
    def is_empty(self) -> bool:
        """True where nothing was measured in the span."""
        return not self.span.measured


@dataclass(frozen=True, slots=True)
class Report(Overview):
    """All that is known of a span.

    Attributes:
        verdict: How the fleet was.
        sections: Tables of figures.
        incidents: The gravest first.
        incident_count: Those that began in the span.
        findings: What the optimizer found.
    """

    verdict: Verdict
    sections: Sequence[Section]
    incidents: Sequence[IncidentLine]
    incident_count: Figure
    findings: Findings
