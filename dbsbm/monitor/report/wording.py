"""Numbers and changes in words that are read at a glance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from dbsbm.monitor.report.model import Figure, Unit, Window

NO_COMPARISON = "no comparison"
NOTHING = "-"

_LENGTHS = (("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 0.001))
_SIZES = (("GiB", 1024.0**3), ("MiB", 1024.0**2), ("KiB", 1024.0))
# A window may be so much longer than the span that was asked for.
_ABOUT = 0.03
_SAME = 0.005
_MANIFOLD = 10.0


def spell(value: float | None, unit: Unit) -> str:
    """A number with its unit and three digits or so."""
    return NOTHING if value is None else _SPELLERS[unit](value)


def spell_change(figure: Figure, index: int) -> str:
    """How a figure has changed since one of the compared windows."""
    before = figure.before[index] if index < len(figure.before) else None
    if figure.value is None or before is None:
        return NO_COMPARISON
    if figure.unit in {"ratio", "percent"}:
        points = (figure.value - before) * (100 if figure.unit == "ratio" else 1)
        return "same" if abs(points) < 0.05 else f"{points:+.1f} pts"
    if before <= 0:
        return "same" if figure.value == before else f"was {spell(before, figure.unit)}"
    change = figure.value / before - 1
    if abs(change) < _SAME:
        return "same"
    return f"{100 * change:+.0f} %" if change < _MANIFOLD else f"{change + 1:,.0f} times"


def judge_change(figure: Figure, index: int) -> str:
    """`better`, `worse`, or an empty text where a change is neither, or too small to matter."""
    before = figure.before[index] if index < len(figure.before) else None
    if figure.value is None or before is None or figure.better == "neither":
        return ""
    change = figure.value - before
    if change == 0 or abs(change) < _least_that_matters(figure.unit, before):
        return ""
    return "better" if (change < 0) == (figure.better == "low") else "worse"


def _least_that_matters(unit: Unit, before: float) -> float:
    """A point of a share, a twentieth of anything else."""
    return {"ratio": 0.01, "percent": 1.0}.get(unit, abs(before) / 20)


def spell_length(length: timedelta) -> str:
    """A length of time in its two largest units, such as `1 d 2 h` or `12 min`."""
    seconds = int(length.total_seconds())
    parts = []
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if seconds >= size:
            parts.append(f"{seconds // size} {name}")
            seconds %= size
    return " ".join(parts[:2]) or "0 s"


def spell_span(window: Window) -> str:
    """How long a window is, in one unit, without what alignment added: `24 hours`, `7 days`."""
    minutes = round(window.seconds / 60)
    for unit, size, least in (("day", 1440, 2), ("hour", 60, 1)):
        number = round(minutes / size)
        if number >= least and abs(minutes - number * size) <= _ABOUT * minutes:
            return plural(number, unit)
    return plural(minutes, "minute")


def spell_moment(at: datetime) -> str:
    """A time to the minute."""
    return f"{at:%Y-%m-%d %H:%M}"


def spell_window(window: Window) -> str:
    """From when until when; the day is said once where both are on one."""
    is_same_day = window.since.date() == window.until.date()
    until = f"{window.until:%H:%M}" if is_same_day else spell_moment(window.until)
    return f"{spell_moment(window.since)} to {until} UTC"


def plural(count: float, one: str, many: str = "") -> str:
    """A number with the word for what it counts: `1 incident`, `3 incidents`, `no incidents`."""
    word = one if count == 1 else many or f"{one}s"
    return f"{count:,.0f} {word}" if count else f"no {word}"


def _seconds(value: float) -> str:
    for unit, size in _LENGTHS:
        if abs(value) >= size:
            return f"{_digits(value / size)} {unit}"
    return f"{_digits(value * 1000)} ms" if value else "0 ms"


def _bytes(value: float) -> str:
    for unit, size in _SIZES:
        if abs(value) >= size:
            return f"{_digits(value / size)} {unit}"
    return f"{value:.0f} B"


def _digits(value: float) -> str:
    """Three digits, and never an exponent."""
    if 0 < abs(value) < 0.001:
        return "< 0.001"
    return f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:.3g}"


def _ratio(value: float) -> str:
    """A percentage; what is not all is never written as all."""
    if 0.9995 <= value < 1:
        return "> 99.9 %"
    return "< 0.1 %" if 0 < value < 0.0005 else f"{100 * value:.1f} %".replace(".0 %", " %")


def _a_day(value: float) -> str:
    return f"{'+' if value > 0 else ''}{_bytes(value)}"


_SPELLERS: Mapping[Unit, Callable[[float], str]] = {
    "seconds": _seconds,
    "bytes": _bytes,
    "bytes_per_day": _a_day,
    "ratio": _ratio,
    "percent": lambda value: f"{_digits(value)} %",
    "count": lambda value: f"{value:,.0f}",
    "per_minute": lambda value: f"{_digits(value)}/min",
}
