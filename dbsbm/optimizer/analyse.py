"""One analysis: every rule over one window of evidence, recorded as a run. Nothing is applied."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import redis
from pydantic import SecretStr
from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import OptimizerRun
from dbsbm.optimizer.examination import Examination, examine
from dbsbm.optimizer.fleet.gather import gather, gather_cache
from dbsbm.optimizer.ledger import Change, record
from dbsbm.optimizer.rules import CACHE_SERVER_RULES, RULES, SERVER_RULES
from dbsbm.optimizer.server.connection import Connection, ServerRefusedError
from dbsbm.optimizer.server.snapshot import read_case

log = logging.getLogger(__name__)

_SERVERS = {"mysql", "mariadb"}
_REST = 8.0
"""Seconds to wait for each second of a statement: an analysis is in no hurry, and the load is."""
_SAID = {"database.connections": "database.pool_size"}
"""Of the same limit, the fleet's own measurements tell more than the server's greatest number."""


def analyse(
    database: Database, cache_client: redis.Redis, *, window: timedelta, trace_id: str
) -> dict[str, Any]:
    """Look for what could be better in the fleet and its database, and record it.

    Args:
        database: Where the samples are and the findings go.
        cache_client: The cache's server, asked how full it is; it may be away.
        window: How far to look back.
        trace_id: The trace that the run belongs to.

    Returns:
        The report, as JSON can hold it: `run_id`; `findings`, each with its fields and `change`
        (new, known or back), worst first; `gone`, ids of findings that ended; `not_enabled`,
        a line for each reason why rules could not look; and `healthy`.

    Raises:
        TransientError: The database is away, so that nothing could be recorded.
    """
    started_at, started = datetime.now(UTC), perf_counter()
    examination = examine(gather(database, cache_client, window=window), RULES)
    if database.dialect in _SERVERS:
        examination.add(_analyse_own(database, window), said=_SAID)
    return record_run(
        database,
        examination,
        started_at=started_at,
        seconds=perf_counter() - started,
        trace_id=trace_id,
    )


def analyse_server(address: SecretStr, *, since: timedelta) -> Examination:
    """Look for what could be better in any MySQL or MariaDB database. Nothing is recorded.

    The server is only read, by one session whose statements end after a few seconds.

    Args:
        address: mysql://, mysql+pymysql:// or mariadb://. If it names a schema, that one is
            analysed, else all that the user may see.
        since: How far to look back: statements that did not run since then are left out.

    Raises:
        ServerRefusedError: There is nothing that may be read; the text says what to do.
        ServerAwayError: The server does not answer, or went away in the middle.
    """
    with Connection(address, rest=_REST) as server:
        case = read_case(server, since=since)
        examination = examine(case, SERVER_RULES)
    examination.unread.extend(f"load: {gap}" for gap in case.snapshot.gaps)
    return examination


def analyse_cache(cache_client: redis.Redis) -> Examination:
    """Look for what could be better in the server of any cache. Nothing is recorded."""
    return examine(gather_cache(cache_client), CACHE_SERVER_RULES)


def record_run(
    database: Database,
    examination: Examination,
    *,
    started_at: datetime,
    seconds: float,
    trace_id: str,
    target: str = "",
) -> dict[str, Any]:
    """Record a run with all that was found, or nothing of it.

    Args:
        database: Where to.
        examination: What the rules said.
        started_at: When the run began.
        seconds: How long it took.
        trace_id: The trace that it belongs to.
        target: The server that was examined, empty for the fleet's own; see Finding.

    Returns:
        The report, see `analyse`.

    Raises:
        TransientError: The database is away.
    """
    examination = examination.about(target)
    every_rule = RULES.keys() | SERVER_RULES.keys()
    blind = (every_rule - examination.asked) | examination.not_enabled.keys()

    def store(session: Session) -> tuple[int, dict[str, Change], list[str]]:
        run = _run(examination, started_at, seconds, trace_id)
        run.target = target
        session.add(run)
        session.flush()
        changes, gone = record(
            session,
            examination.findings,
            blind_rules=blind,
            run_id=run.id,
            now=started_at,
            target=target,
        )
        return run.id, changes, gone

    run_id, changes, gone = database.transact(store)
    _log(examination, changes, run_id)
    findings = [{**each.to_dict(), "change": changes[each.id]} for each in examination.findings]
    return {**report(examination), "run_id": run_id, "findings": findings, "gone": gone}


def report(examination: Examination) -> dict[str, Any]:
    """What was found, as JSON can hold it."""
    return {
        "findings": [each.to_dict() for each in examination.findings],
        "not_enabled": examination.lines,
        "healthy": examination.healthy,
    }


def _analyse_own(database: Database, window: timedelta) -> Examination:
    """The fleet's own database. That its user may read little does not stop the other rules."""
    address = SecretStr(database.engine.url.render_as_string(hide_password=False))
    try:
        return analyse_server(address, since=window)
    except ServerRefusedError as reason:
        blind = dict.fromkeys(SERVER_RULES, str(reason))
        return Examination(not_enabled=blind, asked=set(SERVER_RULES), blind=True)


def _run(
    examination: Examination, started_at: datetime, seconds: float, trace_id: str
) -> OptimizerRun:
    return OptimizerRun(
        started_at=started_at,
        seconds=seconds,
        rules=len(examination.asked - examination.not_enabled.keys()),
        findings=len(examination.findings),
        not_enabled=examination.lines,
        healthy=examination.healthy,
        trace_id=trace_id,
    )


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
