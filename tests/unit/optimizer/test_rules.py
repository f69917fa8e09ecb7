from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dbsbm.cache.categories import Category
from dbsbm.optimizer.fleet.evidence import (
    CacheMemory,
    Counters,
    DeadLetters,
    OverdueEffects,
    SlowQuery,
    Table,
)
from dbsbm.optimizer.missing import Missing, NotEnabledError
from dbsbm.optimizer.rules import RULES
from dbsbm.optimizer.rules.cache import hit_rate, limit
from dbsbm.optimizer.rules.describe import counted
from dbsbm.optimizer.rules.fleet import (
    dead_letters,
    overdue_effects,
    pool_waits,
    queue_waits,
    slow_statements,
)
from tests.unit.optimizer.evidence import counters, curve, curves, evidence, total

AWAY = Missing("It is away.")


NEEDED = {
    "cache.evictions": ("counters", "cache_memory", "evicted_keys"),
    "cache.fragmentation": ("curves",),
    "cache.hit_rate": ("counters", "policies"),
    "cache.hot_key": ("counters", "policies", "hot_keys"),
    "cache.invalidate_instead": ("counters", "policies", "covered"),
    "cache.limit": ("cache_memory",),
    "cache.never_read": ("counters", "covered"),
    "cache.oversized": ("counters", "policies"),
    "cache.stampede": ("counters", "policies"),
    "database.pool_leak": ("curves",),
    "database.pool_size": ("counters",),
    "database.pool_waits": ("counters",),
    "fleet.concurrency": ("curves",),
    "fleet.dead_letters": ("dead_letters",),
    "fleet.games_ahead": ("games", "curves"),
    "fleet.images_drawn_twice": ("counters", "policies"),
    "fleet.job_overlap": ("jobs",),
    "fleet.late_answers": ("counters",),
    "fleet.memory_growth": ("curves",),
    "fleet.overdue_effects": ("overdue_effects",),
    "fleet.prefetch": ("curves",),
    "fleet.queue_waits": ("counters", "covered"),
    "fleet.quota": ("trends",),
    "fleet.retries": ("curves",),
    "fleet.slow_statements": ("slow_queries",),
    "fleet.starvation": ("counters",),
    "fleet.worker_losses": ("counters",),
    "system.broker_memory": ("trends",),
    "system.disk": ("trends",),
    "system.memory": ("trends",),
    "system.table_growth": ("trends",),
}
"""Rule -> the parts of the evidence without which it cannot look."""

# They say of an empty history that nothing was measured.
UNMEASURED = {
    *("database.pool_waits", "system.broker_memory", "system.disk", "system.memory"),
    "system.table_growth",
}


@pytest.mark.parametrize(
    ("rule", "part"), [(rule, part) for rule, parts in NEEDED.items() for part in parts]
)
def test_a_rule_without_its_evidence_says_so(rule: str, part: str) -> None:
    with pytest.raises(NotEnabledError, match="It is away"):
        RULES[rule](evidence(**{part: AWAY}))


def test_every_rule_of_the_fleet_is_tested_for_missing_evidence() -> None:
    asked = {name for name in RULES if name.partition(".")[0] in {"cache", "fleet", "system"}}
    assert NEEDED.keys() - RULES.keys() == set()
    # Rules on what is learned and on repeated calls have tests of their own.
    assert asked - NEEDED.keys() <= {
        "cache.ttl_too_long",
        "cache.ttl_too_short",
        "fleet.n_plus_one",
    }


@pytest.mark.parametrize("rule", sorted(NEEDED.keys() - UNMEASURED))
def test_a_rule_is_silent_where_nothing_happened(rule: str) -> None:
    assert RULES[rule](evidence()) == []


@pytest.mark.parametrize("rule", sorted(UNMEASURED))
def test_a_rule_does_not_call_healthy_what_nobody_measured(rule: str) -> None:
    with pytest.raises(NotEnabledError, match=r"measured|samples"):
        RULES[rule](evidence())


