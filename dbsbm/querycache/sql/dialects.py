"""Which databases and drivers are understood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Dialect

from dbsbm.errors import ConfigError
from dbsbm.querycache.refusals import Reason, Refusal

GRAMMARS: Final[Mapping[str, str]] = {"mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}
"""The grammar of each dialect of SQLAlchemy that is understood."""

_STYLES: Final = {"mysql": {"format", "pyformat"}, "sqlite": {"qmark", "named"}}
"""How drivers may write parameters, so that `dbsbm.querycache.sql.markers` can read them."""


def grammar_of(dialect: str) -> str:
    """Return the grammar of a dialect.

    Raises:
        Refusal: It is not understood.
    """
    grammar = GRAMMARS.get(dialect)
    if grammar is None:
        raise Refusal(Reason.DIALECT, f"queries of {dialect} are not understood")
    return grammar


def check_dialect(dialect: Dialect) -> None:
    """Make sure that the statements of an engine can be read.

    Raises:
        ConfigError: Its dialect is not understood, or how its driver writes parameters.
    """
    grammar = GRAMMARS.get(dialect.name)
    if grammar is None:
        raise ConfigError(
            f"The query cache does not understand the statements of {dialect.name}. "
            "Use MySQL, MariaDB or SQLite, or do without it."
        )
    if dialect.paramstyle not in _STYLES[grammar]:
        raise ConfigError(
            f"The query cache does not understand the parameters of the driver {dialect.driver}. "
            "Use PyMySQL, mysqlclient or sqlite3, or do without it."
        )
