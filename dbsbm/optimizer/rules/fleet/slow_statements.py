"""Which statements are slow, and what in their plan makes them so?

Evidence: the slow statements that were seen in the window, with the plan that was captured when
they were slow, and the columns and indexes of their tables.

Silent where no statement was slower than SLOW_QUERY_SECONDS. A cause is named only where the plan
shows it: a scan of fewer than 1,000 rows is not what takes a second. An index is proposed only
where the statement's text leaves no doubt; otherwise the advice is to look.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding, Severity
from dbsbm.optimizer.fleet.candidate import Candidate, derive_index
from dbsbm.optimizer.fleet.evidence import Evidence, SlowQuery
from dbsbm.optimizer.fleet.plan import Step, expensive_steps
from dbsbm.optimizer.missing import Missing, present
from dbsbm.optimizer.rules.describe import counted

NAME = "fleet.slow_statements"

MIN_ROWS = 1000
"""Rows that are read within milliseconds whatever the plan."""
_OFTEN = 10
_VERY_SLOW_SECONDS = 5.0


def examine(evidence: Evidence) -> list[Finding]:
    """Report each slow statement with what its plan shows."""
    return [_finding(query, evidence) for query in present(evidence.slow_queries)]


def _finding(query: SlowQuery, evidence: Evidence) -> Finding:
    steps = _guilty_steps(query)
    index = _index(query, steps, evidence)
    return Finding(
        rule=NAME,
        object=f"statement {query.fingerprint}",
        severity=_severity(query),
        cause=f"{_seen(query)} {_cause(query, steps)}",
        evidence={
            "statement": query.text,
            "calls": query.calls,
            "total_seconds": query.total_seconds,
            "worst_seconds": query.worst_seconds,
            "plan": query.plan,
        },
        fix=_fix(query, index, steps),
        revert=() if index is None else (_drop(index, evidence.dialect),),
        expected_gain="Not measured: compare plan and time on a copy of the data first.",
        confidence=1.0 if steps else 0.5,
        risk="none" if index is None else "medium",
    )


def _guilty_steps(query: SlowQuery) -> list[Step]:
    return [
        step
        for step in expensive_steps(query.plan or [])
        if step.rows is None or step.rows >= MIN_ROWS
    ]


def _index(query: SlowQuery, steps: list[Step], evidence: Evidence) -> Candidate | None:
    if not steps or isinstance(evidence.tables, Missing):
        return None
    return derive_index(query.text, evidence.tables)


def _severity(query: SlowQuery) -> Severity:
    is_bad = query.calls >= _OFTEN or query.worst_seconds >= _VERY_SLOW_SECONDS
    return "warning" if is_bad else "info"


def _seen(query: SlowQuery) -> str:
    times = "once" if query.calls == 1 else f"{query.calls} times"
    return f"Seen slow {times}, {query.worst_seconds:.2f} s at worst."


def _cause(query: SlowQuery, steps: list[Step]) -> str:
    if query.plan is None:
        return "No plan was captured."
    if not steps:
        return "Its plan shows no large scan or sort: it waited for locks or a busy server."
    return f"Its plan has {' and '.join(_spoken(step) for step in steps)}."


def _spoken(step: Step) -> str:
    table = f" of {step.table}" if step.table else ""
    rows = "" if step.rows is None else f" ({counted(step.rows, 'row')} expected)"
    article = "an" if step.kind.startswith("i") else "a"
    return f"{article} {step.kind}{table}{rows}"


def _fix(query: SlowQuery, index: Candidate | None, steps: list[Step]) -> tuple[str, ...]:
    if index is not None:
        columns = ", ".join(index.columns)
        return (
            f"CREATE INDEX {index.name} ON {index.table} ({columns})",
            "Add it by a migration, and compare the plan before and after.",
        )
    if steps:
        return ("Inspect the statement: its text does not say which index would serve it.",)
    if query.plan is None:
        return ("Inspect the statement with EXPLAIN.",)
    return ("Inspect what ran at the same time: its plan does not explain the time.",)


def _drop(index: Candidate, dialect: str) -> str:
    where = "" if dialect == "sqlite" else f" ON {index.table}"
    return f"DROP INDEX {index.name}{where}"
