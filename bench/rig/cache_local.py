"""The process's own level: what stays in it, what a hit and an invalidation cost, what is hot."""

from __future__ import annotations

import random
import tempfile
import time
import tracemalloc
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from redis.cache import CacheConfig, CacheEntry, CacheEntryStatus, CacheKey, DefaultCache

from bench.harness import Row, compare, progress
from bench.peers import Peer
from bench.rig.cache_traces import KEYS, TRACES, Trace, popular
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import LONGEST_NAME, prefix
from dbsbm.cache.local.entry import LocalEntry
from dbsbm.cache.local.hotkeys import COUNTERS, HotKeys
from dbsbm.cache.local.store import LocalStore

THEINE: Final = Peer("theine", ("theine==2.0.0",))
_ENTRIES: Final = 10_000
_FOREVER: Final = 1e12

# Of hot keys: rates are of one busy process, times of the simulation.
_SEEDS: Final = 20
_READS_A_SECOND: Final = 500
_TICKS: Final = 10  # a second


def rows(quick: bool) -> Iterator[Row]:
    """Measure; with `quick` less of everything."""
    yield from _ratios(*((60_000, (500,)) if quick else (300_000, (500, 2500))))
    yield from _costs(rounds=4 if quick else 20)
    yield from _hot_keys()


def open_store(max_bytes: int) -> LocalStore:
    """Return a store that tells nobody."""
    return LocalStore(
        max_bytes, on_hits=lambda _: None, on_evict=lambda _: None, clock=time.monotonic
    )


def entry(number: int, tags: tuple[str, ...] = ()) -> LocalEntry:
    """Return an entry that never ends; all without tags weigh the same."""
    return LocalEntry(
        wire=f"dbsbm:v2:db_query:#{number:07}",
        category=Category.DB_QUERY,
        value=number,
        copy=None,
        size=1000,
        expires_at=_FOREVER,
        refresh_at=_FOREVER,
        tags=tags,
    )


# What stays.


def _ratios(requests: int, capacities: tuple[int, ...]) -> Iterator[Row]:
    for name, make in TRACES.items():
        trace = make(requests)
        for capacity in capacities:
            progress(f"hit ratio: {name}, room for {capacity} of {KEYS} keys")
            lru, theine = 100 * _lru(trace, capacity), 100 * _theine(trace, capacity)
            yield Row(
                f"hit ratio, Zipf with {name}, room for {capacity:,} of {KEYS:,} keys",
                100 * _ours(trace, capacity),
                "%",
                better="higher",
                floor=lru + 5,
                aim=theine - 0.5,
                peers={"LRU": lru, "theine": theine},
            )


def _ours(trace: Trace, capacity: int) -> float:
    store = open_store(capacity * entry(0).weight)
    wires = [entry(number).wire for number in range(max(trace) + 1)]
    hits = 0
    for number in trace:
        if store.get(wires[number]) is not None:
            hits += 1
        else:
            store.put(entry(number), store.sequence)
    return hits / len(trace)


def _lru(trace: Trace, capacity: int) -> float:
    held: OrderedDict[int, None] = OrderedDict()
    hits = 0
    for number in trace:
        hits += number in held
        held[number] = None
        held.move_to_end(number)
        if len(held) > capacity:
            held.popitem(last=False)
    return hits / len(trace)


def _theine(trace: Trace, capacity: int) -> float:
    with tempfile.NamedTemporaryFile() as file:
        file.write(array("I", trace).tobytes())
        file.flush()
        script = Path(__file__).with_name("cache_peer_theine.py")
        return float(THEINE.run(script, file.name, str(capacity))["ratio"])


# What a hit and an invalidation cost.


def _costs(rounds: int) -> Iterator[Row]:
    ours, theirs = _filled_store(), _filled_peer()
    looks = list(islice(popular(random.Random(1), 2 * _ENTRIES, of=_ENTRIES), 2 * _ENTRIES))
    yield compare(
        f"a look into the process's own level, {_ENTRIES:,} entries, Zipf",
        lambda: _microseconds(ours.get, [entry(n).wire for n in looks]),
        {"redis-py": lambda: _microseconds(theirs.get, [_peer_key(n) for n in looks])},
        unit="us",
        rounds=rounds,
        aim=0.5,
    )
    draw = random.Random(1)
    yield compare(
        f"invalidation of what depends on one row, {_ENTRIES:,} entries",
        lambda: _invalidation(ours, draw.sample(range(_ENTRIES), 500)),
        {"redis-py": lambda: _peer_invalidation(theirs, draw.sample(range(_ENTRIES), 10))},
        unit="us",
        rounds=rounds,
        floor=20,
        aim=5,
    )


