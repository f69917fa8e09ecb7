"""What the cache's server is owed: changes that it was not told of, policies that it has lost."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final, cast

from sqlalchemy import Table
from sqlalchemy.exc import SQLAlchemyError

from dbsbm.bootstrap import Services
from dbsbm.db.models import CacheDebt
from dbsbm.errors import TransientError
from dbsbm.maintenance import policies
from dbsbm.querycache.writing.ledger import pay_debts

log = logging.getLogger(__name__)

OLDER_THAN: Final = timedelta(seconds=30)
"""Who owes pays by himself within a moment of the server's return, while he lives."""


def settle(services: Services) -> int:
    """Pay what dead processes owe, and mirror the policies where the mirror is lost.

    Returns:
        How many debts were paid. What fails now is tried again the next time.
    """
    table = cast(Table, CacheDebt.__table__)
    try:
        policies.keep_published(services.database, services.cache_client)
        return pay_debts(services.database.engine, table, services.cache, older_than=OLDER_THAN)
    except (TransientError, SQLAlchemyError) as error:
        log.info(
            "What the cache is owed waits: %s",
            type(error).__name__,
            extra={"action": "cache.dues_wait"},
        )
        return 0
