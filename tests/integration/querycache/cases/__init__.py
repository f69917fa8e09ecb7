"""Writes through every form that the libraries and the databases have."""

from __future__ import annotations

from typing import Final

from tests.integration.querycache.cases.committing import COMMITTING
from tests.integration.querycache.cases.core import CORE_STATEMENTS
from tests.integration.querycache.cases.flushes import FLUSHES
from tests.integration.querycache.cases.form import Case
from tests.integration.querycache.cases.mysql_only import OF_MYSQL
from tests.integration.querycache.cases.orm import ORM_STATEMENTS
from tests.integration.querycache.cases.sqlite_only import OF_SQLITE
from tests.integration.querycache.cases.texts import TEXTS

__all__ = ["CASES", "CORE_STATEMENTS", "FLUSHES", "ORM_STATEMENTS", "Case"]

CASES: Final[tuple[Case, ...]] = (
    *FLUSHES,
    *ORM_STATEMENTS,
    *CORE_STATEMENTS,
    *TEXTS,
    *OF_MYSQL,
    *COMMITTING,
    *OF_SQLITE,
)
