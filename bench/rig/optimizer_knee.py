"""Pool sizes found by three probes, on curves whose knee is known and on a real server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

from pydantic import SecretStr

from bench.harness import Row, percentile, progress
from dbsbm.optimizer.sizing.knee import find_knee
from dbsbm.optimizer.sizing.probe import Probe, Statement
from dbsbm.optimizer.sizing.scalability import Scalability
from tests.servers import start_mariadb

LARGEST = 24
NOISE = 0.02
_STATEMENT = "SELECT SLEEP(0.004), BENCHMARK(60000, CRC32('a'))"


def rows(*, quick: bool, seed: int | None = None) -> Iterator[Row]:
    """The distance from the knee, in connections."""
    count = 300 if quick else 3000
    random = Random(20_261 if seed is None else seed)
    for probes, aim in ((3, 1.0), (6, 1.0)):
        misses = [_miss(random, probes) for _ in range(count)]
        yield Row(
            f"pool size, {probes} probes with {NOISE:.0%} noise: off the knee in 90 % of curves",
            percentile(misses, 90),
            "connections",
            floor=2,
            aim=aim,
            peers={"rule of thumb, 2 cores + 1": percentile(_rule_of_thumb(random, count), 90)},
            runs=count,
        )
    yield _real_row(seconds=1.0 if quick else 3.0)


def _curve(random: Random) -> Scalability:
    return Scalability(
        random.uniform(50, 500), random.uniform(0.02, 0.35), 10 ** random.uniform(-3.5, -1.5)
    )


def _miss(random: Random, probes: int) -> float:
    curve = _curve(random)
    found = find_knee(
        lambda size: curve.throughput(size) * random.gauss(1, NOISE),
        largest=LARGEST,
        probes=probes,
    )
    return abs(found.size - curve.knee(LARGEST))


def _rule_of_thumb(random: Random, count: int) -> list[float]:
    return [abs(5 - _curve(random).knee(LARGEST)) for _ in range(count)]


def _real_row(seconds: float) -> Row:
    """Three probes of a real pool, beside every size up to twelve."""
    largest = 12
    with (
        tempfile.TemporaryDirectory() as folder,
        start_mariadb(Path(folder)) as server,
    ):
        url = server.url(server.create_database())
        probe = Probe(SecretStr(url), [Statement("", _STATEMENT, 1)], seconds=seconds)
        sizes = {}
        for size in range(1, largest + 1):
            progress(f"a pool of {size}")
            sizes[size] = probe.throughput(size)
        found = find_knee(probe.throughput, largest=largest)
    enough = 0.95 * max(sizes.values())
    knee = next(size for size, value in sizes.items() if value >= enough)
    return Row(
        f"pool size of a real MariaDB, 3 probes: off the knee, which is at {knee}",
        abs(found.size - knee),
        "connections",
        floor=2,
        aim=1,
    )
