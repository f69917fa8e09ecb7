"""A value to what is stored for it, and back if it is ours, whole, and of just this name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dbsbm.cache.categories import Policy
from dbsbm.cache.marks import READ, UNREAD
from dbsbm.cache.values import envelope
from dbsbm.cache.values.codec import EncodeError, TooLarge, pack, refuse_larger, unpack
from dbsbm.cache.values.compression import compressed, decompressed
from dbsbm.cache.values.encode_errors import type_name
from dbsbm.cache.values.pickles import PickleAllowance
from dbsbm.cache.values.signing import SIGNATURE, Keyring
from dbsbm.errors import ConfigError

LARGEST: Final = 8 * 1024 * 1024
"""Largest payload that any category may have, and that is ever unpacked."""

TYPED: Final = 1
BYTES: Final = 2
PICKLE: Final = 3
COMPRESSED: Final = 0x10

_MARKS: Final = (UNREAD, READ)


# Not frozen, which would double the price of making one: every read does.
@dataclass(slots=True)
class Stored:
    """A value that was stored, and what is known of it.

    Attributes:
        value: The value.
        id: What tells this store from every other.
        expires_at_ms: When it turns stale, in milliseconds of the server's time.
        load_us: How long it took to load, in microseconds.
        lifetime_ms: How long the server keeps it from when it was stored.
        tags: The stamps that its tags had when its load began.
        size: Bytes on the server.
        read: Somebody had read it before.
        data: All that is stored.
    """

    value: Any
    id: bytes
    expires_at_ms: int
    load_us: int
    lifetime_ms: int
    tags: Mapping[str, bytes]
    size: int
    read: bool
    data: bytes = field(default=b"", compare=False, repr=False)


class Serializer:
    """Seals values and opens what was sealed.

    Args:
        keyring: Signs values; then all that is not signed is refused. Without one, nothing is
            signed, and what is signed is refused.
        pickles: Which classes may be pickled where the typed codec cannot write a value.

    Raises:
        ConfigError: Pickles are allowed and would not be signed.
    """

    def __init__(
        self, keyring: Keyring | None = None, pickles: PickleAllowance | None = None
    ) -> None:
        if pickles is not None and keyring is None:
            raise ConfigError("pickled values must be signed: give the cache a SECRET_KEY")
        self._keyring = keyring
        self._pickles = pickles

    def seal(
        self,
        wire: str,
        value: object,
        policy: Policy,
        *,
        lifetime_ms: int,
        expires_at_ms: int,
        load_us: int = 0,
        tags: Mapping[str, bytes] = envelope.NO_TAGS,
        read: bool = False,
    ) -> bytes:
        """Return what to store for a value.

        Args:
            wire: The key that it will stand under.
            value: What the policy's codec can write.
            policy: How values of its category are kept.
            lifetime_ms: How long the server shall keep it.
            expires_at_ms: When it turns stale, in milliseconds of the server's time.
            load_us: How long it took to load, in microseconds.
            tags: What it depends on, with the stamps from before it was loaded.
            read: Somebody wants it already.

        Raises:
            TooLarge: It is larger than the policy allows.
            EncodeError: It cannot be written.
        """
        form, payload = self._write(value, policy)
        block = envelope.write_tags(tags) if tags else b""
        head = envelope.write_head(
            read=read,
            lifetime_ms=lifetime_ms,
            expires_at_ms=expires_at_ms,
            load_us=load_us,
            form=form,
            key_id=0 if self._keyring is None else self._keyring.current_id,
            tags_size=len(block),
        )
        content = head + block + payload
        if self._keyring is None:
            return content
        return content + self._keyring.sign(wire, memoryview(content)[1:])

    def open(self, wire: str, stored: bytes, *, max_bytes: int = LARGEST) -> Stored | None:
        """Return what was stored, None for a lease and for what cannot be believed or read.

        Args:
            wire: The key that it stands under.
            stored: What is there.
            max_bytes: Largest payload to make of it.
        """
        try:
            return self._open(wire, stored, max_bytes)
        except Exception:  # noqa: BLE001  # damaged bytes raise anything, as do constructors
            return None

    def _open(self, wire: str, stored: bytes, max_bytes: int) -> Stored | None:
        mark, lifetime_ms, id_, expires_at_ms, load_us, form, key_id, tags_size = (
            envelope.read_head(stored)
        )
        view = memoryview(stored)
        end = len(stored) - SIGNATURE if key_id else len(stored)
        begin = envelope.HEAD + tags_size
        if mark not in _MARKS or begin > end or not self._is_ours(wire, view, key_id, end):
            return None
        return Stored(
            self._read(form, view[begin:end], max_bytes),
            id_,
            expires_at_ms,
            load_us,
            lifetime_ms,
            envelope.read_tags(view[envelope.HEAD : begin]) if tags_size else envelope.NO_TAGS,
            len(stored),
            mark == READ,
            stored,
        )

    def _is_ours(self, wire: str, stored: memoryview, key_id: int, end: int) -> bool:
        if self._keyring is None or not key_id:
            return self._keyring is None and not key_id
        return self._keyring.verifies(key_id, wire, stored[1:end], stored[end:])

    def _write(self, value: object, policy: Policy) -> tuple[int, bytes]:
        refuse_larger(value, policy.max_bytes)
        form, payload = self._encode(value, policy)
        if len(payload) > policy.max_bytes:
            raise TooLarge(len(payload), policy.max_bytes)
        if policy.compress_over is not None and len(payload) > policy.compress_over:
            smaller = compressed(payload)
            if smaller is not None:
                return form | COMPRESSED, smaller
        return form, payload

    def _encode(self, value: object, policy: Policy) -> tuple[int, bytes]:
        if policy.codec == "bytes" and value is not None:
            if type(value) is not bytes:
                raise EncodeError(f"a {type_name(value)} where bytes belong")
            return BYTES, value
        try:
            return TYPED, pack(value)
        except EncodeError:
            if self._pickles is None:
                raise
            return PICKLE, self._pickles.dump(value)

    def _read(self, form: int, payload: memoryview, max_bytes: int) -> Any:
        plain = decompressed(payload, max_bytes) if form & COMPRESSED else payload
        if len(plain) > max_bytes:
            raise ValueError(f"a payload of more than {max_bytes} bytes")
        kind = form & ~COMPRESSED
        if kind == TYPED:
            return unpack(plain)
        if kind == BYTES:
            return bytes(plain)
        if kind != PICKLE or self._pickles is None:
            raise ValueError(f"no value is written in the form {form}")
        return self._pickles.load(bytes(plain))


def say_the_same(one: bytes, other: bytes) -> bool:
    """Tell whether two stored values are the same, whenever and for how long they were stored."""
    return _payload(one) == _payload(other)


def _payload(stored: bytes) -> tuple[int, memoryview]:
    *_, form, key_id, tags_size = envelope.read_head(stored)
    end = len(stored) - SIGNATURE if key_id else len(stored)
    return form, memoryview(stored)[envelope.HEAD + tags_size : end]