# --- cache.hit_rate -------------------------------------------------------------------------------


def cache_counts(category: str = "game_data", **counts: float) -> Counters:
    return counters(
        *(total(f"cache.{name}", count, category=category) for name, count in counts.items())
    )


@pytest.mark.parametrize(
    ("hits", "misses", "is_found"),
    [
        (0, 199, False),  # too few reads to say anything
        (0, 200, True),
        (150, 50, False),  # 75 %, but 200 reads allow for 80 %
        (140, 60, True),  # 70 % do not
        (7_900, 2_100, True),  # many reads tell 79 % from 80 %
        (8_000, 2_000, False),
        (100_000, 1, False),
    ],
)
def test_a_hit_rate_is_low_only_where_chance_cannot_explain_it(
    hits: int, misses: int, is_found: bool
) -> None:
    found = hit_rate.examine(evidence(counters=cache_counts(hits=hits, misses=misses, sets=misses)))
    assert bool(found) == is_found


def test_each_category_is_looked_at_alone() -> None:
    good = [total("cache.hits", 10_000, category="game_data")]
    bad = [
        total("cache.hits", 10, category="session"),
        total("cache.misses", 990, category="session"),
    ]
    (finding,) = hit_rate.examine(evidence(counters=counters(*good, *bad)))
    assert finding.object == "category session"
    assert finding.cause.startswith("1% of 1000 reads were hits.")
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    ("counts", "evicted", "cause", "fix"),
    [
        ({"errors": 100, "sets": 10}, 0, "100 calls failed", "Look at the cache's server"),
        ({"drops": 60, "sets": 40}, 0, "60 values were not stored", "Store less in one value"),
        ({"sets": 0}, 0, "nothing was stored", "Read through get_or_load"),
        ({"sets": 500, "invalidations": 300}, 0, "300 invalidations removed", "Invalidate the key"),
        ({"sets": 500}, 200, "the server evicted 40%", "Raise the server's maxmemory"),
        ({"sets": 500}, 0, "is hit 0.2 times before its TTL of 15 min ends", "Warm the keys"),
    ],
)
def test_the_likely_cause_is_named(
    counts: dict[str, float], evicted: int, cause: str, fix: str
) -> None:
    found = hit_rate.examine(
        evidence(counters=cache_counts(hits=100, misses=400, **counts), evicted_keys=evicted)
    )
    assert cause in found[0].cause
    assert found[0].fix[0].startswith(fix)


def test_the_lifetime_is_the_one_in_force_and_not_the_codes() -> None:
    changed = replace(Category.GAME_DATA.policy, ttl=timedelta(minutes=2), max_bytes=1024)
    policies = {**evidence().policies, Category.GAME_DATA: changed}
    counted = cache_counts(hits=100, misses=400, sets=500)
    (finding,) = hit_rate.examine(evidence(counters=counted, policies=policies))
    assert "before its TTL of 2 min ends" in finding.cause
    assert finding.evidence["ttl_seconds"] == 120
    dropped = cache_counts(hits=100, misses=400, sets=40, drops=60)
    (finding,) = hit_rate.examine(evidence(counters=dropped, policies=policies))
    assert "larger than 1024 bytes" in finding.cause


def test_evictions_that_nobody_counted_are_no_cause() -> None:
    found = hit_rate.examine(
        evidence(counters=cache_counts(hits=100, misses=400, sets=500), evicted_keys=AWAY)
    )
    assert "TTL" in found[0].cause


def test_the_gain_is_arithmetic_on_the_windows_numbers() -> None:
    found = hit_rate.examine(
        evidence(
            counters=cache_counts(hits=100, misses=400, sets=400, loads=400, load_ns=400 * 10**8)
        )
    )
    assert found[0].expected_gain == (
        "At 80 %, 300 of 400 misses would have been hits, sparing about 30 s of loading."
    )


