"""Getting a value that is not there: once for everybody, and stored only if it is still true."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from dbsbm.cache.engine.core import Core
from dbsbm.cache.engine.flights import Abandoned, Flight, Landed
from dbsbm.cache.engine.lease import LEASE_MS
from dbsbm.cache.engine.reading import Held, Look, judge, look
from dbsbm.cache.engine.sealing import Sealed, count_store, seal_or_log
from dbsbm.cache.engine.steps import FAILED, Call, Flow, Load, Spawn, Wait, is_loading
from dbsbm.cache.errors import NotKept, RecursiveLoad
from dbsbm.cache.keys import NAMESPACE, Key
from dbsbm.cache.miss import MISS, Miss
from dbsbm.cache.server.scripts import LEASE_DIGEST, TAG_LIFE_MS
from dbsbm.cache.tags import new_stamp, tag_wires
from dbsbm.cache.values import envelope
from dbsbm.cache.values.envelope import NO_TAGS
from dbsbm.cache.values.serializer import Stored

log = logging.getLogger(__name__)

FIRST_POLL: Final = 0.05
LAST_POLL: Final = 0.2
"""Seconds between two looks at another's load, where the server's word on it may not come."""

REFRESH_PREFIX: Final = "dbsbm:refresh:"
"""Outside of what is watched: that a value is loaded anew changes nothing for its readers."""

_MS: Final = timedelta(milliseconds=1)


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


@dataclass(frozen=True, slots=True)
class Grant:
    """What came of asking for the lease: the lease, or the look at what is there instead.

    Attributes:
        lease: What stands under the key until the value does; None without the right to store.
        stamps: Those of the tags when the load begins.
        changed: The keys on the server that taking the lease has changed.
        look: What is there.
    """

    lease: bytes | None = None
    stamps: Mapping[str, bytes] = field(default_factory=lambda: NO_TAGS)
    changed: Sequence[str] = ()
    look: Look | None = None


ALONE: Final = Grant()
"""Load, and do not store: the server cannot be asked, or a writer is about to commit."""


def refuse_recursion(core: Core, key: Key) -> None:
    """Raise RecursiveLoad where a loader asks for the value that it is called to load."""
    if is_loading((id(core), key.wire)):
        raise RecursiveLoad(
            f"The loader of {key.wire} asks the cache for {key.wire}: give it another key, or have "
            "it get the value from where it comes."
        )


def lead(core: Core, request: Request, flight: Flight) -> Flow[Landed]:
    """Get a value for all who wait on a flight."""
    try:
        while True:
            landed = yield from _fetch(core, request, flight)
            if core.flights.land(flight, landed):
                return landed
    except Exception as error:
        core.flights.fail(flight, error)
        raise
    except BaseException:
        core.flights.fail(flight, Abandoned())
        raise


def _fetch(core: Core, request: Request, flight: Flight) -> Flow[Landed]:
    """Return what the server has, or else what the loader brings."""
    pushes = core.pushes
    flight.looks()
    shown = yield from look(core, request.key, request.tags)
    stored = shown.stored
    if stored is None:
        is_leased = shown.is_leased and core.is_pushed
        return (yield from _load(core, request, flight, shown.seen, pushes if is_leased else None))
    is_stale = core.is_stale(stored)
    if not is_stale and not core.is_due(stored):
        return Landed(stored.value, stored.size)
    if request.in_background:
        yield from refresh_later(core, request, stored.id)
        return Landed(stored.value, stored.size, is_stale)
    return (yield from _refresh_now(core, request, stored, is_stale=is_stale))


def refresh(core: Core, request: Request) -> Flow[Any | Miss]:
    """Load a value anew and put it in the place of the one that is there.

    Returns:
        The value; MISS if there is none to be replaced, or somebody else is about to.
    """
    stored = (yield from look(core, request.key, request.tags)).stored
    if stored is None:
        return MISS
    return (yield from reload(core, request, stored))


def refresh_later(core: Core, request: Request, seen: bytes) -> Flow[None]:
    """Have a value loaded anew in the background, unless this process does so already.

    Args:
        core: The state of the cache.
        request: What to load.
        seen: The id of the value that is to be replaced.
    """
    wire = request.key.wire
    if wire in core.refreshing:
        return
    core.refreshing.add(wire)
    if not (yield Spawn(_refresh_seen(core, request, seen))):
        core.refreshing.discard(wire)


def _refresh_seen(core: Core, request: Request, seen: bytes) -> Flow[None]:
    """Replace a value, unless somebody has done so or it is gone."""
    try:
        stored = (yield from look(core, request.key, request.tags)).stored
        if stored is not None and stored.id == seen:
            yield from reload(core, request, stored)
    except Exception as error:  # noqa: BLE001 - a loader may raise anything, and nobody waits
        _log_failed_refresh(request.key, error)
    finally:
        core.refreshing.discard(request.key.wire)


def _refresh_now(core: Core, request: Request, stored: Stored, *, is_stale: bool) -> Flow[Landed]:
    """Load a value anew in the caller's own time; serve the old one if that fails."""
    try:
        value = yield from reload(core, request, stored)
    except Exception as error:  # noqa: BLE001 - a loader may raise anything
        _log_failed_refresh(request.key, error)
        value = MISS
    if value is MISS:
        return Landed(stored.value, stored.size, is_stale)
    return Landed(value)


