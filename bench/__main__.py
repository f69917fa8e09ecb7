"""`python -m bench NAME [--quick] [--json] [--only PART] [--seed N]`: do its floors hold?"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType

import bench
from bench.harness import Row, machine, progress
from bench.peers import PeerError

_NOT_BENCHES = {"harness", "peers", "__main__"}


class UnknownBenchError(Exception):
    """There is no bench of that name; the text lists those there are."""


def names() -> list[str]:
    """Return the benches there are: the modules of this package but its tools."""
    found = (module.name for module in pkgutil.iter_modules(bench.__path__) if not module.ispkg)
    return sorted(name for name in found if name not in _NOT_BENCHES and not name.startswith("_"))


def load(name: str) -> ModuleType:
    """Return the module of a bench.

    Raises:
        UnknownBenchError: There is none of that name.
    """
    if name not in names():
        raise UnknownBenchError(f"there is no bench {name!r}: choose from {', '.join(names())}")
    return importlib.import_module(f"bench.{name}")


def table(rows: Sequence[Row]) -> str:
    """Return the rows for people: a line each, in columns."""
    lines = [["", "value", "floor", "aim", "ok", "runs", "spread", "peers"]]
    lines += [_cells(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
    return "\n".join(padded)


def _cells(row: Row) -> list[str]:
    peers = (f"{name} {_number(value)}" for name, value in row.peers.items())
    return [
        row.row,
        f"{_number(row.value)} {row.unit}",
        _number(row.floor),
        _number(row.aim),
        "ok" if row.ok else "FAILS",
        str(row.runs),
        f"{row.spread:.0%}",
        ", ".join(peers),
    ]


def _number(value: float | None) -> str:
    """Return four significant digits, thousands apart, or a dash."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def run(name: str, *, quick: bool, only: str | None = None, seed: int | None = None) -> list[Row]:
    """Run a bench, or `only` one of its `PARTS`, telling each row as it comes.

    Raises:
        PeerError: A peer could not be installed or run.
        UnknownBenchError: There is no such bench, or it has no such part, or it takes no seed.
    """
    measure = load(name).rows if only is None else _part(name, only).rows
    if seed is None:
        bench_rows = measure(quick=quick)
    elif "seed" in inspect.signature(measure).parameters:
        bench_rows = measure(quick=quick, seed=seed)
    else:
        raise UnknownBenchError(f"bench {name} makes nothing from a seed: leave --seed out")
    rows = []
    for row in bench_rows:
        progress(f"{row.row}: {_number(row.value)} {row.unit}")
        rows.append(row)
    return rows


def _part(name: str, part: str) -> ModuleType:
    parts: Mapping[str, ModuleType] = getattr(load(name), "PARTS", {})
    if part not in parts:
        there = ", ".join(parts) or "none"
        raise UnknownBenchError(f"bench {name} has no part {part!r}; it has {there}")
    return parts[part]


def report(name: str, rows: Sequence[Row], *, as_json: bool) -> int:
    """Print the rows and return the exit code: 1 when a floor fails or nothing was measured."""
    if as_json:
        body = {"bench": name, "machine": machine(), "rows": [row.as_json() for row in rows]}
        print(json.dumps(body, indent=2))
    else:
        print(table(rows))
    failed = [row.row for row in rows if not row.ok]
    if failed:
        progress(f"the floor fails: {'; '.join(failed)}")
    if not rows:
        progress(f"{name} measured nothing")
    return int(bool(failed) or not rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; 2 means that the bench could not run."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure what DBSBM promises.")
    parser.add_argument("name", help=f"one of: {', '.join(names())}")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--only", metavar="PART", help="one part of a bench that has parts")
    parser.add_argument("--seed", type=int, metavar="N", help="what a bench makes its data from")
    asked = parser.parse_args(arguments)
    try:
        rows = run(asked.name, quick=asked.quick, only=asked.only, seed=asked.seed)
    except (PeerError, UnknownBenchError) as error:
        progress(f"bench: {error}")
        return 2
    return report(asked.name, rows, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
