"""What a server keeps of its load: three ways in which operators leave it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.rig.optimizer_lab import PlantedLab

_CONSUMERS = "UPDATE performance_schema.setup_consumers SET enabled = '{}' WHERE name LIKE '{}'"
_HISTORY = "events_statements_%"

VARIANTS = ("history", "slow log", "digests")
"""The history's consumers on; the slow log in a table, from 0 s on; neither, as by default."""


def keep_all(lab: PlantedLab) -> None:
    """Let the server keep everything, before a load."""
    lab.execute(
        _CONSUMERS.format("YES", _HISTORY),
        "TRUNCATE TABLE mysql.slow_log",
        "SET GLOBAL log_output = 'TABLE', GLOBAL long_query_time = 0, GLOBAL slow_query_log = ON",
    )


@contextmanager
def variants(lab: PlantedLab) -> Iterator[Iterator[str]]:
    """Give each variant's name while the server is in it, and nothing but it."""
    yield _steps(lab)
    lab.execute("SET GLOBAL slow_query_log = OFF", _CONSUMERS.format("NO", _HISTORY))


def _steps(lab: PlantedLab) -> Iterator[str]:
    lab.execute(
        "SET GLOBAL slow_query_log = OFF",
        "RENAME TABLE mysql.slow_log TO mysql.slow_log_kept",
        "CREATE TABLE mysql.slow_log LIKE mysql.slow_log_kept",
    )
    yield "history"
    lab.execute(
        _CONSUMERS.format("NO", _HISTORY),
        "TRUNCATE TABLE performance_schema.events_statements_history",
        "TRUNCATE TABLE performance_schema.events_statements_history_long",
        "DROP TABLE mysql.slow_log",
        "RENAME TABLE mysql.slow_log_kept TO mysql.slow_log",
        "SET GLOBAL slow_query_log = ON",
    )
    yield "slow log"
    lab.execute("SET GLOBAL slow_query_log = OFF", "TRUNCATE TABLE mysql.slow_log")
    yield "digests"
