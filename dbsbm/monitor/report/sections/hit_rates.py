"""How many reads the cache answered, by category."""

from __future__ import annotations

from collections.abc import Sequence

from dbsbm.monitor.report.model import Row, Section
from dbsbm.monitor.report.reader import Reader, amount, ratio


def hit_rates(reader: Reader) -> Section:
    """Share of hits, first of all categories together, then of each, the most read first."""
    hits, misses = (_totals(reader, name) for name in ("cache.hits", "cache.misses"))
    none = [0.0] * len(reader.windows)
    reads = {
        category: _sum(hits.get(category, none), misses.get(category, none))
        for category in hits.keys() | misses.keys()
    }
    rows = [
        _row(reader, category, hits.get(category, none), reads[category])
        for category in sorted(reads, key=lambda category: (-reads[category][0], category))
        if reads[category][0]
    ]
    if len(rows) > 1:
        columns = zip(none, *hits.values(), strict=True), zip(none, *reads.values(), strict=True)
        hit, read = ([sum(column) for column in each] for each in columns)
        rows.insert(0, _row(reader, "all", hit, read))
    return Section(
        key="hit_rates",
        title="Cache hit rates",
        columns={"reads": "reads", "hit_rate": "hit rate"},
        rows=rows,
        nothing="The cache was not read.",
    )


def _totals(reader: Reader, name: str) -> dict[str, list[float]]:
    return {category: found.totals() for (category,), found in reader.by(name, "category").items()}


def _sum(first: Sequence[float], second: Sequence[float]) -> list[float]:
    return [one + other for one, other in zip(first, second, strict=True)]


def _row(reader: Reader, name: str, hits: Sequence[float], reads: Sequence[float]) -> Row:
    figures = {
        "reads": amount(reader.windows, reads, "count", "neither"),
        "hit_rate": ratio(hits, reads, "high"),
    }
    return Row(name, figures, lead="hit_rate")
