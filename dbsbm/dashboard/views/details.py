"""The pages of one thing: a task, a statement, an endpoint, a category, an incident, ..."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dbsbm.dashboard.reading.charts import Chart
from dbsbm.dashboard.reading.incidents import with_unit
from dbsbm.dashboard.reading.span import Span
from dbsbm.dashboard.reading.statements import plan_of
from dbsbm.dashboard.reading.stats import numbers, ratio, tidy
from dbsbm.dashboard.reading.tables import Sources, row_number
from dbsbm.dashboard.views.blocks import (
    Block,
    Fact,
    advice_block,
    chart_block,
    code_block,
    facts_block,
    list_block,
    table_block,
)
from dbsbm.dashboard.views.charts import CATEGORY, ENDPOINT, STATEMENT, TASK
from dbsbm.dashboard.views.evidence import evidence_blocks
from dbsbm.db.models import FindingRow, Incident, SlowStatement, Statement
from dbsbm.errors import UserError
from dbsbm.optimizer.applying import changes
from dbsbm.optimizer.applying.steps import next_commands
from dbsbm.optimizer.finding import short_id

View = dict[str, Any]
Reader = Callable[[Sources, Span, Sequence[str]], View]


def detail(sources: Sources, span: Span, section: str, names: Sequence[str]) -> View:
    """The page of one thing.

    Raises:
        UserError: There is no such page; the text says what to do.
    """
    known = _DETAILS.get((section, len(names)))
    if known is None:
        raise UserError("There is no such page: choose a section above.")
    return known(sources, span, names)


def _task(sources: Sources, span: Span, names: Sequence[str]) -> View:
    where = {"task": names[0]}
    facts = facts_block(*_measured(sources, span, "task.run", where))
    return _page(names[0], [facts, *_charts(TASK, where)])


def _endpoint(sources: Sources, span: Span, names: Sequence[str]) -> View:
    where = {"provider": names[0], "endpoint": names[1]}
    facts = facts_block(*_measured(sources, span, "provider.call", where))
    return _page(" ".join(names), [facts, *_charts(ENDPOINT, where)])


def _category(_sources: Sources, _span: Span, names: Sequence[str]) -> View:
    where = {"category": names[0]}
    return _page(f"Category {names[0]}", _charts(CATEGORY, where))


def _statement(sources: Sources, span: Span, names: Sequence[str]) -> View:
    where = {"fingerprint": names[0]}
    with sources.database.read() as session:
        statement = session.get(Statement, names[0])
        slow = session.get(SlowStatement, names[0])
    known = statement or slow
    text = known.text if known else "Its text is not known: it was last seen before the retention."
    seen: list[Fact] = []
    if statement is not None:
        seen = [
            ("table", statement.table, "code"),
            ("first seen", statement.first_seen.timestamp(), "time"),
            ("last seen", statement.last_seen.timestamp(), "time"),
        ]
    plan = plan_of(slow)
    blocks = [
        code_block("SQL, without literals", text),
        facts_block(*_measured(sources, span, "db.query", where), *seen),
        *([code_block("Plan, when it was slow", plan)] if plan else []),
        *_charts(STATEMENT, where),
    ]
    return _page(f"Statement {names[0]}", blocks)


def _trace(_sources: Sources, _span: Span, names: Sequence[str]) -> View:
    return _page(f"Trace {names[0]}", [table_block("trace", {"trace": names[0]})])


def _finding(sources: Sources, _span: Span, names: Sequence[str]) -> View:
    with sources.database.read() as session:
        row = session.get(FindingRow, names[0])
        in_force = bool(changes.in_force(session, names[0]))
    if row is None:
        raise UserError("There is no such finding: it may be older than RETENTION_DAYS.")
    blocks = [
        facts_block(
            ("severity", row.severity, "state"),
            ("state", row.state, "state"),
            ("rule", row.rule, "code"),
            ("confidence", row.confidence, "ratio"),
            ("risk of the fix", row.risk, "text"),
            ("server", row.target or None, "text"),
            ("expected gain", row.expected_gain, "text"),
            ("first seen", row.first_seen.timestamp(), "time"),
            ("last seen", row.last_seen.timestamp(), "time"),
        ),
        list_block("Cause", [row.cause]),
        *([advice_block("What helps", row.fix)] if row.fix else []),
        *([advice_block("How to undo that", row.revert)] if row.revert else []),
        advice_block("On the command line", _commands(row, in_force=in_force)),
        *evidence_blocks(row.evidence),
        *(_proof(row.id, row.proof) if row.proof else ()),
        table_block("finding-steps", {"finding": row.id}),
    ]
    return _page(row.object, blocks)


def _commands(row: FindingRow, *, in_force: bool) -> list[str]:
    """What an operator can type about a finding, as it stands."""
    show = f"python -m dbsbm optimizer show {short_id(row.id)}"
    return [show, *next_commands(row, in_force=in_force)]


def _proof(finding: str, proof: Mapping[str, Any]) -> Iterator[Block]:
    """How it was tried on copies: the verdict in words, and each statement in numbers."""
    before, after = proof["cost"]
    lines = [f"{proof['verdict'].capitalize()}.", *proof["reasons"]]
    if proof["statements"]:
        lines.append(f"What was replayed costs {before:,} before and {after:,} after.")
    lines += [
        f"Not replayed: {each['statement']}: {each['reason']}" for each in proof["not_replayed"]
    ]
    yield list_block("Proof", lines)
    if proof["statements"]:
        yield table_block("finding-proof", {"finding": finding})


def _incident(sources: Sources, _span: Span, names: Sequence[str]) -> View:
    with sources.database.read() as session:
        row = session.get(Incident, row_number(names[0]))
    if row is None:
        raise UserError("There is no such incident: those that ended 400 days ago are gone.")
    end = row.resolved_at or row.updated_at
    began = row.fired_at or row.started_at
    facts = facts_block(
        ("severity", row.severity, "state"),
        ("state", row.state, "state"),
        ("rule", row.rule, "code"),
        ("about", row.series or None, "code"),
        ("value", with_unit(row.value, row.unit), "text"),
        ("worst", with_unit(row.worst, row.unit), "text"),
        ("threshold", with_unit(row.threshold, row.unit), "text"),
        ("began", row.started_at.timestamp(), "time"),
        ("fired", None if row.fired_at is None else row.fired_at.timestamp(), "time"),
        ("resolved", None if row.resolved_at is None else row.resolved_at.timestamp(), "time"),
        ("lasted", (end - began).total_seconds(), "s"),
        ("acknowledged by", row.acknowledged_by, "text"),
        ("what to do", f"docs/alerts.md#{row.runbook}" if row.runbook else None, "code"),
    )
    blocks = [
        facts,
        *([{"kind": "actions", "incident": row.id}] if row.state != "resolved" else []),
        table_block("evidence", {"incident": str(row.id)}),
        table_block("changes-before", {"incident": str(row.id)}),
    ]
    return {**_page(row.effect, blocks), "level": row.severity}


def _measured(sources: Sources, span: Span, metric: str, where: Mapping[str, str]) -> list[Fact]:
    """What one thing came to in a span, and how much of all there is that was."""
    read = sources.history.summary
    whole = sum(each.total for each in read(metric, span.since, span.until))
    for each in read(metric, span.since, span.until, where=where):
        p50, p95 = numbers(each, ("p50", "p95"))
        return [
            ("runs", each.count, "count"),
            ("time", tidy(each.total), "s"),
            ("share of all time", ratio(each.total, whole), "ratio"),
            ("p50", p50, "s"),
            ("p95", p95, "s"),
            ("worst", tidy(each.high), "s"),
        ]
    return [("runs", 0, "count")]


def _charts(charts: Sequence[Chart], where: Mapping[str, str]) -> list[Block]:
    return [chart_block(chart, where) for chart in charts]


def _page(title: str, blocks: Sequence[Block]) -> View:
    return {"title": title, "blocks": list(blocks)}


_DETAILS: dict[tuple[str, int], Reader] = {
    ("tasks", 1): _task,
    ("queries", 1): _statement,
    ("calls", 2): _endpoint,
    ("cache", 1): _category,
    ("traces", 1): _trace,
    ("alerts", 1): _incident,
    ("findings", 1): _finding,
}
