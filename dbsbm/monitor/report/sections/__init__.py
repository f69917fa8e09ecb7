"""The sections of a report, one kind of figures a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dbsbm.db.engine import Database
from dbsbm.monitor.report.model import Section
from dbsbm.monitor.report.reader import Reader
from dbsbm.monitor.report.sections.endpoints import endpoints
from dbsbm.monitor.report.sections.errors import errors
from dbsbm.monitor.report.sections.hit_rates import hit_rates
from dbsbm.monitor.report.sections.resources import resources
from dbsbm.monitor.report.sections.response_times import response_times
from dbsbm.monitor.report.sections.statements import statements
from dbsbm.monitor.report.sections.tasks import tasks

_OF_HISTORY: Sequence[Callable[[Reader], Section]] = (
    endpoints,
    tasks,
    errors,
    resources,
)


def all_sections(reader: Reader, database: Database) -> list[Section]:
    """Every section, in the order in which they are read."""
    first = [response_times(reader), hit_rates(reader), statements(reader, database)]
    return first + [make(reader) for make in _OF_HISTORY]
