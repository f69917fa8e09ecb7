from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from math import exp
from random import Random

import pytest

from dbsbm.optimizer.learning import learner as module
from dbsbm.optimizer.learning.learner import LifetimeLearner

TABLE_TTL, LONGEST = 600.0, 7200.0
BUDGET = 0.02


class Cache:
    """A cache of some keys, read at random, whose lifetimes a learner decides."""

    def __init__(self, rate_of: Callable[[int, float], float], keys: int = 40) -> None:
        self.learner = LifetimeLearner(budget=BUDGET, table_ttl=TABLE_TTL)
        self.random = Random(7)
        self.rate_of = rate_of
        self.keys = keys
        self.now = 0.0
        self.reads = self.hits = self.stale = 0
        self.ttls: dict[int, float] = {}
        self._changed: defaultdict[int, float] = defaultdict(lambda: -1.0)
        self._looked: defaultdict[int, float] = defaultdict(float)
        self._loaded: dict[int, float] = {}

    def run(self, seconds: float, reads_a_second: float = 10.0) -> None:
        ends = self.now + seconds
        while self.now < ends:
            self.now += self.random.expovariate(reads_a_second)
            self.read(self.random.randrange(self.keys))

    def read(self, key: int) -> None:
        self.reads += 1
        passed, self._looked[key] = self.now - self._looked[key], self.now
        if self.random.random() < 1 - exp(-self.rate_of(key, self.now) * passed):
            self._changed[key] = self.now - self.random.random() * passed
        loaded_at = self._loaded.get(key)
        if loaded_at is not None and self.now < loaded_at + self.ttls[key]:
            self.hits += 1
            self.stale += self._changed[key] > loaded_at
            return
        self.ttls[key] = min(LONGEST, self.learner.lifetime(key))
        if loaded_at is not None:
            changed = self._changed[key] > loaded_at
            self.learner.learn(key, self.now - loaded_at, self.now, changed=changed)
        self._loaded[key] = self.now


def test_keys_that_change_rarely_are_kept_longer_within_the_budget() -> None:
    cache = Cache(lambda key, _: 1 / 20 if key < 20 else 1 / 20_000)
    cache.run(3600)
    busy = sum(cache.ttls[key] for key in range(20)) / 20
    quiet = sum(cache.ttls[key] for key in range(20, 40)) / 20
    assert quiet > 10 * busy
    assert cache.stale <= BUDGET * cache.reads
    assert cache.hits > 0.4 * cache.reads


def test_the_budget_holds_when_everything_changes_far_more_often_at_once() -> None:
    cache = Cache(lambda _, now: 1 / 1800 if now < 3600 else 1 / 60)
    cache.run(3600)
    before = sum(cache.ttls.values())
    cache.run(600)
    assert sum(cache.ttls.values()) < before / 3
    assert cache.stale <= BUDGET * cache.reads


def test_it_is_learned_again_what_was_true_before_a_shift() -> None:
    cache = Cache(lambda _, now: 1 / 60 if 3600 <= now < 4200 else 1 / 1800)
    cache.run(3600)
    before = sum(cache.ttls.values())
    cache.run(600 + 1800)
    assert sum(cache.ttls.values()) > 0.7 * before


def test_a_key_that_is_suddenly_quiet_is_taken_for_another() -> None:
    """Such as the score of a game that is over, of which nobody asked for some minutes."""
    cache = Cache(lambda *_: 1.0, keys=20)
    cache.run(1200)
    before = cache.learner.lifetime(3)
    cache.learner.learn(3, 900.0, cache.now, changed=False)
    assert cache.learner.lifetime(3) > 10 * before


def test_popular_keys_are_as_fresh_as_others() -> None:
    """How often a key is read changes nothing, for other processes read it too."""
    cache = Cache(lambda *_: 1 / 300)
    cache.run(1800)
    for _ in range(2000):
        cache.now += 0.5
        cache.read(0)
    others = sorted(cache.ttls[key] for key in range(1, 40))
    assert others[0] / 3 < cache.ttls[0] < 3 * others[-1]


def test_what_was_never_seen_changes_once_within_the_tables_lifetime() -> None:
    ttl = LifetimeLearner(budget=BUDGET, table_ttl=TABLE_TTL).lifetime("key")
    stale = 1 + (exp(-ttl / TABLE_TTL) - 1) / (ttl / TABLE_TTL)
    assert 0 < stale < BUDGET


def test_memory_is_bounded_by_forgetting_what_was_loaded_longest_ago(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_KEYS", 10)
    one = LifetimeLearner(budget=BUDGET, table_ttl=TABLE_TTL)
    for number in range(1000):
        one.learn(number, 1.0, float(number), changed=False)
    assert list(one._known) == list(range(990, 1000))
