"""One question a file. Each says what it looks at and when it must stay silent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.rules.cache import cache_hit_rate, cache_limit
from dbsbm.optimizer.rules.fleet import (
    dead_letters,
    overdue_effects,
    pool_waits,
    queue_waits,
    slow_statements,
)

Rule = Callable[[Evidence], list[Finding]]

RULES: Mapping[str, Rule] = {
    rule.NAME: rule.examine
    for rule in (
        cache_hit_rate,
        cache_limit,
        dead_letters,
        overdue_effects,
        pool_waits,
        queue_waits,
        slow_statements,
    )
}
"""Every rule by its name. A rule raises NotEnabledError where its evidence is missing."""
