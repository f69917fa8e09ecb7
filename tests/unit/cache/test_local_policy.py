from __future__ import annotations

import itertools
import random
from collections import Counter, OrderedDict
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from dbsbm.cache.local.balance import Balance
from dbsbm.cache.local.countmin import HIGHEST, CountMin
from dbsbm.cache.local.tinylfu import TinyLfu

KEYS = 10_000


def zipf(draw: random.Random, count: int) -> list[str]:
    """Return requests, of which the n-th name gets a part that goes with n ** -0.9."""
    weights = itertools.accumulate((n + 1) ** -0.9 for n in range(KEYS))
    names = [f"key{n}" for n in range(KEYS)]
    return draw.choices(names, cum_weights=list(weights), k=count)


def policy_hits(requests: Iterable[str], capacity: int) -> int:
    """Return the hits of the policy, with names of weight 1."""
    policy, held, hits = TinyLfu(capacity, lambda _: False), set(), 0
    for name in requests:
        if name in held:
            hits += 1
            policy.hit(name, 1)
        else:
            held.add(name)
            held.difference_update(policy.add(name, 1).evicted)
    return hits


def lru_hits(requests: Iterable[str], capacity: int) -> int:
    held, hits = OrderedDict[str, None](), 0
    for name in requests:
        hits += name in held
        held[name] = None
        held.move_to_end(name)
        if len(held) > capacity:
            held.popitem(last=False)
    return hits


def test_a_report_that_asks_for_all_once_pushes_hardly_anything_out_that_is_used() -> None:
    policy = TinyLfu(1000, lambda _: False)
    for n in range(500):
        policy.add(f"used{n}", 1)
        policy.hit(f"used{n}", 5)
    gone = [name for n in range(5000) for name in policy.add(f"report{n}", 1).evicted]
    assert len([name for name in gone if name.startswith("used")]) < 0.05 * 500


def test_popular_names_stay_while_reports_pass_better_than_by_recency() -> None:
    usual = zipf(random.Random(1), 60_000)
    requests: list[str] = []
    for start in range(0, len(usual), 3000):
        requests += usual[start : start + 3000]
        requests += [f"report{start + n}" for n in range(1500)]
    ours, lru = policy_hits(requests, 500), lru_hits(requests, 500)
    assert ours > lru + 0.05 * len(requests)


def test_names_that_come_in_bursts_and_never_again_get_a_large_window() -> None:
    """A member asks for some minutes, and goes: what was frequent yesterday is of no use."""
    draw = random.Random(2)
    usual, requests, members = iter(zipf(draw, 120_000)), [], itertools.count()
    present = [[f"member{next(members)}", 10] for _ in range(300)]
    for name in usual:
        member = draw.choice(present)
        requests += [name, member[0]]
        member[1] -= 1
        if not member[1]:
            member[:] = [f"member{next(members)}", 10]
    assert policy_hits(requests, 1500) > lru_hits(requests, 1500) - 0.03 * len(requests)


def test_what_becomes_popular_is_let_in_however_popular_others_were() -> None:
    policy, held = TinyLfu(300, lambda _: False), set()
    for generation in range(3):
        names = [f"{generation}.{n}" for n in range(250)]
        for name in names * 60:
            if name in held:
                policy.hit(name, 1)
            else:
                held.add(name)
                held.difference_update(policy.add(name, 1).evicted)
        assert len(held.intersection(names)) > 240


def test_a_large_name_must_be_worth_all_that_would_leave_for_it() -> None:
    policy = TinyLfu(1000, lambda _: False)
    for n in range(100):
        policy.add(f"small{n}", 10)
        policy.hit(f"small{n}", 1)
    assert policy.add("large", 500).evicted == ["large"]
    for n in range(100):
        assert policy.add(f"small{n}", 10).evicted == []


def test_a_large_name_that_is_asked_for_more_than_all_of_those_comes_in() -> None:
    policy = TinyLfu(1000, lambda _: False)
    for n in range(100):
        policy.add(f"small{n}", 10)
    policy.hit("large", HIGHEST)
    gone = policy.add("large", 100)
    assert "large" not in gone.evicted
    assert len(gone.evicted) <= 11


