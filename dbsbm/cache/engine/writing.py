"""Storing, invalidating, and guarding what is about to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from dbsbm.cache.categories import Category
from dbsbm.cache.engine.core import Core
from dbsbm.cache.engine.sealing import Sealed, count_store
from dbsbm.cache.engine.steps import FAILED, Call, CallKind, Flow
from dbsbm.cache.keys import BATCH, Key, batches, prefix
from dbsbm.cache.server.commands import Server
from dbsbm.cache.tags import Guard, new_stamp, tag_wires

T = TypeVar("T")


def store(core: Core, key: Key, sealed: Sealed) -> Flow[bool]:
    """Store a value over whatever is there, and tell whether the server has it."""
    if core.has_to_pay:
        yield from pay_debts(core)
    data, life = sealed.data, sealed.life_ms
    answer = yield Call((key,), lambda server: server.client.set(key.wire, data, px=life), "write")
    core.forget((key.wire,))
    return count_store(core, key, sealed, stored=answer is True)


def store_many(core: Core, values: Mapping[Key, Sealed]) -> Flow[int]:
    """Store as many values as one round trip takes, and tell how many the server has."""
    if core.has_to_pay:
        yield from pay_debts(core)
    call = Call(list(values), lambda server: _set_all(server, values), "write")
    answers = yield call
    core.forget([key.wire for key in values])
    if answers is FAILED:
        answers = [False] * len(values)
    stored = 0
    for (key, sealed), answer in zip(values.items(), answers, strict=True):
        if isinstance(answer, Exception):
            core.gate.failed(replace(call, keys=(key,)), answer)
        stored += count_store(core, key, sealed, stored=answer is True)
    return stored


def remove(core: Core, keys: Sequence[Key]) -> Flow[bool]:
    """Remove keys, now or, returning False, as soon as the server can be told."""
    if core.has_to_pay:
        yield from pay_debts(core)
    wires = [key.wire for key in keys]
    core.forget(wires)
    answer: Any = FAILED
    try:
        # Not a `write`: a full server refuses to store, but is glad to remove.
        answer = yield _unlink(wires, keys)
    finally:
        if answer is FAILED:
            core.debts.owe(keys)
        # Once more: another thread may have read the old value while the server was told.
        core.forget(wires)
    if answer is FAILED:
        return False
    _count_removals(core, keys)
    return True


def remove_category(core: Core, category: Category) -> Flow[bool]:
    """Remove a category, now or, returning False, as soon as the server can be told."""
    if core.has_to_pay:
        yield from pay_debts(core)
    confirmed = False
    try:
        confirmed = yield from _remove_all(category, (Key.of(category, None),))
    finally:
        if not confirmed:
            core.debts.owe_categories((category,))
        core.forget_all()
    if confirmed:
        core.stats.invalidated(category)
    return confirmed


def guard(core: Core, tags: Sequence[str], for_ms: int) -> Flow[Guard | None]:
    """Invalidate what depends on tags, and keep it from being stored until the release."""
    token = Guard()
    confirmed = yield from _tell_tags(core, tags, lambda wires: _guard(wires, token, for_ms))
    return token if confirmed else None


def release(core: Core, token: Guard | None, tags: Sequence[str]) -> Flow[bool]:
    """Invalidate what depends on tags once more, and lift a guard."""
    return (yield from _tell_tags(core, tags, lambda wires: _release(wires, token)))


def pay_debts(core: Core) -> Flow[bool]:
    """Tell the server what it could not be told before; False if it cannot be told now either."""
    owed = core.debts.owed()
    calls = [_unlink([key.wire for key in batch], kind="debt") for batch in batches(owed.keys)]
    calls += [_release(wires, None, "debt") for wires in _chunks(tag_wires(owed.tags))]
    for call in calls:
        if (yield call) is FAILED:
            return False
    for category in owed.categories:
        if not (yield from _remove_all(category, (), "debt")):
            return False
    core.debts.paid(owed)
    core.gate.writes.succeeded()
    _count_removals(core, list(owed.keys))
    for category in owed.categories:
        core.stats.invalidated(category)
    return True


def _tell_tags(
    core: Core, tags: Sequence[str], tell: Callable[[Sequence[str]], Call]
) -> Flow[bool]:
    """Tell the server about tags, or owe them; either way this process believes no copy of them."""
    if core.has_to_pay:
        yield from pay_debts(core)
    wires, is_told = tag_wires(tags), False
    core.forget(wires)
    try:
        for chunk in _chunks(wires):
            if (yield tell(chunk)) is FAILED:
                return False
        is_told = True
    finally:
        if not is_told:
            core.debts.owe_tags(tags)
        core.forget(wires)
    return True


def _remove_all(category: Category, keys: Sequence[Key], kind: CallKind = "read") -> Flow[bool]:
    cursor = 0
    while True:
        page = yield _scan(category, cursor, keys, kind)
        if page is FAILED:
            return False
        for chunk in _chunks(page[1]):
            if (yield _unlink(chunk, keys, kind)) is FAILED:
                return False
        cursor = int(page[0])
        if cursor == 0:
            return True


def _scan(category: Category, cursor: int, keys: Sequence[Key], kind: CallKind) -> Call:
    pattern = f"{prefix(category)}*"
    return Call(keys, lambda server: server.client.scan(cursor, pattern, 1000), kind)


def _unlink(wires: Sequence[str], keys: Sequence[Key] = (), kind: CallKind = "read") -> Call:
    return Call(keys, lambda server: server.client.unlink(*wires), kind)


def _guard(wires: Sequence[str], token: Guard, for_ms: int) -> Call:
    arguments = [new_stamp(), token.token, for_ms]
    return Call((), lambda server: server.guard(wires, arguments))


def _release(wires: Sequence[str], token: Guard | None, kind: CallKind = "read") -> Call:
    arguments = [new_stamp(), token.token if token is not None else b""]
    return Call((), lambda server: server.release(wires, arguments), kind)


def _set_all(server: Server, values: Mapping[Key, Sealed]) -> Any:
    """Send all, and return an answer or an exception for each."""
    pipeline = server.client.pipeline(transaction=False)
    for key, sealed in values.items():
        pipeline.set(key.wire, sealed.data, px=sealed.life_ms)
    return pipeline.execute(raise_on_error=False)


def _count_removals(core: Core, keys: Sequence[Key]) -> None:
    for key in keys:
        core.stats.invalidated(key.category)


def _chunks(wires: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(wires), BATCH):
        yield wires[start : start + BATCH]
