"""Changes of the cache's policies: written to the database, then told to every process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from dbsbm.cache.categories import Category
from dbsbm.cache.policy import mirror
from dbsbm.cache.policy.overrides import Changes, checked, to_json
from dbsbm.cache.policy.policies import read_changes
from dbsbm.db import changes as changes_of_fleet
from dbsbm.db import policies
from dbsbm.db.engine import Database

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def change(
    database: Database, category: Category, changes: Changes, *, changed_by: str, reason: str
) -> None:
    """Change a category's policy; nothing in `changes` undoes all changes. Then `publish`.

    Raises:
        PolicyError: A change is not allowed.
        TransientError: The database is away.
    """
    stored = to_json(checked(changes))

    def record(session: Session) -> None:
        policies.record(session, category.value, stored, changed_by=changed_by, reason=reason)
        what = ", ".join(f"{name} = {value}" for name, value in stored.items()) or "as shipped"
        changes_of_fleet.record(session, "policy", f"Cache, {category.value}: {what}.", changed_by)

    database.transact(record)


def in_force(database: Database) -> tuple[int, dict[Category, Changes]]:
    """Return the number of changes there ever were, and what they come to.

    Raises:
        TransientError: The database is away.
    """
    with database.read() as session:
        revision, stored = policies.in_force(session)
    return revision, read_changes(stored)


def publish(database: Database, client: redis.Redis) -> bool:
    """Bring the mirror up to date. Processes hear of it within milliseconds.

    Returns:
        True if that changed it.

    Raises:
        TransientError: The database or the cache's server is away.
    """
    revision, changes = in_force(database)
    return mirror.publish(client, changes, revision)


def keep_published(database: Database, client: redis.Redis) -> bool:
    """Write the mirror again where the server has lost it; see `publish`.

    Raises:
        TransientError: The database or the cache's server is away.
    """
    return not mirror.is_published(client) and publish(database, client)
