"""What must still be served when an index is gone."""

from __future__ import annotations

import re
from collections import defaultdict

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.searching import Way, planned, search, ways
from dbsbm.optimizer.rules.indexes.uses import Use, all_uses
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Index, Table

WORSE = 1.05
"""How much more a statement may read: nothing is dropped for which one pays."""
USEFUL_SHARE = 0.4
"""An index that leaves more of the table than this is not preferred to reading all of it."""
_HINT = re.compile(r"\b(?:USE|FORCE|IGNORE)\s+(?:INDEX|KEY)\b", re.IGNORECASE)

_WORD = re.compile(r"\w+")

_Key = tuple[str, str]


class Guard:
    """The indexes that remain, and whether one of them can go, too.

    Args:
        case: What was seen.
        estimator: How much a search reads.
    """

    def __init__(self, case: Case, estimator: Estimator) -> None:
        self._case = case
        self._estimator = estimator
        self._left: dict[_Key, list[Index]] = {
            key: list(table.indexes) for key, table in case.snapshot.tables.items()
        }
        self._new: dict[_Key, list[Way]] = defaultdict(list)
        self._uses: dict[_Key, list[Use]] = defaultdict(list)
        self._unread: list[frozenset[str]] = []
        self._hints: list[frozenset[str]] = []
        if not isinstance(case.snapshot.load, Missing):
            self._read_load()

    def _read_load(self) -> None:
        for _, use in all_uses(self._case):
            known = self._uses[use.table.schema, use.table.name]
            if use not in known:
                known.append(use)
        for load in self._case.load:
            words = frozenset(_WORD.findall(load.text.lower()))
            if load.digest not in self._case.shapes:
                self._unread.append(words)
            if _HINT.search(load.text):
                self._hints.append(words)

    def add(self, table: Table, columns: tuple[str, ...]) -> None:
        """Count on an index that is to be added."""
        self._new[table.schema, table.name].append(planned(table, columns))

    def release(self, table: Table, index: Index) -> bool:
        """Let an index go if nothing needs it; tell whether it went."""
        key = (table.schema, table.name)
        left = self._left[key]
        rest = [each for each in left if each.name != index.name]
        if len(rest) == len(left) or self._needs(table, index, rest):
            return False
        self._left[key] = rest
        return True

    def _needs(self, table: Table, index: Index, rest: list[Index]) -> bool:
        return (
            index.primary
            or _is_lost_rule(index, rest)
            or self._serves_key(table, rest)
            or self._is_named(table, index)
            or self._serves_statement(table, rest)
        )

    def _serves_key(self, table: Table, rest: list[Index]) -> bool:
        """A foreign key of this table or to it, or automatic numbers, would have no index."""
        starts = [each.columns for each in rest if each.kind == "BTREE"]
        starts += [each.columns for each in self._new[table.schema, table.name]]
        needed = [foreign.columns for foreign in table.foreign_keys]
        needed += [
            foreign.other_columns
            for other in self._case.snapshot.tables.values()
            for foreign in other.foreign_keys
            if (foreign.other_schema, foreign.other_table) == (table.schema, table.name)
        ]
        needed += [(column.name,) for column in table.columns.values() if column.auto_increment]
        return any(not any(start[: len(each)] == each for start in starts) for each in needed)

    def _is_named(self, table: Table, index: Index) -> bool:
        """A statement names it in a hint, or may need it and could not be understood."""
        first = (index.columns or (index.name,))[0].lower()
        return any(index.name.lower() in words for words in self._hints) or any(
            words >= {table.name.lower(), first} for words in self._unread
        )

    def _serves_statement(self, table: Table, rest: list[Index]) -> bool:
        key = (table.schema, table.name)
        now = (*ways(table, self._left[key]), *self._new[key])
        then = (*ways(table, rest), *self._new[key])
        return any(
            self._is_worse(use, known, now, then)
            for use in self._uses[key]
            for known in use.ways_in
        )

    def _is_worse(
        self, use: Use, known: frozenset[str], now: tuple[Way, ...], then: tuple[Way, ...]
    ) -> bool:
        best, ordered = self._best(use, known, now)
        left, still_ordered = self._best(use, known, then)
        return left > max(best * WORSE, best + 1e-9) or (ordered and not still_ordered)

    def _best(self, use: Use, known: frozenset[str], by: tuple[Way, ...]) -> tuple[float, bool]:
        """The smallest share of the table that must be read, and whether any order is served."""
        found = [search(each, use, known, hopeful=True) for each in by]
        shares = [self._estimator.narrowed(use, each) for each in found]
        best = min((share for share in shares if share <= USEFUL_SHARE), default=1.0)
        ordered = [
            each.ordered for each, share in zip(found, shares, strict=True) if share <= best * WORSE
        ]
        return best, any(ordered)


def _is_lost_rule(index: Index, rest: list[Index]) -> bool:
    """Tell whether it alone keeps values unique."""
    return index.unique and not any(each.unique and each.parts == index.parts for each in rest)
