"""Getting a value that is not there: once for everybody, and stored only if it is still true.

Whoever leads a flight is in one of its phases (`dbsbm.cache.engine.flights.Phase`):

    in         when                                       does                         then
    LOOKING    a fresh value is there                     -                            landed
               one that is stale, or about to be          has it loaded anew           landed
               nothing is there                           asks for the lease           LOOKING
               a value that may not be believed           asks for the lease, to       LOOKING
                                                          replace just this one
               it got the lease                           -                            LOADING
               another process holds the lease            -                            RESTING
               a writer guards a tag, or the server       -                            LOADING alone
               fails
    RESTING    the key has changed, or it is time         asks for the lease           LOOKING
    LOOKING,   the server is not to be believed any       -                            LOADING alone
    RESTING    more, or the load limit is over
    LOADING    the loader has returned                    stores the value, if the     landed
                                                          lease and the tags stand
               the loader has raised                      gives the lease back         failed
    LOADING    the loader has returned                    stores nothing               landed
    alone      the loader has raised                      -                            failed

What has landed was found or loaded; of what was found, the flight looks again where somebody joined
it after a change (see `Phase`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dbsbm.cache.engine.acquiring import Lease, NoLease, acquire
from dbsbm.cache.engine.core import Core
from dbsbm.cache.engine.flights import Abandoned, Flight, Landed
from dbsbm.cache.engine.lease import LEASE_MS
from dbsbm.cache.engine.reading import Absent, Look, Unbelieved, look
from dbsbm.cache.engine.refreshing import refresh_later, refresh_now
from dbsbm.cache.engine.request import Request, call_loader, seal_loaded
from dbsbm.cache.engine.sealing import Sealed, count_store
from dbsbm.cache.engine.steps import Call, Flow, Wait
from dbsbm.cache.keys import Key
from dbsbm.cache.tags import tag_wires
from dbsbm.cache.values.serializer import Stored

FIRST_POLL: Final = 0.05
LAST_POLL: Final = 0.2
"""Seconds between two looks at another's load, where the server's word on it may not come."""


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
    found = yield from look(core, request.key, request.tags)
    if not isinstance(found, Stored):
        return (yield from _load(core, request, flight, found, pushes))
    is_stale = core.is_stale(found)
    if not is_stale and not core.is_due(found):
        return Landed(found.value, found.size)
    if request.in_background:
        yield from refresh_later(core, request, found.id)
        return Landed(found.value, found.size, is_stale)
    return (yield from refresh_now(core, request, found, is_stale=is_stale))


def _load(
    core: Core, request: Request, flight: Flight, found: Absent | Unbelieved, pushes: int
) -> Flow[Landed]:
    """Load, or wait for another process that does.

    Args:
        core: The state of the cache.
        request: What to load.
        flight: Who waits for it.
        found: What a look has shown instead of a value.
        pushes: `core.pushes` before that look.
    """
    key, poll, waited = request.key, FIRST_POLL, False
    seen = found.seen if isinstance(found, Unbelieved) else b""
    # What the look has shown holds until a change is told.
    is_leased = found is Absent.LEASED and core.is_pushed
    gives_up_at = core.clock() + core.load_limit(key)
    while core.trusts_server(key) and core.clock() < gives_up_at:
        with core.bells.listen(key.wire) as bell:
            answer: Lease | NoLease | Look
            if is_leased and pushes == core.pushes:
                answer = Absent.LEASED
            else:
                flight.looks()
                answer = yield from acquire(core, request, seen)
            is_leased = False
            match answer:
                case Lease():
                    flight.loads(answer.changed)
                    return (yield from _load_and_store(core, request, answer))
                case NoLease.NO_LEASE:
                    break
                case Stored():
                    is_stale = core.is_stale(answer)
                    return Landed(answer.value, answer.size, is_stale, waited)
                case Unbelieved():
                    seen = answer.seen
                case Absent.NOTHING:
                    seen = b""  # it has gone between two looks
                case Absent.LEASED:
                    flight.rests()
                    yield Wait(bell, LEASE_MS / 1000 if core.is_pushed else poll)
                    seen, poll, waited = b"", min(poll * 2, LAST_POLL), True
    flight.loads()
    return (yield from _load_alone(core, request))


def _load_and_store(core: Core, request: Request, lease: Lease) -> Flow[Landed]:
    key, token, stamps, sealed = request.key, lease.token, lease.stamps, None
    with core.leases.hold(key.wire, token, core.load_limit(key)):
        try:
            value, load_us = yield from call_loader(core, request)
            sealed = seal_loaded(core, request, value, load_us, stamps)
        finally:
            if sealed is None:
                yield Call((key,), lambda server: server.give_back([key.wire], [token]), "touch")
        if sealed is not None:
            yield from _fill(core, key, token, sealed, stamps)
    return Landed(value)


def _load_alone(core: Core, request: Request) -> Flow[Landed]:
    """Load without the right to store."""
    value, _ = yield from call_loader(core, request)
    core.stats.dropped(request.key.category)
    return Landed(value)


def _fill(
    core: Core, key: Key, token: bytes, sealed: Sealed, stamps: Mapping[str, bytes]
) -> Flow[None]:
    """Store a loaded value if its lease still stands and none of its tags has changed."""
    keys = [key.wire, *tag_wires(stamps)]
    arguments = [token, sealed.data, sealed.life_ms, *stamps.values()]
    answer = yield Call((key,), lambda server: server.fill(keys, arguments), "write")
    core.forget_copies((key.wire,))
    count_store(core, key, sealed, stored=answer == 1)