def reload(core: Core, request: Request, stored: Stored) -> Flow[Any | Miss]:
    """Load a value anew and put it in the place of the one that is there, if that is still so.

    Returns:
        The new value; MISS if somebody else loads it, or a load of it has just failed.
    """
    key, token = request.key, envelope.lease(core.lease_ms)
    wire = REFRESH_PREFIX + key.wire.removeprefix(NAMESPACE)
    taken = yield Call(
        (key,), lambda server: server.client.set(wire, token, px=core.lease_ms, nx=True), "write"
    )
    if taken is not True:
        return MISS
    with core.leases.hold(wire, token, _load_limit(core, key)):
        # A load that fails leaves its lease to lapse: so a source that is down is not asked again
        # by each reader.
        value, load_us = yield from _call_loader(core, request)
        core.stats.refreshed(key.category)
        sealed = _sealed(core, request, value, load_us, stored.tags)
        if sealed is not None:
            keys = [key.wire, wire, *tag_wires(stored.tags)]
            arguments = [token, stored.id, sealed.data, sealed.life_ms, *stored.tags.values()]
            answer = yield Call((key,), lambda server: server.refill(keys, arguments), "write")
            core.forget_copies((key.wire,))
            count_store(core, key, sealed, stored=answer == 1)
    return value


def _load(
    core: Core, request: Request, flight: Flight, seen: bytes, leased_at: int | None
) -> Flow[Landed]:
    """Load, or wait for another process that does.

    Args:
        core: The state of the cache.
        request: What to load.
        flight: Who waits for it.
        seen: Tells what is there already and cannot be believed.
        leased_at: `core.pushes` before the lease of another process was seen, if it was.
    """
    key, poll, waited = request.key, FIRST_POLL, False
    gives_up_at = core.clock() + _load_limit(core, key)
    while core.trusts_server(key) and core.clock() < gives_up_at:
        with core.bells.listen(key.wire) as bell:
            if leased_at == core.pushes:
                leased_at, waited = None, True
                flight.rests()
                yield Wait(bell, LEASE_MS / 1000)
                continue
            grant = yield from _acquire(core, request, seen, flight)
            if grant.look is None:
                flight.loads(grant.changed)
                return (yield from _load_and_store(core, request, grant))
            stored, seen = grant.look.stored, grant.look.seen
            if stored is not None:
                return Landed(stored.value, stored.size, core.is_stale(stored), waited)
            if grant.look.is_leased:
                flight.rests()
                yield Wait(bell, LEASE_MS / 1000 if core.is_pushed else poll)
                poll, waited = min(poll * 2, LAST_POLL), True
    flight.loads()
    return (yield from _load_and_store(core, request, ALONE))


