"""One question a file. Each says what it looks at and when it must stay silent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.rules import cache, database, fleet, indexes, schema, statements, system
from dbsbm.optimizer.rules.cache import limit
from dbsbm.optimizer.server.case import Case

Rule = Callable[[Evidence], list[Finding]]
ServerRule = Callable[[Case], list[Finding]]

RULES: Mapping[str, Rule] = {
    rule.NAME: rule.examine for rule in chain(cache.RULES, fleet.RULES, system.RULES)
}
"""Every rule about the fleet by its name. It raises NotEnabledError where evidence is missing."""

SERVER_RULES: Mapping[str, ServerRule] = {
    rule.NAME: rule.examine
    for rule in chain(indexes.RULES, statements.RULES, schema.RULES, database.RULES)
}
"""Every rule about a MySQL or MariaDB server by its name; as above."""

CACHE_SERVER_RULES: Mapping[str, Rule] = {limit.NAME: limit.examine}
"""Those of RULES that need a cache's server alone, and no fleet."""
