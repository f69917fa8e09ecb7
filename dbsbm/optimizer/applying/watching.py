"""What a table's statements cost before a change and since, and what to make of it.

The figures are the server's own digests: running totals, so that a window is the difference of two
readings. No text of a statement is kept, only digests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from dbsbm.optimizer.applying.target import Target
from dbsbm.optimizer.server.connection import QueryError

WINDOWS: Final = 2
"""A change is kept after so many windows in which nothing got worse."""
LONGEST: Final = 24
"""An index that no statement has gained by in so many windows is of no use."""
ENOUGH_CALLS: Final = 20
"""A mean of fewer calls says more about their values than about the index."""
_WORSE_ROWS: Final = 1.25
_WORSE_ROWS_AT_LEAST: Final = 10.0
"""Rows a call vary with the values that are asked for; more than this is the change's doing."""
_WORSE_TIME: Final = 2.0
_WORSE_SECONDS_AT_LEAST: Final = 0.001
"""Time varies with the machine's load. It counts only far beyond that."""
_HELPED_ROWS: Final = 0.5
"""Share of the rows of before, at most, for a statement to count as helped."""
_HELPED_TIME: Final = 0.25
_HELPED_SECONDS_AT_LEAST: Final = 0.001
"""An index that holds all that is asked for saves time and no rows: it has to be plain to see."""
_MOST_DIGESTS = 200

Verdict = Literal["worse", "helped", "same", "unknown"]


class Total(NamedTuple):
    """Running totals of one kind of statement."""

    calls: int
    seconds: float
    rows: int


Totals = Mapping[str, Total]

_DIGESTS = r"""
    SELECT digest, SUM(count_star) AS calls, SUM(sum_timer_wait) / 1e12 AS seconds,
        SUM(sum_rows_examined) AS total_rows
    FROM performance_schema.events_statements_summary_by_digest
    WHERE (digest_text LIKE %s OR (schema_name = %s AND digest_text LIKE %s))
        AND NOT (schema_name <=> 'information_schema')
        AND COALESCE(schema_name, '') NOT LIKE '%%\_\_shadow\_%%'
        AND digest_text REGEXP '^[( ]*(SELECT|WITH|INSERT|REPLACE|UPDATE|DELETE)'
    GROUP BY digest ORDER BY seconds DESC LIMIT %s"""


def read_totals(target: Target, schema: str, table: str) -> dict[str, Total] | None:
    """What each kind of statement on a table has cost since the server counts.

    Returns:
        Totals by digest; None where the server does not count statements, or does not tell.
    """
    try:
        if not _counts(target):
            return None
        rows = target.rows(
            _DIGESTS,
            (
                f"%`{_escaped(schema)}` . `{_escaped(table)}`%",
                schema,
                f"%`{_escaped(table)}`%",
                _MOST_DIGESTS,
            ),
        )
    except QueryError:
        return None  # the user may not read them
    return {
        str(row["digest"]): Total(int(row["calls"]), float(row["seconds"]), int(row["total_rows"]))
        for row in rows
    }


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one window says.

    Attributes:
        digests: The statements that it is said of.
    """

    verdict: Verdict
    digests: tuple[str, ...] = ()


def judge(before: Totals, start: Totals, end: Totals) -> Judgement:
    """Compare a window with the time before the change.

    Args:
        before: Totals when the change was made.
        start: Totals when the window began.
        end: Totals when it ended.
    """
    worse, helped, compared = [], [], False
    for digest, total in end.items():
        window = _difference(start.get(digest), total)
        old = before.get(digest)
        if old is None or min(old.calls, window.calls) < ENOUGH_CALLS:
            continue
        compared = True
        if _is_worse(old, window):
            worse.append(digest)
        elif _is_helped(old, window):
            helped.append(digest)
    if worse:
        return Judgement("worse", tuple(worse))
    if helped:
        return Judgement("helped", tuple(helped))
    return Judgement("same" if compared else "unknown")


def conclude(
    verdicts: Sequence[Verdict], *, makes_index: bool
) -> Literal["keep", "revert", "wait"]:
    """What to do after some windows.

    Args:
        verdicts: Of each window so far.
        makes_index: The change made an index, which has to help; one that only took indexes
            away has to harm nobody.
    """
    if "worse" in verdicts:
        return "revert"
    if not makes_index:
        return "keep" if len(verdicts) >= WINDOWS else "wait"
    if sum(verdict == "helped" for verdict in verdicts) >= WINDOWS:
        return "keep"
    useless = sum(verdict == "same" for verdict in verdicts) >= WINDOWS
    if len(verdicts) >= LONGEST or (useless and "helped" not in verdicts):
        return "revert"
    return "wait"


def _is_worse(old: Total, window: Total) -> bool:
    rows, new_rows = old.rows / old.calls, window.rows / window.calls
    seconds, new_seconds = old.seconds / old.calls, window.seconds / window.calls
    return new_rows > rows * _WORSE_ROWS + _WORSE_ROWS_AT_LEAST or (
        new_seconds > seconds * _WORSE_TIME + _WORSE_SECONDS_AT_LEAST and new_rows >= rows
    )


def _is_helped(old: Total, window: Total) -> bool:
    rows, new_rows = old.rows / old.calls, window.rows / window.calls
    seconds, new_seconds = old.seconds / old.calls, window.seconds / window.calls
    faster = new_seconds <= _HELPED_TIME * seconds
    return new_rows <= _HELPED_ROWS * rows - 1 or (
        faster and seconds - new_seconds >= _HELPED_SECONDS_AT_LEAST
    )


def _difference(start: Total | None, end: Total) -> Total:
    """The window's own totals; all of them where the server began to count anew in it."""
    if start is None or end.calls < start.calls:
        return end
    return Total(
        end.calls - start.calls,
        max(0.0, end.seconds - start.seconds),
        max(0, end.rows - start.rows),
    )


def _counts(target: Target) -> bool:
    (row,) = target.rows(
        "SELECT @@performance_schema AS is_on, (SELECT COUNT(*) "
        "FROM performance_schema.setup_consumers "
        "WHERE name = 'statements_digest' AND enabled = 'YES') AS digests"
    )
    return bool(row["is_on"]) and bool(row["digests"])


def _escaped(name: str) -> str:
    """A name within LIKE, and with backticks as digests write them."""
    quoted = name.replace("`", "``")
    return quoted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
