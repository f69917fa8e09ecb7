"""Sealing of interaction tokens.

Whoever holds an interaction's token answers in the bot's name for 15 minutes. It has to reach the
worker that answers, through the broker and the database, which operators, Flower and
backups can read; so it travels encrypted and authenticated (Fernet: AES-128-CBC and HMAC-SHA256).
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr

from dbsbm.errors import PermanentError


class Sealer:
    """Seals and opens texts with a key derived from SECRET_KEY."""

    def __init__(self, secret_key: SecretStr) -> None:
        # SECRET_KEY is long and random, so one keyed hash derives from it what a slow hash would.
        secret = secret_key.get_secret_value().encode()
        digest = hashlib.blake2b(b"dbsbm interaction token", key=secret[:64], digest_size=32)
        if len(secret) > 64:
            digest.update(secret[64:])
        self._fernet = Fernet(base64.urlsafe_b64encode(digest.digest()))

    def seal(self, text: str) -> str:
        """Encrypt a text; every call gives another result."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> SecretStr:
        """Decrypt.

        Raises:
            PermanentError: It was sealed with another SECRET_KEY, or changed on the way.
        """
        try:
            return SecretStr(self._fernet.decrypt(sealed.encode()).decode())
        except InvalidToken:
            raise PermanentError(
                "A reply token could not be opened: SECRET_KEY differs between bot and workers."
            ) from None
