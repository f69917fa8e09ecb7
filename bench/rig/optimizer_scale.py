"""What an analysis costs on a server with many tables and many kinds of statements."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import combinations
from random import Random

from bench.harness import Measurement, Row
from bench.rig import optimizer_columns as columns
from bench.rig import optimizer_evidence, optimizer_product
from bench.rig.optimizer_blueprint import Blueprint, Table
from bench.rig.optimizer_draft import Draft
from bench.rig.optimizer_lab import PlantedLab
from bench.rig.optimizer_server import ForwardServer, have_clock, running

TABLES, FINGERPRINTS = 200, 2_000
CONNECTIONS = 4
"""Connections that keep the server busy while it is analysed."""
ANALYST = "analyst"


def rows(*, quick: bool, seed: int | None = None) -> Iterator[Row]:
    """Seconds of an analysis, and its share of the time that the server spends on statements."""
    have_clock()
    with running() as server:
        lab = PlantedLab(server, blueprint(seed or 1))
        lab.build()
        optimizer_evidence.keep_all(lab)
        lab.run_load()
        measured = [_analysed(lab, server) for _ in range(1 if quick else 3)]
    for row, unit, values, floor, aim in (
        (f"analysing {TABLES} tables, {FINGERPRINTS} fingerprints", "s", 0, 60.0, 20.0),
        ("share of the database's time meanwhile", "share", 1, 0.05, 0.02),
    ):
        taken = Measurement([each[values] for each in measured])
        yield Row(
            row, taken.median, unit, floor=floor, aim=aim, runs=taken.runs, spread=taken.spread
        )


def blueprint(seed: int) -> Blueprint:
    """Return many tables with ten kinds of statements each; a tenth of the kinds read no index."""
    draft = Draft(seed)
    for number in range(TABLES):
        table = draft.table(600 + number % 7 * 100, shared=False)
        owner = draft.column(table, "owner", columns.number, 90)
        code = draft.column(table, "code", columns.serial, "X")
        score = draft.column(table, "score", columns.number, 400)
        when = draft.column(table, "when", columns.moment, 300)
        table.index(owner, when)
        table.index(code)
        if number % 10:
            table.index(score)
        _statements(draft, table, (owner, code, score))
    return draft.made


def _statements(draft: Draft, table: Table, by: tuple[str, ...]) -> None:
    names = [name for name in table.columns if name not in table.primary]
    lists = [", ".join(pair) for pair in combinations(names, 2)]
    for number in range(FINGERPRINTS // TABLES):
        column = by[number % len(by)]
        sql = f"SELECT {lists[number]} FROM {table.name} WHERE {column} = %s LIMIT 50"
        draft.load(table, sql, table.values(column), 2)


def _analysed(lab: PlantedLab, server: ForwardServer) -> tuple[float, float]:
    """Analyse a busy server; return the seconds, and the share of its statements' time."""
    url = _analyst(lab, server)
    before = _statement_time(lab)
    with _busy(lab):
        report = optimizer_product.analyse(url, server.clock())
    after = _statement_time(lab)
    spent = {user: seconds - before.get(user, 0.0) for user, seconds in after.items()}
    share = spent.get(ANALYST, 0.0) / sum(spent.values())
    return (report.seconds, share) if not report.problem else (optimizer_product.TIMEOUT, 1.0)


def _analyst(lab: PlantedLab, server: ForwardServer) -> str:
    """Return the URL of a user of its own, whose time can be told from the load's."""
    lab.execute(
        f"CREATE USER IF NOT EXISTS '{ANALYST}'@'127.0.0.1' IDENTIFIED BY '{ANALYST}'",
        f"GRANT ALL PRIVILEGES ON *.* TO '{ANALYST}'@'127.0.0.1'",
    )
    return f"mysql+pymysql://{ANALYST}:{ANALYST}@127.0.0.1:{server.port}/"


@contextmanager
def _busy(lab: PlantedLab) -> Iterator[None]:
    stop = threading.Event()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        running = [
            pool.submit(lab.keep_running, stop, Random(number)) for number in range(CONNECTIONS)
        ]
        try:
            yield
        finally:
            stop.set()
        for each in running:
            each.result()


def _statement_time(lab: PlantedLab) -> dict[str, float]:
    """Return the seconds that each user's statements have taken."""
    rows = lab.rows(
        "SELECT user, SUM(sum_timer_wait) / 1e12 "
        "FROM performance_schema.events_statements_summary_by_user_by_event_name "
        "WHERE user IS NOT NULL AND event_name LIKE 'statement/sql/%' GROUP BY user"
    )
    return {user: float(seconds or 0) for user, seconds in rows}
