"""The fleet's own database, where findings and what was done about them are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from dbsbm.db.engine import Database, error_code
from dbsbm.errors import ConfigError, TransientError

_NO_SUCH_TABLE, _NO_SUCH_COLUMN = 1146, 1054


@contextmanager
def open_ledger(address: SecretStr) -> Iterator[Database]:
    """Open the database, and close it in the end.

    Raises:
        ConfigError: It is older than this version, or empty.
    """
    database = Database(address)
    try:
        yield database
    except (TransientError, DBAPIError) as error:
        if _is_old(error):
            raise ConfigError(
                "The fleet's database is not up to date: run python -m dbsbm migrate."
            ) from None
        raise
    finally:
        database.dispose()


def _is_old(error: BaseException) -> bool:
    fault = error if isinstance(error, DBAPIError) else error.__cause__
    if not isinstance(fault, DBAPIError):
        return False
    code = error_code(fault)
    return code in {_NO_SUCH_TABLE, _NO_SUCH_COLUMN} or str(code).startswith("no such ")
