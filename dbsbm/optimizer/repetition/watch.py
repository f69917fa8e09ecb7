"""Follows the calls of tasks as they run, and records what each repeated once a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from time import perf_counter
from typing import Any, Final

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.monitor.counting.tally import Tally
from dbsbm.monitor.readings.discord_calls import DiscordCall
from dbsbm.optimizer.repetition.scope import LEAST_CALLS, MOST_NOTES, Repetition, Scope
from dbsbm.optimizer.repetition.shape import Shape
from dbsbm.optimizer.repetition.statement import statement_shape
from dbsbm.providers.gateway import CallRecord

_MOST_KNOWN: Final = 1024
_LONGEST_KNOWN: Final = 8_000
_MOST_RECORDED: Final = 10
"""Repetitions of one run that become series: those that took the most time."""
_FIRST_ERROR: Final = 400

_scope: ContextVar[Scope | None] = ContextVar("repetition_scope", default=None)


def open_scope() -> tuple[Scope, Token[Scope | None]]:
    """Add up what is called from now on, also by threads and coroutines that inherit the context.

    Returns:
        The scope, and what `close_scope` takes.
    """
    found = Scope()
    return found, _scope.set(found)


def close_scope(found: Scope, token: Token[Scope | None]) -> Sequence[Repetition]:
    """Go on with the scope around this one, if there is any.

    Returns:
        What was repeated once a row within it, the most time first.
    """
    _scope.reset(token)
    # Most tasks call too little for anything to be a loop.
    return found.repetitions() if len(found) >= LEAST_CALLS or found.sums else ()


@contextmanager
def scope() -> Iterator[Scope]:
    """A scope for a block."""
    found, token = open_scope()
    try:
        yield found
    finally:
        _scope.reset(token)


def record(tally: Tally, task: str, repeated: Sequence[Repetition]) -> None:
    """Record what a task has repeated once a row: in how many runs, how often, and for how long.

    A run that repeated nothing adds nothing, so that there are as many series as faults.
    """
    for each in repeated[:_MOST_RECORDED]:
        labels = {"task": task, "kind": each.shape.kind, "call": each.shape.id}
        tally.add("task.repeating_runs", **labels)
        tally.add("task.repeated_calls", each.calls, **labels)
        tally.add("task.repeated_seconds", each.seconds, **labels)


class StatementCalls:
    """Tells the scope of the statements of one engine.

    Args:
        dialect: The engine's.
    """

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect
        self._known: dict[str, Shape | None] = {}

    def __call__(self, sql: str, values: Any, began: float, ended: float, rows: int) -> None:
        """Count a statement that succeeded; nothing where no scope is open."""
        current = _scope.get()
        if current is None:
            return
        # As `saw` has it, but that the text is recognised only where there are many.
        current.append((sql, self._shape_of, values, began, ended, rows))
        if len(current) >= MOST_NOTES:
            current.add_up()

    def _shape_of(self, sql: str) -> Shape | None:
        if sql in self._known:
            return self._known[sql]
        shape = statement_shape(sql, self._dialect)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        if len(sql) <= _LONGEST_KNOWN:
            self._known[sql] = shape
        return shape


class CacheCalls:
    """Tells the scope of reads from the cache's server, which a process's own copies spare."""

    def __init__(self) -> None:
        self._shapes = {category: Shape("cache", category.value) for category in Category}

    def __call__(self, key: Key, began: float, ended: float) -> None:
        """Count a read of one key."""
        current = _scope.get()
        if current is not None:
            current.saw(self._shapes[key.category], key.wire, began, ended, 1)


class ProviderCalls:
    """Tells the scope of calls to the providers of sports data."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Shape] = {}

    def __call__(self, call: CallRecord) -> None:
        """Count a call that succeeded."""
        current = _scope.get()
        if current is None or not call.sent or call.outcome != "ok":
            return
        name = (call.provider, call.endpoint)
        shape = self._known.get(name)
        if shape is None:
            shape = self._known[name] = Shape("provider", " ".join(name))
        ended = perf_counter()
        current.saw(shape, None, ended - call.elapsed, ended, 1)


class DiscordCalls:
    """Tells the scope of calls of Discord's REST API."""

    def __init__(self) -> None:
        self._known: dict[str, Shape] = {}

    def __call__(self, call: DiscordCall) -> None:
        """Count a call that succeeded."""
        current = _scope.get()
        if current is None or call.status is None or call.status >= _FIRST_ERROR:
            return
        shape = self._known.get(call.route)
        if shape is None:
            shape = self._known[call.route] = Shape("discord", call.route)
        ended = perf_counter()
        current.saw(shape, None, ended - call.seconds, ended, 1)
