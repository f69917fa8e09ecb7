"""One analysis: every rule over one window of evidence, recorded as a run. Advice only."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import redis
from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import OptimizerRun
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.fleet.gather import gather
from dbsbm.optimizer.ledger import Change, record
from dbsbm.optimizer.missing import NotEnabledError
from dbsbm.optimizer.rules import RULES, Rule

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Examination:
    """What the rules said.

    Attributes:
        not_enabled: Rule -> why it could not look.
    """

    findings: list[Finding] = field(default_factory=list)
    not_enabled: dict[str, str] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """True where every rule could look and none found more than `info`."""
        return not self.not_enabled and all(each.severity == "info" for each in self.findings)


def analyse(
    database: Database, cache_client: redis.Redis, *, window: timedelta, trace_id: str
) -> dict[str, Any]:
    """Look for what could be better, and record the run and its findings.

    Args:
        database: Where the samples are and the findings go.
        cache_client: The cache's server, asked how full it is; it may be away.
        window: How far to look back.
        trace_id: The trace that the run belongs to.

    Returns:
        The report, as JSON can hold it: `run_id`; `findings`, each with its fields and `change`
        (new, known or back), worst first; `gone`, ids of findings that ended; `not_enabled`,
        a line for each rule that could not look; and `healthy`.

    Raises:
        TransientError: The database is away, so that nothing could be recorded.
    """
    started_at, started = datetime.now(UTC), perf_counter()
    examination = examine(gather(database, cache_client, window=window))

    def store(session: Session) -> tuple[int, dict[str, Change], list[str]]:
        run = _run(examination, started_at, perf_counter() - started, trace_id)
        session.add(run)
        session.flush()
        changes, gone = record(
            session,
            examination.findings,
            blind_rules=examination.not_enabled,
            run_id=run.id,
            now=started_at,
        )
        return run.id, changes, gone

    run_id, changes, gone = database.transact(store)
    _log(examination, changes, run_id)
    return {
        "run_id": run_id,
        "findings": [
            {**each.to_dict(), "change": changes[each.id]} for each in examination.findings
        ],
        "gone": gone,
        "not_enabled": _lines(examination),
        "healthy": examination.healthy,
    }


def examine(evidence: Evidence, rules: Mapping[str, Rule] = RULES) -> Examination:
    """Ask every rule, each on its own: one that fails says so and stops no other."""
    examination = Examination()
    for name, rule in rules.items():
        try:
            examination.findings.extend(rule(evidence))
        except NotEnabledError as reason:
            examination.not_enabled[name] = str(reason)
        except Exception as error:
            log.exception(
                "The rule %s failed.", name, extra={"action": "optimizer.rule_failed", "rule": name}
            )
            examination.not_enabled[name] = f"The rule failed ({type(error).__name__})."
    order = ("critical", "warning", "info")
    examination.findings.sort(key=lambda each: (order.index(each.severity), each.rule, each.object))
    return examination


def _run(
    examination: Examination, started_at: datetime, seconds: float, trace_id: str
) -> OptimizerRun:
    return OptimizerRun(
        started_at=started_at,
        seconds=seconds,
        rules=len(RULES) - len(examination.not_enabled),
        findings=len(examination.findings),
        not_enabled=_lines(examination),
        healthy=examination.healthy,
        trace_id=trace_id,
    )


def _lines(examination: Examination) -> list[str]:
    return [f"{rule}: {reason}" for rule, reason in examination.not_enabled.items()]


def _log(examination: Examination, changes: Mapping[str, Change], run_id: int) -> None:
    for finding in examination.findings:
        if changes[finding.id] != "known":
            log.log(
                logging.INFO if finding.severity == "info" else logging.WARNING,
                "%s: %s",
                finding.object,
                finding.cause,
                extra={
                    "action": "optimizer.found",
                    "finding": finding.id,
                    "rule": finding.rule,
                    "run": run_id,
                },
            )
