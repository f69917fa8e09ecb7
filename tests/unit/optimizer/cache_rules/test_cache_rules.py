"""One true and several false cases of each rule about the cache."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dbsbm.cache.categories import Category
from dbsbm.optimizer.fleet.evidence import CacheMemory, Counters, HotKey
from dbsbm.optimizer.rules.cache import (
    evictions,
    expiry_loads,
    fragmentation,
    hit_rate,
    hot_keys,
    never_read,
    oversized_values,
    stampedes,
)
from tests.unit.optimizer.evidence import counters, curve, curves, evidence, total

KIB = 1024
MIB = 1024 * KIB


def counted(category: str, **counts: float) -> Counters:
    return counters(
        *(total(f"cache.{name}", count, category=category) for name, count in counts.items())
    )


# --- cache.hot_key --------------------------------------------------------------------------------


def hot(
    category: Category, reads_per_second: float, share: float = 0.4, *, mean: float = 2 * KIB
) -> Any:
    on_server = {"category": category.value, "level": "server"}
    sizes = counters(
        total("cache.hits", 1000, **on_server),
        total("cache.bytes_read", 1000 * mean, **on_server),
        total("cache.hits", 9_000_000, category=category.value, level="process"),
    )
    key = HotKey("dbsbm:cache:v1:x", category, reads_per_second, share)
    return hot_keys.examine(evidence(counters=sizes, hot_keys=(key,)))


def test_a_key_that_every_read_fetches_from_the_server_is_hot() -> None:
    (finding,) = hot(Category.API_RESPONSE, 30, mean=100 * KIB)
    assert finding.object == "key dbsbm:cache:v1:x"
    assert "2.93 MiB a second from one server" in finding.cause
    assert finding.fix[0].startswith("python -m dbsbm cache policy set api_response --local yes")
    assert finding.revert[0].startswith("python -m dbsbm cache policy reset api_response")
    assert hot(Category.API_RESPONSE, 600)


@pytest.mark.parametrize(
    ("category", "reads", "share"),
    [
        (Category.GAME_DATA, 5000, 0.9),  # each process has a copy
        (Category.API_RESPONSE, 40, 0.9),  # nothing that a server feels
        (Category.API_RESPONSE, 600, 0.05),  # one of many
    ],
)
def test_a_key_that_is_copied_rare_or_one_of_many_is_not_hot(
    category: Category, reads: float, share: float
) -> None:
    assert hot(category, reads, share) == []


def test_a_key_of_another_release_is_left_alone() -> None:
    key = HotKey("x", None, 10_000, 1.0)
    assert hot_keys.examine(evidence(hot_keys=(key,))) == []


# --- cache.oversized ------------------------------------------------------------------------------


def test_values_that_are_refused_for_their_size_are_found() -> None:
    (finding,) = oversized_values.examine(
        evidence(counters=counted("user_data", drops=60, sets=400, loads=460, load_ns=46e9))
    )
    assert "60 values were made and not stored, and 400 were stored" in finding.cause
    assert "larger than 64 KiB" in finding.cause
    assert "cache policy set user_data --max-bytes 131072" in finding.fix[0]


def test_a_limit_is_never_advised_above_what_a_policy_takes() -> None:
    largest = replace(Category.USER_DATA.policy, max_bytes=8 * MIB)
    policies = {**evidence().policies, Category.USER_DATA: largest}
    (finding,) = oversized_values.examine(
        evidence(counters=counted("user_data", drops=60, sets=400), policies=policies)
    )
    assert finding.fix[0].startswith("Store less in one value")
    assert finding.revert == ()


def test_large_values_that_are_not_compressed_are_found() -> None:
    (finding,) = oversized_values.examine(
        evidence(counters=counted("session", sets=100, bytes_written=100 * 400 * KIB))
    )
    assert finding.severity == "warning"
    assert "cache policy set session --compress-over 4096" in finding.fix[0]


def test_large_values_that_are_compressed_already_are_for_your_information() -> None:
    (finding,) = oversized_values.examine(
        evidence(counters=counted("game_data", sets=100, bytes_written=100 * 400 * KIB))
    )
    assert (finding.severity, finding.revert) == ("info", ())


@pytest.mark.parametrize(
    ("category", "counts"),
    [
        ("user_data", {"drops": 19, "sets": 100}),
        ("user_data", {"drops": 60, "sets": 400, "errors": 50}),  # the server was away
        ("user_data", {"drops": 60, "sets": 40_000}),
        ("image_cache", {"sets": 900, "bytes_written": 900 * 400 * KIB}),  # pictures
        ("game_data", {"sets": 49, "bytes_written": 49 * MIB}),
        ("game_data", {"sets": 5000, "bytes_written": 5000 * 20 * KIB}),
    ],
)
def test_values_of_a_common_size_are_left_alone(category: str, counts: dict[str, float]) -> None:
    assert oversized_values.examine(evidence(counters=counted(category, **counts))) == []


def test_pictures_are_judged_by_neither_rule_on_values() -> None:
    refused = counted("image_cache", drops=500, sets=500, hits=10, misses=990)
    assert oversized_values.examine(evidence(counters=refused)) == []
    assert hit_rate.examine(evidence(counters=refused)) == []


# --- cache.never_read -----------------------------------------------------------------------------


def test_what_is_warmed_for_nobody_is_found() -> None:
    counts = counted("team_data", sets=2880, hits=20, loads=2880, load_ns=9e9, bytes_written=9e6)
    (finding,) = never_read.examine(evidence(counters=counts))
    assert finding.object == "category team_data"
    assert finding.severity == "info"
    assert "beat_schedule.py" in finding.fix[0]
    assert "SCHEDULE_OVERRIDES" in finding.fix[1]


def test_what_is_warmed_for_nobody_and_takes_a_processor_is_a_warning() -> None:
    counts = counted("team_data", sets=2880, hits=20, loads=2880, load_ns=2880e9)
    (finding,) = never_read.examine(evidence(counters=counts))
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    ("counts", "hours"),
    [
        ({"sets": 199}, 24),
        ({"sets": 1000, "hits": 90}, 24),  # the bound allows for a tenth
        ({"sets": 1000, "hits": 5000}, 24),
        ({"sets": 1000, "hits": 20, "misses": 900}, 24),  # asked for: cache.hit_rate's question
        ({"sets": 1000}, 5),  # the evening is still to come
    ],
)
def test_what_is_read_or_will_be_read_is_left_alone(counts: dict[str, float], hours: int) -> None:
    found = never_read.examine(
        evidence(counters=counted("team_data", **counts), covered=timedelta(hours=hours))
    )
    assert found == []


# --- cache.evictions ------------------------------------------------------------------------------


def test_a_server_that_is_full_and_evicts_is_too_small() -> None:
    (finding,) = evictions.examine(
        evidence(
            counters=counted("game_data", sets=5000),
            evicted_keys=2000,
            cache_memory=CacheMemory(95 * MIB, 100 * MIB, "allkeys-lfu"),
        )
    )
    assert "evicted 2000 keys while 5000 values were stored" in finding.cause
    assert f"maxmemory to {200 * MIB} bytes" in finding.fix[0]


@pytest.mark.parametrize(
    ("sets", "evicted", "used"),
    [
        (900, 900, 95),  # hardly anything was stored
        (5000, 900, 95),
        (5000, 2000, 50),  # the burst is over
    ],
)
def test_a_server_that_evicts_little_or_has_room_is_left_alone(
    sets: int, evicted: int, used: int
) -> None:
    found = evictions.examine(
        evidence(
            counters=counted("game_data", sets=sets),
            evicted_keys=evicted,
            cache_memory=CacheMemory(used * MIB, 100 * MIB, "allkeys-lfu"),
        )
    )
    assert found == []


@pytest.mark.parametrize(
    ("given_up", "local", "server", "is_found"),
    [(4000, 1000, 6000, True), (4000, 7000, 6000, False), (900, 0, 900, False)],
)
def test_copies_that_push_each_other_out_are_found(
    given_up: int, local: int, server: int, is_found: bool
) -> None:
    found = evictions.examine(
        evidence(
            counters=counters(
                total("cache.evictions", given_up, category="db_query", level="process"),
                total("cache.hits", local, category="db_query", level="process"),
                total("cache.hits", server, category="db_query", level="server"),
            )
        )
    )
    assert [each.object for each in found] == (["copies of db_query"] if is_found else [])
    if found:
        assert (found[0].severity, "--local no" in found[0].fix[0]) == ("info", True)


# --- cache.stampede -------------------------------------------------------------------------------


def test_callers_that_wait_for_one_load_get_grace() -> None:
    counts = counted("session", waits=900, loads=100, load_ns=40e9)
    (finding,) = stampedes.examine(evidence(counters=counts))
    assert "900 callers waited for 100 loads of 0.40 s" in finding.cause
    assert "cache policy set session --grace 30m" in finding.fix[0]
    assert finding.revert


def test_with_grace_the_key_or_the_warming_is_to_blame() -> None:
    counts = {"waits": 900, "loads": 100, "load_ns": 40e9}
    (warm,) = stampedes.examine(evidence(counters=counted("game_data", **counts)))
    assert warm.fix[0].startswith("Warm what is read most")
    (clear,) = stampedes.examine(
        evidence(counters=counted("game_data", invalidations=80, **counts))
    )
    assert clear.fix[0].startswith("Invalidate the keys that changed")


@pytest.mark.parametrize(
    ("waits", "loads", "load_ns"), [(99, 10, 10e9), (900, 400, 400e9), (900, 100, 5e9)]
)
def test_few_or_short_waits_are_left_alone(waits: int, loads: int, load_ns: float) -> None:
    counts = counted("game_data", waits=waits, loads=loads, load_ns=load_ns)
    assert stampedes.examine(evidence(counters=counts)) == []


# --- cache.invalidate_instead ---------------------------------------------------------------------


def test_loads_that_only_a_lifetime_asked_for_are_found() -> None:
    counts = counted("user_data", refreshes=900, loads=1000, load_ns=5e9)
    (finding,) = expiry_loads.examine(evidence(counters=counts))
    assert finding.severity == "info"
    assert "900 of 1000 loads read again what was still there" in finding.cause
    assert "cache policy set user_data --ttl 3h" in finding.fix[0]
    assert finding.expected_gain.startswith("Up to 750 loads")


def test_loads_that_take_a_processor_are_a_warning() -> None:
    counts = counted("user_data", refreshes=9000, loads=10_000, load_ns=5000e9)
    (finding,) = expiry_loads.examine(evidence(counters=counts))
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    ("category", "refreshes", "loads"),
    [
        ("game_data", 900, 1000),  # its truth lies with the provider
        ("user_data", 199, 200),
        ("user_data", 400, 1000),
    ],
)
def test_loads_of_what_changed_or_comes_from_outside_are_left_alone(
    category: str, refreshes: int, loads: int
) -> None:
    counts = counted(category, refreshes=refreshes, loads=loads)
    assert expiry_loads.examine(evidence(counters=counts)) == []


def test_a_lifetime_of_a_day_is_long_enough() -> None:
    policy = replace(Category.USER_DATA.policy, ttl=timedelta(hours=24))
    policies = {**evidence().policies, Category.USER_DATA: policy}
    counts = counted("user_data", refreshes=900, loads=1000)
    assert expiry_loads.examine(evidence(counters=counts, policies=policies)) == []


# --- cache.fragmentation --------------------------------------------------------------------------


def memory(ratios: list[float | None], used: float = 200 * MIB) -> Any:
    return fragmentation.examine(
        evidence(
            curves=curves(
                curve("cache.fragmentation", ratios),
                curve("cache.used_bytes", [used] * len(ratios)),
            )
        )
    )


def test_memory_in_pieces_for_hours_is_found() -> None:
    (finding,) = memory([1.1] * 20 + [1.8] * 40)
    assert "at least 1.8 times the memory" in finding.cause
    assert finding.fix[0] == "CONFIG SET activedefrag yes"


@pytest.mark.parametrize(
    ("ratios", "used"),
    [
        ([1.8] * 20 + [1.1] + [1.8] * 20, 200 * MIB),  # it came back
        ([1.8] * 20, 200 * MIB),  # three hours
        ([6.0] * 60, 5 * MIB),  # the program itself
        ([1.2] * 60, 200 * MIB),
    ],
)
def test_memory_that_is_whole_small_or_comes_back_is_left_alone(
    ratios: list[float | None], used: float
) -> None:
    assert memory(ratios, used) == []
