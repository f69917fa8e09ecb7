"""Tells from a table itself whether a change was made that nobody saw the end of."""

from __future__ import annotations

from dbsbm.optimizer.applying.ddl import read_statement
from dbsbm.optimizer.applying.layout import columns_of, keys_of, same


def is_in_force(statement: str, before: str, now: str) -> bool:
    """Tell whether a statement was carried out.

    Args:
        statement: An ALTER TABLE, which servers carry out as a whole or not at all.
        before: What SHOW CREATE TABLE printed before it.
        now: What it prints now; others may have changed the table since.
    """
    if same(before, now):
        return False
    change = read_statement(statement)
    keys = {key.name: key for key in keys_of(now)}
    made = {index.name: columns_of(index.rest) for index in change.adds}
    return (
        all(name in keys and keys[name].columns == columns for name, columns in made.items())
        and all(name not in keys for name in change.drops if name not in made)
        and all(name in keys and keys[name].hidden for name in change.hides)
        and all(name in keys and not keys[name].hidden for name in change.shows)
    )
