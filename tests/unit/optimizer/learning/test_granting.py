from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dbsbm.cache.categories import Category, Policy
from dbsbm.cache.keys import Key
from dbsbm.cache.stats import Reloaded
from dbsbm.optimizer.learning.granting import LONGER, LearnedLifetimes

GAME = Category.GAME_DATA
LEARNED = replace(GAME.policy, learned=True)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def key(number: int, name: str = "scores", category: Category = GAME) -> Key:
    return Key.of(category, name, number)


def reload(
    learned: LearnedLifetimes, clock: Clock, of: Key, *, age: float, changed: bool, times: int = 1
) -> None:
    for _ in range(times):
        clock.now += age
        learned.shown(Reloaded(of.category, of.wire, age, changed=changed))


@pytest.mark.parametrize(
    ("of", "policy"),
    [(key(1), GAME.policy), (key(1, category=Category.USER_DATA), LEARNED)],
    ids=["the policy does not say so", "our commits invalidate it"],
)
def test_nothing_is_granted_where(of: Key, policy: Policy) -> None:
    clock = Clock()
    learned = LearnedLifetimes(clock=clock)
    reload(learned, clock, of, age=60, changed=False, times=50)
    assert learned.lifetime(of, policy) is None


def test_a_key_class_is_learned_apart_from_others() -> None:
    clock = Clock()
    learned = LearnedLifetimes(clock=clock)
    for number in range(200):
        reload(learned, clock, key(number), age=10, changed=True, times=5)
        reload(learned, clock, key(number, "teams"), age=600, changed=False, times=5)
    unseen = [learned.lifetime(key(99, name), LEARNED) for name in ("scores", "teams")]
    assert None not in unseen
    assert unseen[0] < timedelta(seconds=5)
    assert unseen[1] > timedelta(minutes=1)


def test_a_lifetime_has_bounds() -> None:
    clock = Clock()
    learned = LearnedLifetimes(clock=clock)
    reload(learned, clock, key(1), age=0.01, changed=True, times=100)
    assert learned.lifetime(key(1), LEARNED) == timedelta(seconds=1)
    reload(learned, clock, key(2, "teams"), age=86_400, changed=False, times=200)
    assert learned.lifetime(key(2, "teams"), LEARNED) == LONGER * LEARNED.ttl


def test_who_wants_to_know_is_told_what_was_granted() -> None:
    told: list[tuple[Category, float]] = []
    learned = LearnedLifetimes(lambda *each: told.append(each))
    granted = learned.lifetime(key(1), LEARNED)
    assert granted is not None
    assert told == [(GAME, granted.total_seconds())]
