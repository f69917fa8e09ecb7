from __future__ import annotations

import pytest

from dbsbm.optimizer.fleet.candidate import Candidate, derive_index
from dbsbm.optimizer.fleet.evidence import Table

BETS = Table(
    frozenset({"id", "guild_id", "user_id", "state", "placed_at", "settled_at", "risk"}),
    (("id",), ("guild_id", "user_id", "placed_at"), ("state", "placed_at")),
)
TABLES = {"bets": BETS}


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        ("SELECT bets.id FROM bets WHERE bets.risk = ?", ("risk",)),
        ("SELECT id FROM `bets` WHERE `user_id` = ? AND `state` = ?", ("user_id", "state")),
        ("SELECT id FROM bets WHERE risk > ? AND user_id = ?", ("user_id", "risk")),
        ("SELECT id FROM bets WHERE settled_at IS NULL AND risk >= ?", ("settled_at", "risk")),
        ("SELECT id FROM bets WHERE risk BETWEEN ? AND ? AND state = ?", ("state", "risk")),
        ("SELECT id FROM bets WHERE user_id IN (?+) LIMIT ?", ("user_id",)),
        (
            "SELECT id FROM bets WHERE user_id = ? ORDER BY placed_at DESC LIMIT ?",
            ("user_id", "placed_at"),
        ),
        ("SELECT id FROM bets ORDER BY settled_at, risk LIMIT ?", ("settled_at", "risk")),
        ("SELECT id FROM bets WHERE user_id = ? AND risk > ? ORDER BY state", ("user_id", "risk")),
        ("SELECT id FROM bets WHERE user_id = ? AND state != ?", ("user_id",)),
        ("DELETE FROM bets WHERE settled_at < ?", ("settled_at",)),
        ("UPDATE bets SET state=? WHERE bets.settled_at = ?", ("settled_at",)),
        ("SELECT id FROM bets WHERE risk = ? FOR UPDATE SKIP LOCKED", ("risk",)),
    ],
)
def test_an_index_is_derived_from_a_plain_statement(
    statement: str, columns: tuple[str, ...]
) -> None:
    assert derive_index(statement, TABLES) == Candidate("bets", columns)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM bets WHERE id = ?",
        "SELECT id FROM bets WHERE guild_id = ? AND user_id = ?",
        "SELECT id FROM bets WHERE user_id = ? AND guild_id = ?",
        "SELECT id FROM bets WHERE state = ? ORDER BY placed_at",
    ],
)
def test_nothing_is_derived_where_an_index_begins_with_the_columns(statement: str) -> None:
    assert derive_index(statement, TABLES) is None


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT b.id FROM bets b WHERE b.risk = ?",
        "SELECT id FROM bets, games WHERE risk = ?",
        "SELECT id FROM bets JOIN games ON risk = ?",
        "SELECT id FROM bets WHERE risk = ? OR user_id = ?",
        "SELECT id FROM bets WHERE lower(state) = ?",
        "SELECT id FROM bets WHERE (risk = ?)",
        "SELECT id FROM bets WHERE risk = (SELECT max(risk) FROM bets)",
        "SELECT state, count(*) FROM bets GROUP BY state",
        "SELECT DISTINCT risk FROM bets",
        "SELECT id FROM bets WHERE note = ?",
        "SELECT id FROM nowhere WHERE risk = ?",
        "SELECT id FROM bets WHERE state LIKE ?",
        "SELECT id FROM bets WHERE state != ?",
        "SELECT id FROM bets",
        "SELECT id FROM bets ORDER BY risk, settled_at DESC",
        "SELECT id FROM bets ORDER BY risk * ?",
        "INSERT INTO bets (id) VALUES (?+)",
        "COMMIT",
    ],
)
def test_nothing_is_derived_where_the_text_leaves_doubt(statement: str) -> None:
    assert derive_index(statement, TABLES) is None


def test_the_name_fits_mysql() -> None:
    candidate = Candidate("a_table_with_a_long_name", tuple("column_" * 3 + c for c in "abc"))
    assert len(candidate.name) == 64
