"""What the logic of the cache asks of whoever runs it: it does no input or output itself.

The logic is generators that yield these steps. One driver runs them in threads, another in
coroutines (see "Network protocols, sans I/O", https://sans-io.readthedocs.io).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, TypeVar

from dbsbm.cache.keys import Key
from dbsbm.cache.server.commands import Server

T = TypeVar("T")


class Failed(Enum):
    """A type of one value: the answer to a call that failed or was not made."""

    FAILED = "failed"


FAILED: Final = Failed.FAILED

LoadName = tuple[int, str]

_under_way: ContextVar[frozenset[LoadName]] = ContextVar("loads", default=frozenset())


@contextmanager
def loading_of(name: LoadName) -> Iterator[None]:
    """Mark what runs within, also in threads and tasks that it starts, as a load of a value."""
    token = _under_way.set(_under_way.get() | {name})
    try:
        yield
    finally:
        _under_way.reset(token)


@contextmanager
def loading_nothing() -> Iterator[None]:
    """Mark what runs within as no part of a load."""
    token = _under_way.set(frozenset())
    try:
        yield
    finally:
        _under_way.reset(token)


def is_loading(name: LoadName) -> bool:
    """Tell whether this runs within a load of a value."""
    return name in _under_way.get()


CallKind = Literal["read", "write", "touch", "debt"]


@dataclass(slots=True)
class Call:
    """Ask the server; the answer is FAILED where it cannot be asked.

    Attributes:
        keys: What the call is about; a failure is counted in their categories.
        run: Given the server, makes the call and returns its answer, or an awaitable of it.
        kind: `write` is not made where the server is known to refuse writes. `touch` is a write
            that nobody misses, so that it is not counted as an error when it is not made.
            `debt` pays what is owed: whether to make it was asked before.
    """

    keys: Sequence[Key]
    run: Callable[[Server], Any]
    kind: CallKind = "read"


@dataclass(slots=True)
class Wait:
    """Wait for a future, at most so many seconds. The answer tells whether it is done."""

    future: Future[Any]
    seconds: float


@dataclass(slots=True)
class Load:
    """Call the loader; the answer is what it returns, and what it raises is raised.

    Attributes:
        loader: What to call.
        name: The cache and the key that it loads for. It is called within `loading_of(name)`.
    """

    loader: Callable[[], Any]
    name: LoadName


@dataclass(slots=True)
class Spawn:
    """Run a flow in the background; the answer tells whether there was room for it."""

    flow: Flow[Any]


Step = Call | Wait | Load | Spawn

Flow = Generator[Step, Any, T]
