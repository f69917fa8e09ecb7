"""What a value costs on its way to the server and back, and what a forged one comes to."""

from __future__ import annotations

import hmac
import json
import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bench.harness import Measurement, Row, alternate
from bench.rig import cache_peers
from bench.rig.cache_sample import BET, PLAIN_ROW
from dbsbm.cache.categories import Category
from dbsbm.cache.values.serializer import Serializer
from dbsbm.cache.values.signing import Keyring
from tests.unit.cache.test_forgery import FORGERIES, OURS, WIRE

_SECRET = b"a secret as long as operators' are"
_POLICY = Category.API_RESPONSE.policy
_PICKLE = "pickle, HMAC-SHA256"

# As a database gives it: no two of its texts are one object, which pickle would write but once.
_ROW: dict[str, Any] = json.loads(json.dumps(PLAIN_ROW))

Codec = tuple[Callable[[Any], Any], Callable[[Any], Any]]
"""How a contender writes a value, and reads what it wrote."""


def rows(quick: bool) -> Iterator[Row]:
    """Forgeries that open, then the cost of a bet and of a row of two kilobytes."""
    yield _forgeries()
    # Many short rounds: what else runs on the machine meets all contenders alike.
    rounds, calls = (10, 300) if quick else (60, 1000)
    for name, value, others, floor, aim in (
        ("a bet", BET, {}, 1.5, 2.0),
        ("a plain row of 2 kB", _ROW, {"json, unsigned": (json.dumps, json.loads)}, 1.0, 1.5),
    ):
        codecs = {"ours": _ours(), _PICKLE: (_pickle_signed, _unpickle_signed), **others}
        writes, reads = _measured(codecs, value, rounds, calls)
        yield _row(f"{name} encoded and signed", writes)
        yield _row(f"{name} checked and decoded", reads)
        yield _ratio(f"{name} there and back", writes, reads, floor, aim)


def _forgeries() -> Row:
    opened = sum(OURS.open(WIRE, forge()) is not None for forge in FORGERIES.values())
    peer = cache_peers.CASHEWS.run(Path(__file__).parent / "cache_peer_forgeries.py")
    return Row(
        f"forged values that open, of {len(FORGERIES)}",
        opened,
        "values",
        floor=0,
        aim=0,
        peers={f"cashews, sha256, of {peer['tried']}": peer["opened"]},
    )


def _measured(
    codecs: Mapping[str, Codec], value: Any, rounds: int, calls: int
) -> tuple[dict[str, Measurement], dict[str, Measurement]]:
    """Return the microseconds of writing a value and of reading it back, by contender."""
    writes = {
        who: partial(_microseconds, write, value, calls) for who, (write, _) in codecs.items()
    }
    reads = {
        who: partial(_microseconds, read, write(value), calls)
        for who, (write, read) in codecs.items()
    }
    return alternate(writes, rounds), alternate(reads, rounds)


def _row(name: str, measured: dict[str, Measurement]) -> Row:
    ours = measured["ours"]
    return Row(
        name,
        ours.median,
        "us",
        peers={who: taken.median for who, taken in measured.items() if who != "ours"},
        runs=ours.runs,
        spread=ours.spread,
    )


def _ratio(
    name: str,
    writes: Mapping[str, Measurement],
    reads: Mapping[str, Measurement],
    floor: float,
    aim: float,
) -> Row:
    ours, theirs = (
        [there + back for there, back in zip(writes[who].values, reads[who].values, strict=True)]
        for who in ("ours", _PICKLE)
    )
    times = Measurement([slow / fast for slow, fast in zip(theirs, ours, strict=True)])
    return Row(
        f"{name}: times as fast as {_PICKLE}",
        times.median,
        "x",
        better="higher",
        floor=floor,
        aim=aim,
        runs=times.runs,
        spread=times.spread,
    )


def _microseconds(function: Callable[[Any], Any], argument: Any, calls: int) -> float:
    """Return what a call takes of the processor, whatever else the machine does."""
    began = time.thread_time_ns()
    for _ in range(calls):
        function(argument)
    return (time.thread_time_ns() - began) / calls / 1000


def _ours() -> Codec:
    serializer = Serializer(Keyring((1, _SECRET)))
    wire = "dbsbm:v2:api_response:row"

    def write(value: Any) -> bytes:
        return serializer.seal(wire, value, _POLICY, lifetime_ms=60_000, expires_at_ms=10**12)

    return write, partial(serializer.open, wire)


def _pickle_signed(value: Any) -> bytes:
    payload = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return hmac.digest(_SECRET, payload, "sha256") + payload


def _unpickle_signed(stored: bytes) -> Any:
    payload = stored[32:]
    if not hmac.compare_digest(hmac.digest(_SECRET, payload, "sha256"), stored[:32]):
        raise ValueError("the signature is not ours")
    return pickle.loads(payload)
