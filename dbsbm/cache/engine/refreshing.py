"""Loading a value anew while the old one is still there, and served."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, Final

from dbsbm.cache.categories import OUTSIDE
from dbsbm.cache.engine.core import Core
from dbsbm.cache.engine.flights import Landed
from dbsbm.cache.engine.reading import look
from dbsbm.cache.engine.request import Request, call_loader, seal_loaded
from dbsbm.cache.engine.sealing import Sealed, count_store
from dbsbm.cache.engine.steps import Call, Flow, Spawn
from dbsbm.cache.keys import NAMESPACE, Key
from dbsbm.cache.miss import MISS, Miss
from dbsbm.cache.stats import Reloaded
from dbsbm.cache.tags import tag_wires
from dbsbm.cache.values import envelope
from dbsbm.cache.values.serializer import Stored, say_the_same

log = logging.getLogger(__name__)

_MS: Final = timedelta(milliseconds=1)

REFRESH_PREFIX: Final = "dbsbm:refresh:"
"""Outside of what is watched: that a value is loaded anew changes nothing for its readers."""


def refresh(core: Core, request: Request) -> Flow[Any | Miss]:
    """Load a value anew and put it in the place of the one that is there.

    Returns:
        The value; MISS if there is none to be replaced, or somebody else is about to.
    """
    found = yield from look(core, request.key, request.tags)
    if not isinstance(found, Stored):
        return MISS
    return (yield from _reload(core, request, found))


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


def refresh_now(core: Core, request: Request, stored: Stored, *, is_stale: bool) -> Flow[Landed]:
    """Load a value anew in the caller's own time; serve the old one if that fails."""
    try:
        value = yield from _reload(core, request, stored)
    except Exception as error:  # noqa: BLE001 - a loader may raise anything
        _log_failed_refresh(request.key, error)
        value = MISS
    if value is MISS:
        return Landed(stored.value, stored.size, is_stale)
    return Landed(value)


def _refresh_seen(core: Core, request: Request, seen: bytes) -> Flow[None]:
    """Replace a value, unless somebody has done so or it is gone."""
    try:
        found = yield from look(core, request.key, request.tags)
        if isinstance(found, Stored) and found.id == seen:
            yield from _reload(core, request, found)
    except Exception as error:  # noqa: BLE001 - a loader may raise anything, and nobody waits
        _log_failed_refresh(request.key, error)
    finally:
        core.refreshing.discard(request.key.wire)


def _reload(core: Core, request: Request, stored: Stored) -> Flow[Any | Miss]:
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
    with core.leases.hold(wire, token, core.load_limit(key)):
        # A load that fails leaves its lease to lapse: so a source that is down is not asked again
        # by each reader.
        value, load_us = yield from call_loader(core, request)
        core.stats.refreshed(key.category)
        sealed = seal_loaded(core, request, value, load_us, stored.tags)
        if sealed is not None:
            keys = [key.wire, wire, *tag_wires(stored.tags)]
            arguments = [token, stored.id, sealed.data, sealed.life_ms, *stored.tags.values()]
            answer = yield Call((key,), lambda server: server.refill(keys, arguments), "write")
            core.forget_copies((key.wire,))
            if count_store(core, key, sealed, stored=answer == 1):
                _tell_what_it_showed(core, key, stored, sealed)
    return value


def _tell_what_it_showed(core: Core, key: Key, before: Stored, after: Sealed) -> None:
    if key.category not in OUTSIDE:
        return
    # Its lifetime on the server is that in which it was fresh, and the grace.
    grace_ms = core.policies.of(key.category).grace // _MS
    stored_at_ms = before.expires_at_ms - (before.lifetime_ms - grace_ms)
    age = max(0.0, (core.server_clock.now_ms() - stored_at_ms) / 1000)
    changed = not say_the_same(before.data, after.data)
    reload = Reloaded(key.category, key.wire, age, changed)
    core.lifetimes.shown(reload)
    if core.stats.on_reload is not None:
        core.stats.on_reload(reload)


def _log_failed_refresh(key: Key, error: Exception) -> None:
    log.warning(
        "A value of the cache's %s could not be loaded anew: %s.",
        key.category.value,
        type(error).__name__,
        extra={"action": "cache.refresh_failed", "key": key.wire},
    )