# --- cache.limit ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("max_bytes", "policy", "cause"),
    [
        (0, "allkeys-lfu", "no memory limit"),
        (0, "noeviction", "no memory limit"),
        (1000, "noeviction", "refuses writes"),
        (1000, "allkeys-lfu", None),
        (1000, "volatile-ttl", None),
    ],
)
def test_a_cache_must_have_a_limit_and_evict_at_it(
    max_bytes: int, policy: str, cause: str | None
) -> None:
    found = limit.examine(evidence(cache_memory=CacheMemory(1000, max_bytes, policy)))
    assert [cause in finding.cause for finding in found if cause] == ([True] if cause else [])
    assert bool(found) == bool(cause)


# --- dead_letters ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "before", "severity"), [(1, 0, "warning"), (3, 2, "critical"), (2, 5, "warning")]
)
def test_dead_letters_are_critical_when_they_grow(count: int, before: int, severity: str) -> None:
    letters = DeadLetters("outbox", "tasks.discord.deliver", count, before)
    (finding,) = dead_letters.examine(evidence(dead_letters=(letters,)))
    assert finding.severity == severity
    assert finding.object == "outbox tasks.discord.deliver"
    assert f"given up {'1 time' if count == 1 else f'{count} times'} and" in finding.cause


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 rows are"),
        (1, "1 row is"),
        (1.0, "1 row is"),
        (1.4, "1.4 rows are"),
        (5000, "5,000 rows are"),
    ],
)
def test_one_is_counted_as_one(number: float, said: str) -> None:
    assert counted(number, "row is", "rows are") == said


# --- overdue_effects ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "attempts", "severity", "why"),
    [
        (6, 0, "warning", "The relay has never sent them."),
        (6, 3, "warning", "They are sent and do not end well."),
        (16, 3, "critical", "They are sent and do not end well."),
    ],
)
def test_overdue_effects_say_who_is_to_blame(
    minutes: int, attempts: int, severity: str, why: str
) -> None:
    effects = OverdueEffects("tasks.slips.render", 4, timedelta(minutes=minutes), attempts)
    (finding,) = overdue_effects.examine(evidence(overdue_effects=(effects,)))
    assert finding.severity == severity
    assert why in finding.cause


# --- pool_waits -----------------------------------------------------------------------------------


def pool_counts(checkouts: int, waited: int, timeouts: int = 0) -> Counters:
    return counters(
        total("db.pool_wait.count", checkouts),
        total("db.pool_wait.max", 9, 0.7),
        total("db.pool_wait_long", waited),
        total("db.pool_timeouts", timeouts),
        total("db.pool.size.max", 9, 5),
        total("db.pool.overflow.max", 9, 3),
    )


@pytest.mark.parametrize(
    ("checkouts", "waited", "timeouts", "severity"),
    [
        (199, 199, 0, None),
        (200, 20, 0, "warning"),
        (200, 3, 0, None),  # 1.5 %, but few
        (100_000, 1_500, 0, "warning"),  # 1.5 % of many
        (100_000, 900, 0, None),
        (10, 1, 1, "critical"),
    ],
)
def test_pool_waits_are_reported_where_they_are_sure(
    checkouts: int, waited: int, timeouts: int, severity: str | None
) -> None:
    found = pool_waits.examine(evidence(counters=pool_counts(checkouts, waited, timeouts)))
    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_the_advice_on_the_pool_has_numbers() -> None:
    (finding,) = pool_waits.examine(evidence(counters=pool_counts(1000, 200)))
    assert "200 of 1000 check-outs waited more than 50 ms" in finding.cause
    assert "the longest 0.70 s" in finding.cause
    assert finding.fix[0] == "Raise DB_POOL_SIZE from 5 to 8."
    assert finding.revert == ("Set DB_POOL_SIZE to 5.",)


def test_a_pool_that_nobody_measured_is_not_called_healthy() -> None:
    with pytest.raises(NotEnabledError, match="measured its database pool"):
        pool_waits.examine(evidence())


