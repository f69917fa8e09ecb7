"""Tries a finding's change on copies of its tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from time import monotonic
from typing import Any

from dbsbm.errors import UserError
from dbsbm.optimizer.applying.ddl import Alteration, read_fix
from dbsbm.optimizer.applying.layout import keys_of, plain
from dbsbm.optimizer.applying.plan import NoLongerTrueError, make_plan
from dbsbm.optimizer.applying.target import NO_SUCH_TABLE
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.proof.bench import Bench
from dbsbm.optimizer.proof.foreign_keys import relied_on_by_key
from dbsbm.optimizer.proof.judging import Trial, Tried, Verdict, Writes, judge
from dbsbm.optimizer.proof.measuring import Reading, measure
from dbsbm.optimizer.proof.replay import Replayed, prepare, reads, statements_on, tables_of
from dbsbm.optimizer.proof.shadow import (
    NotCopiedError,
    Shadow,
    check_kinds,
    check_size,
    drop_leftovers,
    keeps_its_rows,
    shadow_of,
)
from dbsbm.optimizer.proof.values import Values
from dbsbm.optimizer.proof.writes import entries_written, seconds_per_row
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.connection import QueryError, ServerRefusedError
from dbsbm.optimizer.server.model import Load, Table
from dbsbm.optimizer.server.quoting import quoted

_NO_COPIES = "The user may not make copies: GRANT ALL ON `%\\_\\_shadow\\_%`.* to it."
_REFUSED = {
    1044: _NO_COPIES,
    1142: _NO_COPIES,
    1146: "A table that it is about is not there any more.",
    1227: _NO_COPIES,
    1290: "The server is read-only: copies cannot be made on it.",
    1845: "The server can do it only while nobody writes.",
    1846: "The server can do it only while nobody writes.",
    1969: "Copying the tables took too long.",
}


def prove(case: Case, finding: Finding, bench: Bench) -> dict[str, Any]:
    """Try a finding's change on copies of the tables that its statements use.

    Args:
        case: The server as it was read just now.
        finding: What is to be tried.
        bench: A session on the same server that may make and drop schemas.

    Returns:
        The proof as JSON can hold it, without any literal: `verdict` (proved, not proved or needs
        a person), `reasons` against the change, `cost` of all
        that was read before and after, `statements` with rows, pages and milliseconds
        before and after, `not_replayed`, `writes`, `copied` rows by table, `layout` by which the
        proof is known to be of the table as it is, `fix`, and `tried_at`.

    Raises:
        UserError: The finding's fix is no change of one table, or the table is not there.
        ServerRefusedError: The user may not see the table.
        ServerAwayError: The server went away; its copies are dropped by the next proof.
    """
    drop_leftovers(bench)
    change = read_fix(finding.fix, bench.schema)
    table = case.snapshot.tables.get((change.schema, change.table))
    if table is None:
        raise UserError(f"There is no table {change.schema}.{change.table} any more.")
    return {**_Proof(case, change, table, bench).try_it(), "fix": list(finding.fix)}


def layout_digest(layout: str) -> str:
    """A short name for a table's layout: a proof of another layout says nothing."""
    return blake2b(plain(layout).encode(), digest_size=16).hexdigest()


