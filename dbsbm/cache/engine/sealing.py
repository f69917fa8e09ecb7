"""Making a value ready to be stored, and saying why it cannot be."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from dbsbm.cache.engine.core import Core
from dbsbm.cache.engine.expiry import lifetime
from dbsbm.cache.keys import Key
from dbsbm.cache.values.encode_errors import EncodeError, TooLarge
from dbsbm.cache.values.envelope import NO_TAGS

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A value ready to be stored: its bytes, and for how many milliseconds."""

    data: bytes
    life_ms: int


def seal(
    core: Core,
    key: Key,
    value: object,
    ttl: timedelta | None,
    *,
    load_us: int = 0,
    tags: Mapping[str, bytes] = NO_TAGS,
    read: bool = False,
    learned: timedelta | None = None,
) -> Sealed | None:
    """Encode a value; None, counted as a drop, if it is too large for its category.

    Raises:
        EncodeError: The value cannot be written.
        ValueError: The lifetime is zero or negative.
    """
    policy = core.policies.of(key.category)
    life = lifetime(policy, value, ttl, learned)
    try:
        data = core.serializer.seal(
            key.wire,
            value,
            policy,
            lifetime_ms=life.whole_ms,
            expires_at_ms=core.server_clock.now_ms() + life.fresh_ms,
            load_us=load_us,
            tags=tags,
            read=read,
        )
    except TooLarge as error:
        core.stats.dropped(key.category)
        log.warning(
            "A value of %d bytes is too large for the cache's %s and is not stored.",
            error.size,
            key.category.value,
            extra={"action": "cache.refused_value", "key": key.wire},
        )
        return None
    return Sealed(data, life.whole_ms)


def seal_or_log(
    core: Core,
    key: Key,
    value: object,
    ttl: timedelta | None,
    *,
    load_us: int = 0,
    tags: Mapping[str, bytes] = NO_TAGS,
    read: bool = False,
    learned: timedelta | None = None,
) -> Sealed | None:
    """Like `seal`, for callers that must not fail: what cannot be written is an error logged."""
    try:
        return seal(core, key, value, ttl, load_us=load_us, tags=tags, read=read, learned=learned)
    except EncodeError as error:
        core.stats.dropped(key.category)
        log.error(  # noqa: TRY400 - the error says all, and a value shall not be in the log
            "A value cannot be cached and is not stored: %s",
            error,
            extra={"action": "cache.refused_value", "key": key.wire},
        )
        return None


def count_store(core: Core, key: Key, sealed: Sealed, *, stored: bool) -> bool:
    """Count whether the server stored a value, and tell it."""
    if stored:
        core.stats.stored(key.category, len(sealed.data))
    else:
        core.stats.dropped(key.category)
    return stored
