"""Asking for the lease of a key: the right to store what is then loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from dbsbm.cache.engine.core import Core
from dbsbm.cache.engine.reading import Held, Look, judge
from dbsbm.cache.engine.request import Request
from dbsbm.cache.engine.steps import FAILED, Call, Flow
from dbsbm.cache.server.scripts import LEASE_DIGEST, TAG_LIFE_MS
from dbsbm.cache.tags import new_stamp, tag_wires
from dbsbm.cache.values import envelope
from dbsbm.cache.values.envelope import NO_TAGS

_MS: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to store what is being loaded.

    Attributes:
        token: What stands under the key until the value does.
        stamps: Those of the tags when the load begins.
        changed: The keys on the server that taking the lease has changed.
    """

    token: bytes
    stamps: Mapping[str, bytes]
    changed: Sequence[str]


class NoLease(Enum):
    """A type of one value: the server cannot be asked, or a writer is about to commit."""

    NO_LEASE = "no lease"


NO_LEASE: Final = NoLease.NO_LEASE

Answer = Lease | NoLease | Look
"""The lease, or none for anybody, or what stands there already."""


def acquire(core: Core, request: Request, seen: bytes) -> Flow[Answer]:
    """Ask for the lease of a key.

    Args:
        core: The state of the cache.
        request: What is to be loaded.
        seen: Tells the value that is there and could not be believed; empty where there is none.
    """
    key, since, life_ms = request.key, core.sequence, core.lease_ms
    token = envelope.lease(life_ms)
    if request.tags or seen:
        return (yield from _acquire_by_script(core, request, seen, token))
    held = yield Call(
        (key,),
        lambda server: server.client.set(key.wire, token, px=life_ms, nx=True, get=True),
        "write",
    )
    if held is FAILED:
        return NO_LEASE
    if held is None:
        return Lease(token, NO_TAGS, (key.wire,))
    return (yield from judge(core, key, Held(held, since, NO_TAGS)))


def _acquire_by_script(core: Core, request: Request, seen: bytes, token: bytes) -> Flow[Answer]:
    """Do the same for a value that depends on tags, or that is to be replaced."""
    key, tags, since = request.key, request.tags, core.sequence
    wires, policy = [key.wire, *tag_wires(tags)], core.policies.of(key.category)
    whole_life = (policy.ttl + policy.grace) // _MS
    begin = token[:-LEASE_DIGEST]
    arguments = [begin, core.lease_ms, seen, new_stamp(), TAG_LIFE_MS, whole_life]
    answer = yield Call((key,), lambda server: server.acquire(wires, arguments), "write")
    if answer is FAILED or answer[0] == b"guarded":
        return NO_LEASE
    what, held, flags, *found = answer
    stamps = {tag: stamp for tag, stamp in zip(tags, found, strict=True) if stamp}
    if what == b"taken":
        changed = [wire for wire, flag in zip(wires[1:], flags, strict=True) if flag == ord("1")]
        return Lease(held, stamps, [key.wire, *changed])
    return (yield from judge(core, key, Held(held, since, stamps), tags))
