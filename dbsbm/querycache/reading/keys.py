"""The name of a query's answer: the same in every process that asks the same database."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Final
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Dialect, Engine, Pool, StaticPool

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.querycache.refusals import Reason, Refusal
from dbsbm.querycache.sql.markers import Parameters

# What drivers are given, and whose `repr` says all, alike in every process.
_SPELLED: Final = frozenset(
    {type(None), bool, int, float, str, bytes, Decimal, date, datetime, time, timedelta, UUID}
)

_MOST_NAMES: Final = 3

_names: WeakKeyDictionary[Dialect, str] = WeakKeyDictionary()
_private: WeakKeyDictionary[Pool, str] = WeakKeyDictionary()


def query_key(
    category: Category, database: str, tables: Iterable[str], sql: str, parameters: Parameters
) -> Key:
    """Return the key of the answer to a query.

    Args:
        category: What kind of value it is.
        database: The database's name, from `database_name`.
        tables: What it reads, so that an operator can tell keys apart.
        sql: The text as the driver gets it.
        parameters: The values as the driver gets them.

    Raises:
        Refusal: A value cannot be written the same in every process.
    """
    pairs = parameters.items() if isinstance(parameters, Mapping) else enumerate(parameters)
    for name, value in pairs:
        _refuse_unspelled(name, value)
    text = (
        f"{sql}\0{sorted(parameters.items()) if isinstance(parameters, Mapping) else parameters!r}"
    )
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return Key.of(category, database, "+".join([*tables][:_MOST_NAMES]), digest)


def database_name(engine: Engine) -> str:
    """Return what tells a database from all others, without its password.

    Raises:
        Refusal: The address does not tell which database it is.
    """
    name = _names.get(engine.dialect)
    if name is not None:
        return name
    url = engine.url
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database.startswith(("file:", ":")):
            return _name_in_memory(engine.pool)
        name = _digest(url.drivername, str(Path(url.database).resolve()))
    elif url.database:
        name = _digest(url.drivername, _place(url), url.database)
    else:
        raise Refusal(Reason.NO_NAME, "the address names no database")
    return _names.setdefault(engine.dialect, name)


def _name_in_memory(pool: Pool) -> str:
    """Return a name that nobody else has: such a database lives and ends with its pool."""
    if isinstance(pool, StaticPool):
        return _private.setdefault(pool, secrets.token_hex(8))
    raise Refusal(Reason.NO_NAME, "each connection may have a database in memory of its own")


def _place(url: URL) -> str:
    """Return where the server is; what the query says of it, such as a socket, is part of it."""
    return f"{url.host or 'localhost'}:{url.port or 3306}?{sorted(url.query.items())}"


def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def _refuse_unspelled(name: object, value: object) -> None:
    zoned = isinstance(value, datetime | time) and value.tzinfo is not None
    if type(value) not in _SPELLED or zoned:
        raise Refusal(Reason.PARAMETER, f"parameter {name} is a {type(value).__qualname__}")