class _Proof:
    """One trial of one change."""

    def __init__(self, case: Case, change: Alteration, table: Table, bench: Bench) -> None:
        self._case = case
        self._change = change
        self._table = table
        self._bench = bench
        self._key = (table.schema, table.name)
        self._statements = statements_on(case, self._key)
        self._deadline = monotonic() + bench.proof_seconds
        self._layout = self._layout_of(f"{quoted(table.schema)}.{quoted(table.name)}")

    def try_it(self) -> dict[str, Any]:
        if relied_on_by_key(self._case.snapshot.tables.values(), self._table, self._change):
            return self._proof("not proved", ["A foreign key needs the index."])
        copied = self._to_copy()
        try:
            check_kinds([self._table])
            check_size([self._table])
            with shadow_of(self._bench, copied, until=self._deadline) as shadow:
                return self._try_on(shadow, copied)
        except NotCopiedError as reason:
            return self._proof("needs a person", [str(reason)])
        except NoLongerTrueError as reason:
            return self._proof("not proved", [str(reason)])
        except QueryError as error:
            reason_text = _REFUSED.get(error.code, f"The server refused (error {error.code}).")
            return self._proof("needs a person", [reason_text])

    def _try_on(self, shadow: Shadow, copied: Sequence[Table]) -> dict[str, Any]:
        values = Values(self._bench, shadow, copied)
        replayed = [
            prepare(self._case, load, shape, shadow, values)
            for load, shape in self._statements
            if reads(load, shape)
        ]
        before = [self._measure(each) for each in replayed]
        write_before = seconds_per_row(self._bench, shadow, self._table)
        plan = make_plan(
            replace(self._change, schema=shadow.schemas[self._table.schema]),
            self._layout_of(shadow.name(*self._key)),
            self._bench.flavor,
        )
        self._bench.run(plan.first)
        self._bench.rows(f"ANALYZE TABLE {shadow.name(*self._key)}")
        after = [self._measure(each) for each in replayed]
        if plan.last is not None:
            self._bench.run(plan.last)
        write_after = seconds_per_row(self._bench, shadow, self._table)
        return self._judged(replayed, before, after, (write_before, write_after), copied)

    def _measure(self, replayed: Replayed) -> dict[str, Reading]:
        """Readings of the variants that ran, within the time that is left."""
        readings: dict[str, Reading] = {}
        self._bench.run(f"USE {quoted(replayed.schema)}")
        self._bench.run("START TRANSACTION READ ONLY")
        try:
            for variant in replayed.variants:
                if monotonic() > self._deadline:
                    break
                try:
                    readings[variant.name] = measure(self._bench, variant.sql)
                except QueryError:
                    continue  # it has no reading, and counts as not replayed
        finally:
            self._bench.run("ROLLBACK")
        return readings

    def _judged(
        self,
        replayed: Sequence[Replayed],
        before: Sequence[dict[str, Reading]],
        after: Sequence[dict[str, Reading]],
        seconds: tuple[float | None, float | None],
        copied: Iterable[Table],
    ) -> dict[str, Any]:
        tried, unknown = [], []
        for each, old, new in zip(replayed, before, after, strict=True):
            trials = tuple(Trial(name, old[name], new[name]) for name in old if name in new)
            if trials and len(trials) == len(old):
                tried.append(Tried(each.load, trials))
            else:
                unknown.append((each.load, each.reason or "It failed, or took too long."))
        entries = entries_written(self._statements, self._key, self._change, keys_of(self._layout))
        writes = Writes(entries, seconds)
        verdict, reasons = judge(
            tried,
            [load for load, _ in unknown],
            writes,
            makes_index=bool(self._change.adds),
            takes_index=bool(self._change.drops or self._change.hides),
        )
        return self._proof(verdict, reasons, tried, unknown, writes) | {
            "copied": {f"{table.schema}.{table.name}": table.rows for table in copied}
        }

    def _proof(
        self,
        verdict: Verdict,
        reasons: Sequence[str],
        tried: Sequence[Tried] = (),
        unknown: Sequence[tuple[Load, str]] = (),
        writes: Writes | None = None,
    ) -> dict[str, Any]:
        costs = [each.costs for each in tried]
        return {
            "verdict": verdict,
            "reasons": list(reasons),
            "cost": [round(sum(side)) for side in zip(*costs, strict=True)] or [0, 0],
            "statements": [each.to_dict() for each in tried],
            "not_replayed": [
                {"digest": load.digest, "statement": load.text, "reason": reason}
                for load, reason in unknown
            ],
            "writes": None if writes is None else writes.to_dict(),
            "layout": layout_digest(self._layout),
            "tried_at": datetime.now(UTC).isoformat(),
        }

    def _to_copy(self) -> list[Table]:
        """The table, and those that its statements join, the cheapest first, as far as they fit."""
        tables = self._case.snapshot.tables
        joined = {
            key
            for _, shape in self._statements
            for key in tables_of(shape)
            if key in tables and key != self._key and keeps_its_rows(tables[key])
        }
        copied = [self._table]
        for table in sorted((tables[key] for key in joined), key=lambda each: each.bytes):
            try:
                check_size([*copied, table])
            except NotCopiedError:
                break
            copied.append(table)
        return copied

    def _layout_of(self, name: str) -> str:
        try:
            (row,) = self._bench.rows(f"SHOW CREATE TABLE {name}")
        except QueryError as error:
            if error.denied:
                raise ServerRefusedError(
                    f"The user may not see {name}: grant SELECT on it."
                ) from None
            if error.code in NO_SUCH_TABLE:
                raise UserError(f"There is no table {name} any more.") from None
            raise
        return str(row["create table"])