weights = st.integers(1, 120)
requests = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 40), weights),
        st.tuples(st.just("hit"), st.integers(0, 40), st.integers(1, 50)),
        st.tuples(st.just("remove"), st.integers(0, 40), weights),
        st.tuples(st.just("clear"), st.just(0), weights),
    ),
    max_size=300,
)


@given(requests, st.integers(100, 400))
def test_the_names_never_weigh_more_than_the_capacity_and_none_is_forgotten(
    history: list[tuple[str, int, int]], capacity: int
) -> None:
    dead = {"7", "8", "9"}
    policy, held = TinyLfu(capacity, dead.__contains__), dict[str, int]()
    for what, number, amount in history:
        name = str(number)
        if what == "add":
            gone = policy.add(name, amount)
            held[name] = amount
            assert dead.issuperset(gone.dead)
            for each in (*gone.evicted, *gone.dead):
                del held[each]
        elif what == "hit":
            policy.hit(name, amount)
        elif what == "remove":
            policy.remove(name)
            held.pop(name, None)
        else:
            policy.clear()
            held.clear()
        assert policy.weight == sum(held.values()) <= capacity
        assert len(policy) == len(held)


digests = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.tuples(digests, st.integers(1, 20))), st.integers(0, 3))
def test_a_count_is_never_told_too_low_also_after_growing(
    counted: list[tuple[int, int]], doublings: int
) -> None:
    sketch, truth, grown = CountMin(64), Counter[int](), 0
    for digest, count in counted:
        truth[digest] += count
        grown += sketch.add(digest, count)
    for _ in range(doublings):
        sketch.double()
    assert len(sketch) == 64 << doublings
    assert all(min(count, HIGHEST) <= sketch.estimate(key) for key, count in truth.items())
    assert grown <= truth.total()


def test_counts_of_few_names_are_exact_and_halve() -> None:
    draw = random.Random(3)
    sketch = CountMin(1 << 14)
    counts = {draw.getrandbits(63): n % HIGHEST + 1 for n in range(200)}
    for digest, count in counts.items():
        for _ in range(count):
            assert sketch.add(digest) == 1
    assert {digest: sketch.estimate(digest) for digest in counts} == counts
    sketch.halve()
    assert all(sketch.estimate(digest) == count // 2 for digest, count in counts.items())


def test_a_full_counter_neither_overflows_nor_grows() -> None:
    sketch = CountMin(64)
    assert sketch.add(1, 1000) == HIGHEST
    assert sketch.add(1) == 0
    assert sketch.estimate(1) == HIGHEST


def test_how_often_a_name_was_asked_for_is_known_also_after_all_was_cleared() -> None:
    policy = TinyLfu(1000, lambda _: False)
    policy.hit("popular", 5)
    policy.clear()
    for n in range(1000):
        policy.add(f"{n}", 1)
    gone = [*policy.add("popular", 1).evicted]
    for n in range(1000, 1100):
        gone += policy.add(f"{n}", 1).evicted
    assert len(gone) == 101
    assert "popular" not in gone


def observed(refused_and_missed: int, hits_on_probation: int) -> Balance:
    balance = Balance(100)
    for n in range(refused_and_missed):
        balance.refused(f"{n}")
        balance.missed(f"{n}")
    balance.hit(hits_on_probation, on_probation=True)
    return balance


def test_the_window_grows_where_what_it_let_go_is_asked_for_more_than_what_is_on_probation() -> (
    None
):
    assert observed(50, 100).verdict(100, 100) == 1
    assert observed(5, 1000).verdict(100, 100) == -1


def test_a_difference_that_may_be_chance_moves_nothing() -> None:
    assert observed(0, 0).verdict(100, 100) == 0
    assert observed(18, 100).verdict(100, 100) == 0


def test_a_name_that_was_refused_long_ago_does_not_speak_for_a_larger_window() -> None:
    balance = Balance(100)
    for n in range(1000):
        balance.refused(f"{n}")
    for n in range(900):
        balance.missed(f"{n}")
    assert balance.is_due
    assert balance.verdict(100, 100) == 0
    assert not balance.is_due
