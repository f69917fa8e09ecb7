"""What a caller wants to have loaded, and calling its loader."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dbsbm.cache.engine.core import Core
from dbsbm.cache.engine.sealing import Sealed, seal_or_log
from dbsbm.cache.engine.steps import Flow, Load, is_loading
from dbsbm.cache.errors import NotKept, RecursiveLoad
from dbsbm.cache.keys import Key


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller of `get_or_load` wants.

    Attributes:
        key: The name of the value.
        loader: Gets the value from where it comes.
        ttl: Its lifetime, where that is shorter than its category's.
        tags: What it depends on.
        in_background: The loader may be called by another thread, after the caller has its answer.
    """

    key: Key
    loader: Callable[[], Any]
    ttl: timedelta | None = None
    tags: tuple[str, ...] = ()
    in_background: bool = True


_for_nobody: ContextVar[bool] = ContextVar("for_nobody", default=False)


@contextmanager
def loading_for_nobody() -> Iterator[None]:
    """Have what is loaded within stored as unread: its first reader is yet to come."""
    token = _for_nobody.set(True)
    try:
        yield
    finally:
        _for_nobody.reset(token)


def refuse_recursion(core: Core, key: Key) -> None:
    """Raise RecursiveLoad where a loader asks for the value that it is called to load."""
    if is_loading((id(core), key.wire)):
        raise RecursiveLoad(
            f"The loader of {key.wire} asks the cache for {key.wire}: give it another key, or have "
            "it get the value from where it comes."
        )


def call_loader(core: Core, request: Request) -> Flow[tuple[Any, int]]:
    """Return what the loader returns, and the microseconds it took."""
    began, failed = time.perf_counter_ns(), True
    try:
        value = yield Load(request.loader, (id(core), request.key.wire))
        failed = False
    except NotKept:
        failed = False
        raise
    finally:
        took = time.perf_counter_ns() - began
        core.stats.loaded(request.key.category, took, failed=failed)
    return value, took // 1000


def seal_loaded(
    core: Core, request: Request, value: Any, load_us: int, stamps: Mapping[str, bytes]
) -> Sealed | None:
    """Encode a loaded value, as read where it is given to somebody who asked for it."""
    key = request.key
    return seal_or_log(
        core,
        key,
        value,
        request.ttl,
        load_us=load_us,
        tags=stamps,
        read=not _for_nobody.get(),
        learned=core.lifetimes.lifetime(key, core.policies.of(key.category)),
    )