def _microseconds(call: Callable[[Any], object], arguments: Sequence[Any]) -> float:
    """Return the processor's time that a call took on average, with the loop around it."""
    began = time.thread_time()
    for argument in arguments:
        call(argument)
    return (time.thread_time() - began) / len(arguments) * 1e6


def _of_row(number: int) -> LocalEntry:
    return entry(number, ("t:*", "t:bets", f"t:bets:id=#{number}"))


def _filled_store() -> LocalStore:
    store = open_store(2 * _ENTRIES * _of_row(0).weight)
    for number in range(_ENTRIES):
        store.put(_of_row(number), store.sequence)
    return store


def _invalidation(store: LocalStore, numbers: Sequence[int]) -> float:
    taken = _microseconds(lambda number: store.invalidate((f"t:bets:id=#{number}",)), numbers)
    if len(store) != _ENTRIES - len(numbers):
        raise AssertionError("an invalidation takes exactly what depends on the row")
    for number in numbers:
        store.put(_of_row(number), store.sequence)
    return taken


def _peer_key(number: int) -> CacheKey:
    wire = entry(number).wire
    return CacheKey(command="GET", redis_keys=(wire,), redis_args=("GET", wire))


def _filled_peer() -> DefaultCache:
    """Return the cache of redis-py's client, as full as ours; its default size is the same."""
    cache = DefaultCache(CacheConfig(max_size=_ENTRIES))
    for number in range(_ENTRIES):
        _fill_peer(cache, number)
    return cache


def _fill_peer(cache: DefaultCache, number: int) -> None:
    cache.set(CacheEntry(_peer_key(number), b"value", CacheEntryStatus.VALID, None))


def _peer_invalidation(cache: DefaultCache, numbers: Sequence[int]) -> float:
    wires = [entry(number).wire.encode() for number in numbers]
    taken = _microseconds(lambda wire: cache.delete_by_redis_keys([wire]), wires)
    if len(cache.collection) != _ENTRIES - len(numbers):
        raise AssertionError("the peer's cache must have let them go")
    for number in numbers:
        _fill_peer(cache, number)
    return taken


# What is hot.


def _hot_keys() -> Iterator[Row]:
    progress(f"hot keys: {_SEEDS} runs")
    runs = [HotRun(seed) for seed in range(_SEEDS)]
    for run in runs:
        run.play()
    yield Row(
        "a key that takes 20 % of the reads is found, the slowest of all shifts",
        max(delay for run in runs for delay in run.delays),
        "s",
        floor=5,
        aim=2,
        runs=_SEEDS,
    )
    yield Row(
        f"runs of {_SEEDS} in which every planted key was found within 2 s and no other was",
        sum(run.is_right for run in runs),
        "runs",
        better="higher",
        floor=_SEEDS,
        aim=_SEEDS,
        runs=_SEEDS,
    )
    yield Row("memory that finding hot keys takes", _hot_kilobytes(), "KB", floor=64, aim=64)


class HotRun:
    """Half a minute of Zipf reads, in which two keys in turn take a fifth of all for 7 s each."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._usual = popular(self._draw, 30 * _READS_A_SECOND)
        self._now = 0.0
        self._keys = HotKeys(lambda: self._now)
        first, second = self._draw.sample(range(KEYS // 10, KEYS), 2)
        begin = self._draw.uniform(4, 10)
        self._planted = {f"key{first}": begin, f"key{second}": begin + 7}
        self._found: dict[str, float] = {}
        self._wrong = 0

    def play(self) -> None:
        """Run it."""
        for tick in range(30 * _TICKS):
            self._now = tick / _TICKS
            self._read()
            self._look()

    @property
    def delays(self) -> list[float]:
        """Seconds after which each planted key was found."""
        return [self._found.get(key, 30.0) - begin for key, begin in self._planted.items()]

    @property
    def is_right(self) -> bool:
        """Whether each was found within 2 s, and none was told beside, or 2 s after its time."""
        return max(self.delays) <= 2 and not self._wrong

    def _read(self) -> None:
        hot = [key for key, begin in self._planted.items() if begin <= self._now < begin + 7]
        for _ in range(_READS_A_SECOND // _TICKS):
            usual = f"key{next(self._usual)}"
            self._keys.add(hot[0] if hot and self._draw.random() < 0.2 else usual)

    def _look(self) -> None:
        for key in self._keys.hot():
            begin = self._planted.get(key.wire, 1e9)
            self._wrong += not begin <= self._now < begin + 7 + 2
            self._found.setdefault(key.wire, self._now)


def _hot_kilobytes() -> float:
    """Return the most that it takes, with keys of the longest kind."""
    longest = LONGEST_NAME + len(prefix(Category.API_RESPONSE))
    tracemalloc.start()
    try:
        keys = HotKeys(time.monotonic)
        for number in range(50 * COUNTERS):
            keys.add(f"{number:0{longest}}")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return most / 1024
