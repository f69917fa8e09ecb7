"""Recordings: CSV with the header `timestamp,series,value,count`, as tidy columns.

Rows may stand in any order, and twice. What is no reading (NaN, no value, a time that is none) is
left out and counted by reason: a recording of a bad day has such rows.
"""

from __future__ import annotations

import csv
import math
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from dbsbm.errors import ConfigError
from dbsbm.monitor.alerts.track import Reading
from dbsbm.monitor.counting.stats import LIMIT

NEEDED = ("timestamp", "series", "value")
# A time beyond the year 5000 is one in milliseconds.
_LATEST = 1e11
_UNTOLD = -1.0


class _Column:
    """The readings of one series."""

    def __init__(self) -> None:
        self.times = array("d")
        self.values = array("d")
        self.counts = array("d")

    def add(self, at: float, value: float, count: float) -> None:
        self.times.append(at)
        self.values.append(value)
        self.counts.append(count)

    def tidy(self) -> int:
        """Bring the rows in order and drop those that stand twice; return how many did."""
        rows = sorted(zip(self.times, self.values, self.counts, strict=True))
        kept = [row for n, row in enumerate(rows) if n == 0 or row != rows[n - 1]]
        columns = zip(*kept, strict=True)
        self.times, self.values, self.counts = (array("d", column) for column in columns)
        return len(rows) - len(kept)


class Recording:
    """Readings of any number of series, each in order of time."""

    def __init__(self, rows: Iterable[Sequence[str | None]]) -> None:
        """Take rows of time, series, value and count, as texts."""
        self.rows = 0
        self.refused: Counter[str] = Counter()
        self._columns: dict[str, _Column] = {}
        for row in rows:
            self.rows += 1
            self._take(*row)
        for column in self._columns.values():
            if twice := column.tidy():
                self.refused["twice"] += twice

    @property
    def series(self) -> tuple[str, ...]:
        """The names of the series."""
        return tuple(self._columns)

    @property
    def start(self) -> float:
        """The time of the first reading; 0 where there is none."""
        return min((column.times[0] for column in self._columns.values()), default=0.0)

    @property
    def end(self) -> float:
        """The time of the last reading; 0 where there is none."""
        return max((column.times[-1] for column in self._columns.values()), default=0.0)

    def position(self, series: str, until: float, begin: int = 0) -> int:
        """How many readings of a series there are up to a moment."""
        return bisect_right(self._columns[series].times, until, begin)

    def time(self, series: str, position: int) -> float:
        """When a reading was taken, infinity after the last."""
        times = self._columns[series].times
        return times[position] if position < len(times) else math.inf

    def readings(self, series: str, begin: int = 0, stop: int | None = None) -> list[Reading]:
        """The readings of a series, or some of them."""
        column = self._columns[series]
        rows = zip(
            column.times[begin:stop],
            column.values[begin:stop],
            column.counts[begin:stop],
            strict=True,
        )
        return [Reading(at, value, None if n == _UNTOLD else n) for at, value, n in rows]

    def _take(
        self, time: str | None, series: str | None, value: str | None, count: str | None
    ) -> None:
        at, read, measured = _time(time), _number(value), _count(count)
        if not series or not series.strip():
            self.refused["no series"] += 1
        elif at is None:
            self.refused["no time"] += 1
        elif read is None:
            self.refused["no value"] += 1
        elif measured is None:
            self.refused["no count"] += 1
        else:
            self._columns.setdefault(series.strip(), _Column()).add(at, read, measured)


def read_recording(path: Path) -> Recording:
    """Read a file.

    Raises:
        ConfigError: It cannot be read, or its header lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
            lines = csv.reader(line.replace("\0", "") for line in file)
            header = [name.strip().lower() for name in next(lines, [])]
            missing = [name for name in NEEDED if name not in header]
            if missing:
                raise ConfigError(
                    f"{path}, line 1: the header lacks {', '.join(missing)}; it must be "
                    "timestamp,series,value,count."
                )
            places = [header.index(name) for name in NEEDED]
            count = header.index("count") if "count" in header else None
            return Recording(
                [
                    *(row[place] if place < len(row) else None for place in places),
                    row[count] if count is not None and count < len(row) else None,
                ]
                for row in lines
                if row
            )
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"{path}: cannot be read: {reason}.") from None
    except csv.Error as error:
        raise ConfigError(f"{path}: is no CSV: {error}.") from None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if -LIMIT < value < LIMIT else None


def _count(text: str | None) -> float | None:
    """The count; a special number where none is told, None where what is told is none."""
    if text is None or not text.strip():
        return _UNTOLD
    count = _number(text)
    return None if count is None or count < 0 else count


def _time(text: str | None) -> float | None:
    """Unix seconds, or a time as ISO 8601 writes it (UTC where it names no zone)."""
    at = _number(text)
    if at is not None:
        return at if 0 <= at < _LATEST else None
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
