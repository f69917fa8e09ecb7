"""Memory, processor and disk, and how they grow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from dbsbm.monitor.report.model import Figure, Row, Section
from dbsbm.monitor.report.reader import Found, Reader
from dbsbm.monitor.store.reading import Point

# A shorter stretch says nothing about a day.
_SHORTEST = timedelta(hours=1)
_DAY = timedelta(days=1)


def resources(reader: Reader) -> Section:
    """By role, by host, and of the database."""
    return Section(
        key="resources",
        title="Resources",
        columns={
            "mean": "mean",
            "peak": "highest single",
            "now": "at the end",
            "growth": "growth a day",
        },
        rows=[*_memory(reader), *_processor(reader), *_disk(reader), *_database(reader)],
        nothing="No process and no host was measured.",
    )


def role_memory(reader: Reader) -> dict[str, Figure]:
    """Mean memory of all processes of each role.

    Processes come and go, so it is the mean of one process times the mean number of them.
    """
    counts = reader.by("process.count", "role")
    found = reader.by("process.memory_bytes", "role")
    return {
        role: _times(each, counts.get((role,)))
        for (role,), each in found.items()
        if each.now is not None
    }


def _times(memory: Found, count: Found | None) -> Figure:
    one = memory.mean("bytes")
    if count is None or count.now is None:
        return one
    many = count.mean("count")
    before = tuple(
        None if each is None or number is None else each * number
        for each, number in zip(one.before, many.before, strict=True)
    )
    return Figure((one.value or 0.0) * (many.value or 0.0), "bytes", one.samples, before, "low")


def _memory(reader: Reader) -> Iterator[Row]:
    """The largest role first."""
    found = reader.by("process.memory_bytes", "role")
    memory = role_memory(reader)
    for role in sorted(memory, key=lambda role: -(memory[role].value or 0.0)):
        figures = {"mean": memory[role], "peak": found[role,].high("bytes")}
        yield Row(f"memory of {role}, together", figures, lead="mean")


def _processor(reader: Reader) -> Iterator[Row]:
    for (host,), found in _of_hosts(reader, "system.cpu_percent").items():
        figures = {"mean": found.mean("percent"), "peak": found.high("percent")}
        yield Row(f"processors of {host}", figures, "mean")


def _disk(reader: Reader) -> Iterator[Row]:
    free = _of_hosts(reader, "system.disk_free_bytes")
    for key, found in _of_hosts(reader, "system.disk_percent").items():
        figures = {"now": found.last("percent")}
        left = _growth(reader, "system.disk_free_bytes", {"host": key[0]})
        growth = None if left is None else -left
        if growth is not None:
            figures["growth"] = Figure(growth, "bytes_per_day", better="low")
        yield Row(f"disk of {key[0]}", figures, "now", _full_in(growth, free.get(key)))


def _full_in(growth: float | None, free: Found | None) -> str:
    """When the disk is full, where it is filling up fast enough to name a day."""
    if growth is None or growth <= 0 or free is None or free.now is None:
        return ""
    days = free.now.last / growth
    return f"full in {days:,.0f} days at this pace" if days < 365 else ""


def _database(reader: Reader) -> Iterator[Row]:
    found = reader.all("database.size_bytes")
    if found.now is None:
        return
    figures = {"now": found.last("bytes")}
    if (growth := _growth(reader, "database.size_bytes", {})) is not None:
        figures["growth"] = Figure(growth, "bytes_per_day", better="low")
    yield Row("size of the database", figures, "now")


def _of_hosts(reader: Reader, metric: str) -> Mapping[tuple[str, ...], Found]:
    found = reader.by(metric, "host")
    return {key: each for key, each in found.items() if each.now is not None}


def _growth(reader: Reader, metric: str, where: Mapping[str, str]) -> float | None:
    """How much a gauge grew a day; None over too short a time."""
    span = reader.span
    points: list[Point] = []
    for series in reader.history.series(metric, span.since, span.until, where=where):
        points += series.points
    if len(points) < 2 or points[-1].start - points[0].start < _SHORTEST:
        return None
    return (points[-1].last - points[0].last) * (_DAY / (points[-1].start - points[0].start))
