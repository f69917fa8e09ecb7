"""Signatures of stored values: who can write to the cache server cannot write values.

There is one algorithm, keyed BLAKE2b of 16 bytes. The number of a key that a value bears says which
of the operator's keys signed it, and nothing else.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, Self

from pydantic import SecretStr

from dbsbm.errors import ConfigError

SIGNATURE: Final = 16
"""Bytes of a signature."""

_SHORTEST_SECRET: Final = 16
_PURPOSE: Final = b"dbsbm.cache.key"
_PERSON: Final = b"dbsbm.cache"

Secret = SecretStr | bytes


class Keyring:
    """Signs with the current key; knows the signatures of older ones until they are taken away.

    Args:
        current: The number, 1 to 255, and the secret of the key that signs.
        older: Keys that signed what may still be stored.

    Raises:
        ConfigError: A number is out of its range or comes twice, or a secret is too short.
    """

    def __init__(
        self, current: tuple[int, Secret], older: Iterable[tuple[int, Secret]] = ()
    ) -> None:
        self.current_id = current[0]
        self._hashers: dict[int, blake2b] = {}
        for key_id, secret in (current, *older):
            self._add(key_id, _revealed(secret))

    @classmethod
    def of(cls, secret: Secret) -> Self:
        """Return the fleet's keyring: one key, made of SECRET_KEY.

        A changed SECRET_KEY makes all that is stored a miss, and it is loaded again.
        """
        return cls((1, secret))

    def sign(self, wire: str, content: memoryview | bytes) -> bytes:
        """Return the current key's signature of what is stored under a key of the server."""
        return self._signature(self.current_id, wire, content)

    def verifies(
        self, key_id: int, wire: str, content: memoryview | bytes, signature: memoryview | bytes
    ) -> bool:
        """Tell whether the key of this number signed just this content for just this name."""
        if key_id not in self._hashers:
            return False
        return hmac.compare_digest(self._signature(key_id, wire, content), signature)

    def __repr__(self) -> str:
        return f"Keyring(current={self.current_id}, known={sorted(self._hashers)})"

    def _signature(self, key_id: int, wire: str, content: memoryview | bytes) -> bytes:
        hasher = self._hashers[key_id].copy()
        name = wire.encode()
        # With its length, no end of a name can pass for the beginning of a content.
        hasher.update(len(name).to_bytes(4, "big") + name)
        hasher.update(content)
        return hasher.digest()

    def _add(self, key_id: int, secret: bytes) -> None:
        if not 1 <= key_id <= 255:
            raise ConfigError(f"a signing key's number is 1 to 255, not {key_id}")
        if key_id in self._hashers:
            raise ConfigError(f"two signing keys have the number {key_id}; give each its own")
        if len(secret) < _SHORTEST_SECRET:
            raise ConfigError(
                f"the secret of signing key {key_id} is shorter than {_SHORTEST_SECRET} bytes; "
                "make one with `openssl rand -hex 32`"
            )
        self._hashers[key_id] = blake2b(
            key=_derived(key_id, secret), digest_size=SIGNATURE, person=_PERSON
        )


def _revealed(secret: Secret) -> bytes:
    return secret.get_secret_value().encode() if isinstance(secret, SecretStr) else secret


def _derived(key_id: int, secret: bytes) -> bytes:
    """Return the key of this purpose and number: the secret serves others, too.

    A secret is long and random, so one hash derives from it what a slow one would.
    """
    return blake2b(secret, digest_size=32, person=_PURPOSE, salt=bytes([key_id])).digest()
