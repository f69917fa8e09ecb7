"""`cache stats`: what all processes counted, by category and level."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dbsbm.cache.categories import Category
from dbsbm.cache.operating.totals import ProcessCounts, read_processes, read_totals
from dbsbm.cache.stats import Counters, Snapshot
from dbsbm.cli.cache.server import add_json, open_client
from dbsbm.cli.output import say, say_json, spell_bytes, spell_share, table

_READS = (
    *("category", "reads", "hits", "ratio", "local", "server", "stale", "none", "misses"),
    *("rejected", "failed", "local bytes", "server bytes"),
)
_LOADS = (
    *("category", "loads", "mean", "raised", "waited", "refreshes", "stored", "bytes"),
    *("dropped", "invalidated", "evicted"),
)
_PROCESSES = (
    *("process", "reads", "ratio", "local", "misses", "loads", "failed", "copies", "bytes"),
    "channel",
)


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--processes", action="store_true", help="each living process too")
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    with open_client() as client:
        totals = read_totals(client)
        processes = read_processes(client) if arguments.processes else []
    if arguments.json:
        content = _as_json(totals)
        if arguments.processes:
            content["processes"] = [_process_as_json(process) for process in processes]
        say_json(content)
        return 0
    say(_tables(totals))
    if arguments.processes:
        say("\n" + _process_table(processes))
    return 0


def _tables(totals: Snapshot) -> str:
    used = [(category.value, counters) for category, counters in totals.items() if counters]
    if not used:
        return "Nothing was counted since the cache's server was last empty."
    used.append(("all", _sum(totals)))
    reads = table(_READS, [(name, *_reads(counters)) for name, counters in used])
    loads = table(_LOADS, [(name, *_loads(counters)) for name, counters in used])
    return f"{reads}\n\n{loads}"


def _reads(counters: Counters) -> Sequence[object]:
    return (
        counters.hits + counters.misses,
        counters.hits,
        spell_share(counters.hit_ratio),
        counters.local_hits,
        counters.hits - counters.local_hits,
        counters.stale,
        counters.negative,
        counters.misses,
        counters.rejected,
        counters.errors,
        spell_bytes(counters.local_bytes),
        spell_bytes(counters.bytes_read - counters.local_bytes),
    )


def _loads(counters: Counters) -> Sequence[object]:
    mean = _mean_load_ms(counters)
    return (
        counters.loads,
        "-" if mean is None else f"{mean:.3g} ms",
        counters.load_errors,
        counters.waits,
        counters.refreshes,
        counters.sets,
        spell_bytes(counters.bytes_written),
        counters.drops,
        counters.invalidations,
        counters.evictions,
    )


def _process_table(processes: Sequence[ProcessCounts]) -> str:
    if not processes:
        return "No process has said in the last two minutes that it lives."
    return table(_PROCESSES, map(_process_row, processes))


def _process_row(process: ProcessCounts) -> Sequence[object]:
    counters, gauges = _sum(process.counts), process.gauges
    return (
        process.name,
        counters.hits + counters.misses,
        spell_share(counters.hit_ratio),
        counters.local_hits,
        counters.misses,
        counters.loads,
        counters.errors,
        gauges.get("copies", "-"),
        spell_bytes(gauges["copy_bytes"]) if "copy_bytes" in gauges else "-",
        gauges.get("channel", "-"),
    )


def _as_json(counts: Snapshot) -> dict[str, Any]:
    categories = {category.value: _counters_as_json(each) for category, each in counts.items()}
    return {"categories": categories, "all": _counters_as_json(_sum(counts))}


def _process_as_json(process: ProcessCounts) -> dict[str, Any]:
    return {"process": process.name, **process.gauges, **_as_json(process.counts)}


def _counters_as_json(counters: Counters) -> dict[str, Any]:
    derived = {"hit_ratio": counters.hit_ratio, "mean_load_ms": _mean_load_ms(counters)}
    return {**asdict(counters), **derived}


def _mean_load_ms(counters: Counters) -> float | None:
    return counters.load_ns / counters.loads / 1e6 if counters.loads else None


def _sum(counts: Snapshot) -> Counters:
    return sum((counts[category] for category in Category), Counters())