# --- queue_waits ----------------------------------------------------------------------------------


def queue_counts(tasks: int, waited: int, queue: str = "images") -> Counters:
    return counters(
        total("task.wait.count", tasks, queue=queue),
        total("task.wait.sum", tasks * 0.5, queue=queue),
        total("task.wait.max", 9, 12.5, queue=queue),
        total("task.wait_long", waited, queue=queue),
        total("task.run.sum", 5400, task="tasks.slips.render", queue=queue, outcome="ok"),
        total("task.run.sum", 1800, task="tasks.other", queue=queue, outcome="ok"),
        total("task.run.sum", 9999, task="tasks.elsewhere", queue="fetch", outcome="ok"),
    )


@pytest.mark.parametrize(
    ("tasks", "waited", "is_found"),
    [(199, 199, False), (200, 30, True), (200, 14, False), (10_000, 700, True), (10_000, 0, False)],
)
def test_queue_waits_are_reported_where_they_are_sure(
    tasks: int, waited: int, is_found: bool
) -> None:
    found = queue_waits.examine(evidence(counters=queue_counts(tasks, waited)))
    assert bool(found) == is_found


def test_a_queues_load_and_its_heaviest_task_are_named() -> None:
    (finding,) = queue_waits.examine(
        evidence(counters=queue_counts(1000, 500), covered=timedelta(hours=1))
    )
    assert finding.object == "queue images"
    assert "500 of 1000 tasks waited more than 1 s" in finding.cause
    assert "the longest 12.5 s" in finding.cause
    assert "2.00 tasks ran at once on average, 75% of the time in tasks.slips.render" in (
        finding.cause
    )


@pytest.mark.parametrize(
    ("seconds_a_step", "advice"),
    [(570.0, "Run 2 pool processes"), (60.0, "Look for what holds its tasks up though")],
)
def test_more_processes_are_advised_only_where_the_pool_had_no_room(
    seconds_a_step: float, advice: str
) -> None:
    ran = curve("task.run", [seconds_a_step] * 12, kind="distribution", task="t", queue="images")
    lived = curve("process.memory_bytes", [1e8] * 12, role="worker.images", process="1.1")
    (finding,) = queue_waits.examine(
        evidence(counters=queue_counts(1000, 500), curves=curves(ran, lived))
    )
    assert finding.fix[0].startswith(advice)
    assert f"its pool of 1 was {seconds_a_step / 600:.0%} busy" in finding.cause


def test_nobody_waits_for_maintenance() -> None:
    (finding,) = queue_waits.examine(evidence(counters=queue_counts(1000, 500, "maintenance")))
    assert finding.severity == "info"


# --- slow_statements ------------------------------------------------------------------------------

SCAN = [{"table": "bets", "type": "ALL", "rows": 80_000, "Extra": "Using where; Using filesort"}]
TABLES = {"bets": Table(frozenset({"id", "note_id", "placed_at"}), (("id",),))}


def slow(text: str, plan: list[dict[str, Any]] | None, **changes: Any) -> SlowQuery:
    values = {"calls": 1, "total_seconds": 1.5, "worst_seconds": 1.5, **changes}
    return SlowQuery("0123456789abcdef", text, plan=plan, **values)


def test_the_scan_and_the_sort_of_a_slow_statement_are_named_and_an_index_proposed() -> None:
    query = slow("SELECT id FROM bets WHERE note_id = ? ORDER BY placed_at", SCAN)
    (finding,) = slow_statements.examine(evidence(slow_queries=(query,), tables=TABLES))
    assert finding.object == "statement 0123456789abcdef"
    assert finding.cause == (
        "Seen slow once, 1.50 s at worst. Its plan has a full scan of bets (80,000 rows expected) "
        "and a sort of bets (80,000 rows expected)."
    )
    index = "ix_bets_note_id_placed_at"
    assert finding.fix[0] == f"CREATE INDEX {index} ON bets (note_id, placed_at)"
    assert finding.revert == (f"DROP INDEX {index} ON bets",)
    assert finding.severity == "info"


