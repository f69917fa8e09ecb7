"""What one process counted, by the minute, on its way to the broker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from dbsbm.monitor.counting.series import SeriesPair
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.counting.stats import Stats

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder()

# One sign's buckets: the indexes, and how many values each holds.
_Arrays = tuple[list[int], list[int]]


@dataclass(slots=True)
class Parcel:
    """What one process counted since its last parcel.

    Attributes:
        minutes: Minute since the epoch -> series -> what it came to.
        notes: Documents that are handed over as they are.
    """

    minutes: dict[int, dict[SeriesPair, Stats]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.minutes or self.notes)

    def __len__(self) -> int:
        return sum(map(len, self.minutes.values()))

    def add(self, minute: int, series: SeriesPair, stats: Stats) -> None:
        """Put in what a series came to in a minute; twice the same series is added up."""
        by_series = self.minutes.setdefault(minute, {})
        if series in by_series:
            by_series[series].merge(stats)
        else:
            by_series[series] = stats

    def encode(self, sent_at: float) -> bytes:
        """The minutes as MessagePack, which the broker's scripts read.

        Args:
            sent_at: The sender's idea of now; the broker corrects the minutes by what it is off.
        """
        minutes = [
            (minute, [(*series, *pack(stats)) for series, stats in by_series.items()])
            for minute, by_series in self.minutes.items()
        ]
        return _ENCODER.encode((sent_at, minutes))

    def all_stats(self) -> Iterator[Stats]:
        """What the series of every minute came to."""
        for by_series in self.minutes.values():
            yield from by_series.values()


def pack(stats: Stats) -> tuple[Any, ...]:
    """Statistics as the broker's scripts merge them."""
    exact = (stats.count, stats.total, stats.low, stats.high, stats.last)
    if not isinstance(stats, Sketch):
        return exact
    return (*exact, stats.zeros, *_arrays(stats.negative), *_arrays(stats.positive))


def unpack(data: bytes) -> Stats:
    """Statistics as a broker's script left them.

    Raises:
        ValueError: These bytes are none.
    """
    try:
        count, total, low, high, last, *buckets = _DECODER.decode(data)
        if not buckets:
            return Stats(int(count), float(total), float(low), float(high), float(last))
        sketch = Sketch(int(count), float(total), float(low), float(high), float(last))
        zeros, negative, negative_counts, positive, positive_counts = buckets
        sketch.zeros = int(zeros)
        sketch.fill(_buckets(negative, negative_counts), _buckets(positive, positive_counts))
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise ValueError(f"these bytes are no statistics: {error}") from None
    return sketch


def _arrays(buckets: dict[int, int]) -> _Arrays:
    return list(buckets), list(buckets.values())


def _buckets(indexes: Any, counts: Any) -> dict[int, int]:
    # Lua writes an empty table as an empty map.
    return dict(zip(indexes or (), counts or (), strict=True))