def _acquire(core: Core, request: Request, seen: bytes, flight: Flight) -> Flow[Grant]:
    """Ask for the lease of a key, whose value, if it has one, is the one seen."""
    key, since, life_ms = request.key, core.sequence, core.lease_ms
    lease = envelope.lease(life_ms)
    flight.looks()
    if request.tags or seen:
        return (yield from _acquire_by_script(core, request, seen, lease))
    held = yield Call(
        (key,),
        lambda server: server.client.set(key.wire, lease, px=life_ms, nx=True, get=True),
        "write",
    )
    if held is FAILED:
        return ALONE
    if held is None:
        return Grant(lease, changed=(key.wire,))
    return Grant(look=(yield from judge(core, key, Held(held, since, NO_TAGS))))


def _acquire_by_script(core: Core, request: Request, seen: bytes, lease: bytes) -> Flow[Grant]:
    """Do the same for a value that depends on tags, or that is to be replaced."""
    key, tags, since = request.key, request.tags, core.sequence
    wires, policy = [key.wire, *tag_wires(tags)], core.policies.of(key.category)
    whole_life = (policy.ttl + policy.grace) // _MS
    begin = lease[:-LEASE_DIGEST]
    arguments = [begin, core.lease_ms, seen, new_stamp(), TAG_LIFE_MS, whole_life]
    answer = yield Call((key,), lambda server: server.acquire(wires, arguments), "write")
    if answer is FAILED or answer[0] == b"guarded":
        return ALONE
    what, held, flags, *found = answer
    stamps = {tag: stamp for tag, stamp in zip(tags, found, strict=True) if stamp}
    if what == b"taken":
        changed = [wire for wire, flag in zip(wires[1:], flags, strict=True) if flag == ord("1")]
        return Grant(held, stamps, [key.wire, *changed])
    return Grant(look=(yield from judge(core, key, Held(held, since, stamps), tags)))


def _load_and_store(core: Core, request: Request, grant: Grant) -> Flow[Landed]:
    key, lease = request.key, grant.lease
    if lease is None:
        value, _ = yield from _call_loader(core, request)
        core.stats.dropped(key.category)
        return Landed(value)
    stamps, sealed = grant.stamps, None
    with core.leases.hold(key.wire, lease, _load_limit(core, key)):
        try:
            value, load_us = yield from _call_loader(core, request)
            sealed = _sealed(core, request, value, load_us, stamps)
        finally:
            if sealed is None:
                arguments = [lease]
                yield Call((key,), lambda server: server.give_back([key.wire], arguments), "touch")
        if sealed is not None:
            yield from _fill(core, key, lease, sealed, stamps)
    return Landed(value)


def _fill(
    core: Core, key: Key, lease: bytes, sealed: Sealed, stamps: Mapping[str, bytes]
) -> Flow[None]:
    """Store a loaded value if its lease still stands and none of its tags has changed."""
    keys = [key.wire, *tag_wires(stamps)]
    arguments = [lease, sealed.data, sealed.life_ms, *stamps.values()]
    answer = yield Call((key,), lambda server: server.fill(keys, arguments), "write")
    core.forget_copies((key.wire,))
    count_store(core, key, sealed, stored=answer == 1)


def _call_loader(core: Core, request: Request) -> Flow[tuple[Any, int]]:
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


def _sealed(
    core: Core, request: Request, value: Any, load_us: int, stamps: Mapping[str, bytes]
) -> Sealed | None:
    """Encode a loaded value, as read: it is given to whoever asked for it."""
    key, ttl = request.key, request.ttl
    return seal_or_log(core, key, value, ttl, load_us=load_us, tags=stamps, read=True)


def _load_limit(core: Core, key: Key) -> float:
    return core.policies.of(key.category).load_limit.total_seconds()


def _log_failed_refresh(key: Key, error: Exception) -> None:
    log.warning(
        "A value of the cache's %s could not be loaded anew: %s.",
        key.category.value,
        type(error).__name__,
        extra={"action": "cache.refresh_failed", "key": key.wire},
    )
