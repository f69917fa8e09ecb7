from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from random import Random

import pytest

from dbsbm.optimizer.learning import learner as module
from dbsbm.optimizer.learning.learner import Reload, TtlLearner

TABLE_TTL, LONGEST = 600.0, 7200.0


def learner(budget: float = 0.02) -> TtlLearner:
    return TtlLearner(budget=budget, table_ttl=TABLE_TTL, longest=LONGEST)


class Cache:
    """A cache of some keys, read at random, whose lifetimes a learner decides."""

    def __init__(self, rate_of: Callable[[int, float], float], keys: int = 40) -> None:
        self.learner = learner()
        self.random = Random(7)
        self.rate_of = rate_of
        self.keys = keys
        self.now = 0.0
        self.reads = self.hits = self.stale = 0
        self.ttls: dict[int, float] = {}
        self._changed: defaultdict[int, float] = defaultdict(lambda: -1.0)
        self._looked: defaultdict[int, float] = defaultdict(float)
        self._kept: dict[int, tuple[float, list[float]]] = {}

    def run(self, seconds: float, reads_a_second: float = 10.0) -> None:
        ends = self.now + seconds
        while self.now < ends:
            self.now += self.random.expovariate(reads_a_second)
            self.read(self.random.randrange(self.keys))

    def read(self, key: int) -> None:
        self.reads += 1
        passed, self._looked[key] = self.now - self._looked[key], self.now
        if self.random.random() < 1 - 2.718281828 ** (-self.rate_of(key, self.now) * passed):
            self._changed[key] = self.now - self.random.random() * passed
        loaded_at, ages = self._kept.get(key, (0.0, []))
        if key in self._kept and self.now < loaded_at + self.ttls[key]:
            self.hits += 1
            self.stale += self._changed[key] > loaded_at
            ages.append(self.now - loaded_at)
            return
        reload = None
        if key in self._kept:
            mean = sum(ages) / len(ages) if ages else 0.0
            changed = self._changed[key] > loaded_at
            reload = Reload(self.now - loaded_at, len(ages), mean, changed)
        self.ttls[key] = self.learner.loaded(key, self.now, reload)
        self._kept[key] = (self.now, [])


def test_keys_that_change_rarely_are_kept_longer_within_the_budget() -> None:
    cache = Cache(lambda key, _: 1 / 20 if key < 20 else 1 / 20_000)
    cache.run(3600)
    busy = sum(cache.ttls[key] for key in range(20)) / 20
    quiet = sum(cache.ttls[key] for key in range(20, 40)) / 20
    assert quiet > 10 * busy
    assert cache.stale <= 0.02 * cache.reads
    assert cache.hits > 0.4 * cache.reads


def test_the_budget_holds_when_everything_changes_far_more_often_at_once() -> None:
    cache = Cache(lambda _, now: 1 / 1800 if now < 3600 else 1 / 60)
    cache.run(3600)
    before = sum(cache.ttls.values())
    cache.run(600)
    assert sum(cache.ttls.values()) < before / 3
    assert cache.stale <= 0.02 * cache.reads


def test_what_never_changes_is_kept_as_long_as_the_table_says_until_enough_was_seen() -> None:
    cache = Cache(lambda *_: 0.0)
    cache.run(3600)
    assert not cache.learner.has_learned
    assert max(cache.ttls.values()) <= TABLE_TTL
    assert cache.stale == 0


def test_nothing_is_kept_while_the_account_is_overdrawn() -> None:
    one = learner()
    for number in range(200):
        one.loaded(number, float(number))
    assert one.loaded("key", 200.0) > 0
    one.account.pay(1000.0)
    assert one.loaded("key", 201.0, Reload(1.0, 0, 0.0, False)) == 0


def test_a_reload_that_shows_no_change_gives_back_what_was_booked() -> None:
    one = learner()
    for number in range(200):
        one.loaded(number, float(number))
    before = one.account.left
    ttl = one.loaded("key", 200.0)
    assert ttl > 0
    booked = before - one.account.left
    one.loaded("key", 200.0 + ttl, Reload(ttl, 5, ttl / 2, changed=False))
    assert one.account.left > before - booked


def test_memory_is_bounded_by_forgetting_what_was_loaded_longest_ago(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_KEYS", 10)
    one = learner()
    for number in range(1000):
        one.loaded(number, float(number))
    assert list(one._known) == list(range(990, 1000))