def test_sqlite_drops_an_index_by_its_name_alone() -> None:
    query = slow("SELECT id FROM bets WHERE note_id = ?", [{"detail": "SCAN bets"}])
    (finding,) = slow_statements.examine(
        evidence(slow_queries=(query,), tables=TABLES, dialect="sqlite")
    )
    assert finding.revert == ("DROP INDEX ix_bets_note_id",)


@pytest.mark.parametrize("tables", [TABLES, AWAY])
def test_a_statement_that_leaves_doubt_gets_no_index(tables: Any) -> None:
    query = slow("SELECT id FROM bets b JOIN games ON b.id = note_id", SCAN)
    (finding,) = slow_statements.examine(evidence(slow_queries=(query,), tables=tables))
    assert finding.fix[0].startswith("Inspect the statement: its text does not say")
    assert (finding.revert, finding.risk) == ((), "none")


def test_a_scan_of_few_rows_is_not_blamed() -> None:
    plan = [{"table": "bets", "type": "ALL", "rows": 30}]
    query = slow("SELECT id FROM bets WHERE note_id = ?", plan)
    (finding,) = slow_statements.examine(evidence(slow_queries=(query,), tables=TABLES))
    assert "it waited for locks or a busy server" in finding.cause
    assert finding.fix[0].startswith("Inspect what ran at the same time")
    assert finding.confidence == 0.5


def test_a_statement_without_a_plan_is_reported_as_such() -> None:
    query = slow("SELECT id FROM bets WHERE note_id = ?", None)
    (finding,) = slow_statements.examine(evidence(slow_queries=(query,), tables=TABLES))
    assert finding.cause.endswith("No plan was captured.")
    assert finding.fix == ("Inspect the statement with EXPLAIN.",)


@pytest.mark.parametrize(
    ("calls", "worst", "severity"), [(9, 4.9, "info"), (10, 1.1, "warning"), (1, 5.0, "warning")]
)
def test_a_statement_is_a_warning_when_it_is_often_or_very_slow(
    calls: int, worst: float, severity: str
) -> None:
    query = slow("COMMIT", None, calls=calls, worst_seconds=worst)
    (finding,) = slow_statements.examine(evidence(slow_queries=(query,)))
    assert finding.severity == severity


# --- all ------------------------------------------------------------------------------------------


def test_every_finding_fits_its_row() -> None:
    longest = evidence(
        counters=counters(
            *(total("cache.misses", 10**12, category=category) for category in Category),
            *(total("cache.loads", 1, category=category) for category in Category),
            *(total("cache.load_ns", 10**20, category=category) for category in Category),
            total("db.pool_wait.count", 10**9),
            total("db.pool_wait_long", 10**9),
            total("db.pool_timeouts", 10**9),
            total("task.wait.count", 10**9, queue="q" * 64),
            total("task.wait_long", 10**9, queue="q" * 64),
        ),
        slow_queries=(slow("SELECT id FROM bets WHERE note_id = ?", SCAN),),
        tables=TABLES,
        dead_letters=(DeadLetters("s" * 16, "t" * 64, 10**9, 10**9),),
        overdue_effects=(OverdueEffects("t" * 64, 10**9, timedelta(days=999), 99),),
        cache_memory=CacheMemory(10**15, 0, "noeviction"),
    )
    findings = [
        finding
        for rule in (
            *(hit_rate, limit, dead_letters, overdue_effects, pool_waits, queue_waits),
            slow_statements,
        )
        for finding in rule.examine(longest)
    ]
    assert len({finding.rule for finding in findings}) == 7
    for finding in findings:
        assert len(finding.object) <= 190
        assert len(finding.expected_gain) <= 190
        assert len(finding.rule) <= 64
        assert finding.fix
        json.dumps(finding.to_dict())
