"""What one read costs: from the process's own level, and from the server."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator

from bench.harness import Measurement, Row, alternate
from bench.rig import cache_peers
from bench.rig.cache_crowd import cache_server, only
from bench.rig.cache_sample import PLAIN_ROW
from dbsbm.cache import Cache, Category, Key
from dbsbm.cache.opening import open_cache
from tests.servers import ValkeyServer

OURS = [sys.executable, "-m", "bench.rig.cache_ours"]


def rows(quick: bool) -> Iterator[Row]:
    """A decorated call, and a value of two kilobytes."""
    with cache_server() as server:
        yield from _hit(server, rounds=2 if quick else 8, calls=20_000 if quick else 100_000)
        yield from _get(server, rounds=10 if quick else 40, calls=300 if quick else 1000)


def _hit(server: ValkeyServer, rounds: int, calls: int) -> Iterator[Row]:
    cashews = cache_peers.cashews()

    def seconds(command: list[str]) -> float:
        return float(only(command, within=120)["seconds"])

    measured = alternate(
        {
            "ours": lambda: seconds([*OURS, "hit", server.url, str(calls)]),
            "cashews, client side": lambda: seconds(cashews("hit", server.url, calls // 10)),
        },
        rounds,
    )
    name, (peer, theirs) = "a decorated call whose value is in the process", _peer(measured)
    yield _taken(name, measured)
    yield Row(
        f"{name}: times as fast as {peer}",
        theirs.median / measured["ours"].median,
        "x",
        better="higher",
        floor=5,
        aim=10,
        runs=theirs.runs,
        spread=theirs.spread,
    )


def _get(server: ValkeyServer, rounds: int, calls: int) -> Iterator[Row]:
    cache = open_cache(server.url)
    raw = server.client()
    # No category that a process keeps copies of: this is about the way to the server.
    key = Key.of(Category.API_RESPONSE, "row")
    cache.set(key, PLAIN_ROW)
    raw.set("row", json.dumps(PLAIN_ROW))
    cache.get(key)  # the first read of a value marks it
    measured = alternate(
        {
            "ours": lambda: _seconds(lambda: _read(cache, key), calls),
            "redis-py and json": lambda: _seconds(lambda: json.loads(raw.get("row")), calls),
        },
        rounds,
    )
    cache.close()
    name, (peer, theirs) = "a value of 2 kB from the server", _peer(measured)
    yield _taken(name, measured)
    yield Row(
        f"{name}: times as long as {peer}",
        measured["ours"].median / theirs.median,
        "x",
        floor=1.3,
        aim=1.1,
        runs=theirs.runs,
        spread=theirs.spread,
    )


def _read(cache: Cache, key: Key) -> None:
    assert cache.get(key), "the server was asked and did not answer"


def _seconds(call: Callable[[], object], calls: int) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - began) / calls


def _peer(measured: dict[str, Measurement]) -> tuple[str, Measurement]:
    """The one that is not ours."""
    [peer] = measured.keys() - {"ours"}
    return peer, measured[peer]


def _taken(name: str, measured: dict[str, Measurement]) -> Row:
    ours, (peer, theirs) = measured["ours"], _peer(measured)
    return Row(
        name,
        ours.median * 1e6,
        "us",
        peers={peer: theirs.median * 1e6},
        runs=ours.runs,
        spread=ours.spread,
    )
