"""How to know that a fix can be applied and helps, without trusting the words around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

SLACK_ROWS = 20
"""Rows that a good index may read more than the expert's: a few are noise of the planner."""
SLACK_TIMES = 2.0
"""How much more than with the expert's index is still served by an index."""

_DDL = re.compile(
    r"\s*(alter\s+table|create\s+[a-z ]*index|drop\s+index|optimize\s+table)", re.IGNORECASE
)
_DROP = re.compile(r"drop\s+(?:index|key)\s+(?:if\s+exists\s+)?`?(\w+)`?", re.IGNORECASE)
_ALONE = re.compile(r"Using index(?! condition)")
_DROP_KEY = re.compile(r"drop\s+(?!index|key|if)\S", re.IGNORECASE)


class Lab(Protocol):
    """Where a fix is tried: the planted database, which is put back afterwards."""

    def applied(self, ddl: Sequence[str]) -> AbstractContextManager[bool]:
        """Apply statements for a while; gives whether all of them could be."""

    def reads(self, statement: Any) -> int:
        """Return the rows that the kept runs of a statement read."""

    def expert_reads(self, statement: Any) -> int:
        """Return the same with the expert's indexes."""

    def explained(self, statement: Any) -> str:
        """Return the remarks of EXPLAIN on a run of the statement."""

    def prepares(self, schema: str, sql: str) -> bool:
        """Tell whether the server understands a statement, with its tables and columns."""

    def ask(self, sql: str) -> Any:
        """Return the first value of a query's first row."""


class Remedy(Protocol):
    """What makes a fix right."""

    def cures(self, fix: Sequence[str], lab: Lab) -> bool:
        """Tell whether a fix can be applied and helps."""


def ddl(fix: Sequence[str]) -> list[str]:
    """Return those parts of a fix that change the schema."""
    return [each for each in fix if _DDL.match(each)]


def dropped(fix: Sequence[str]) -> set[str]:
    """Return the names of the indexes that a fix drops."""
    return {name for each in ddl(fix) for name in _DROP.findall(each)}


@dataclass(frozen=True)
class Advice:
    """Anything that says what to do: what happened cannot be tried again."""

    def cures(self, fix: Sequence[str], lab: Lab) -> bool:
        """Tell whether there is a fix."""
        return any(each.strip() for each in fix)


def _holds_after(fix: Sequence[str], lab: Lab, holds: Callable[[], bool]) -> bool:
    """Tell whether a fix has SQL that can be carried out, and something holds while it is."""
    statements = ddl(fix)
    if not statements:
        return False
    with lab.applied(statements) as worked:
        return worked and holds()


@dataclass(frozen=True)
class Serves:
    """An index with which a statement reads about as little as with the expert's."""

    statement: Any

    def cures(self, fix: Sequence[str], lab: Lab) -> bool:
        """Try it."""

        def is_enough() -> bool:
            enough = SLACK_TIMES * lab.expert_reads(self.statement) + SLACK_ROWS
            return lab.reads(self.statement) <= enough

        return _holds_after(fix, lab, is_enough)


@dataclass(frozen=True)
class Covers:
    """An index with which a statement is answered from the index alone."""

    statement: Any

    def cures(self, fix: Sequence[str], lab: Lab) -> bool:
        """Try it."""
        return _holds_after(
            fix, lab, lambda: _ALONE.search(lab.explained(self.statement)) is not None
        )


@dataclass(frozen=True)
class Drops:
    """The drop of one of some indexes, and of nothing else."""

    indexes: frozenset[str]

    def cures(self, fix: Sequence[str], lab: Lab) -> bool:
        """Try it."""
        names = dropped(fix)
        if not names or not names <= self.indexes or any(map(_DROP_KEY.search, ddl(fix))):
            return False
        with lab.applied(ddl(fix)) as worked:
            return worked


@dataclass(frozen=True)
class Becomes:
    """A change after which a question about the schema has one of some answers."""

    question: str
    answers: frozenset[str]

    def cures(self, fix: Sequence[str], lab: Lab) -> bool:
        """Try it."""
        return _holds_after(fix, lab, lambda: str(lab.ask(self.question)).lower() in self.answers)


@dataclass(frozen=True)
class Rewrites:
    """A statement of another form that the server understands, or a change of the schema.

    Attributes:
        schema: The database that is selected.
        form: Tells whether a statement has the form that helps.
        change: Tells whether a change of the schema helps; None where none does.
    """

    schema: str
    form: Callable[[str], bool]
    change: Remedy | Callable[[str], bool] | None = None

    def cures(self, fix: Sequence[str], lab: Lab) -> bool:
        """Try it."""
        texts = [each for each in fix if not _DDL.match(each)]
        if any(self.form(each) and lab.prepares(self.schema, each) for each in texts):
            return True
        if self.change is None or not ddl(fix):
            return False
        if callable(self.change):
            with lab.applied(ddl(fix)) as worked:
                return worked and any(map(self.change, ddl(fix)))
        return self.change.cures(fix, lab)


@dataclass(frozen=True)
class Either:
    """One remedy or another."""

    remedies: tuple[Remedy, ...]

    def cures(self, fix: Sequence[str], lab: Lab) -> bool:
        """Try one after the other."""
        return any(remedy.cures(fix, lab) for remedy in self.remedies)


def matching(pattern: str, *, without: str = r"(?!)") -> Callable[[str], bool]:
    """Return whether a text has a pattern, and has not another."""
    has, has_not = (
        re.compile(pattern, re.IGNORECASE | re.DOTALL),
        re.compile(without, re.IGNORECASE | re.DOTALL),
    )
    return lambda text: bool(has.search(text)) and not has_not.search(text)


def bare(column: str) -> Callable[[str], bool]:
    """Return whether a statement compares a column as it is, so that its index can be used."""

    def form(text: str) -> bool:
        return not all(map(_wrapped, _uses(text, column)))

    return form


def _uses(text: str, column: str) -> list[exp.Expression]:
    """Return where a column stands in the conditions of a statement."""
    try:
        tree = sqlglot.parse_one(text, read="mysql")
    except SqlglotError:
        return []
    conditions = [*tree.find_all(exp.Where), *tree.find_all(exp.Join)]
    named = (use for condition in conditions for use in condition.find_all(exp.Column))
    return [use for use in named if use.name.lower() == column.lower()]


_COMPARES = (exp.Predicate, exp.Connector, exp.Where, exp.Join, exp.In, exp.Between, exp.Not)


def _wrapped(use: exp.Expression) -> bool:
    above = use.parent
    while isinstance(above, exp.Paren):
        above = above.parent
    return not isinstance(above, _COMPARES)
