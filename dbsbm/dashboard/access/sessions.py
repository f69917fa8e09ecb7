"""Sessions that are signed and kept by the browser alone."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

LIFETIME = 12 * 3600.0
FORM_LIFETIME = 3600.0

Kind = Literal["session", "form"]


@dataclass(frozen=True, slots=True)
class Pass:
    """What a browser holds: `session` after the login, `form` while the form is being filled in.

    Attributes:
        kind: What it is good for.
        nonce: Its own random name; the CSRF token is made from it.
        expires: Unix seconds.
    """

    kind: Kind
    nonce: str
    expires: int


class Sessions:
    """Signs passes and checks them.

    The key comes from SECRET_KEY and the password, so that a new password ends every session.
    """

    def __init__(self, secret_key: SecretStr, password: SecretStr) -> None:
        root = hashlib.sha256(secret_key.get_secret_value().encode()).digest()
        digest = hashlib.blake2b(b"dbsbm dashboard session", key=root, digest_size=32)
        digest.update(hashlib.sha256(password.get_secret_value().encode()).digest())
        self._key = digest.digest()

    def issue(self, kind: Kind, now: float) -> tuple[Pass, str]:
        """A new pass, and how a cookie holds it, signed."""
        lifetime = LIFETIME if kind == "session" else FORM_LIFETIME
        held = Pass(kind, secrets.token_urlsafe(18), int(now + lifetime))
        text = f"{kind}.{held.expires}.{held.nonce}"
        return held, f"{text}.{self._sign('pass', text)}"

    def read(self, cookie: str | None, kind: Kind, now: float) -> Pass | None:
        """The pass in a cookie; None where it is forged, of another kind, or too old."""
        text, _, signature = (cookie or "").rpartition(".")
        if not self._is_signed("pass", text, signature):
            return None
        found, expires, nonce = text.split(".", 2)
        if found != kind or int(expires) <= now:
            return None
        return Pass(kind, nonce, int(expires))

    def csrf_token(self, held: Pass) -> str:
        """What a form of this pass's holder carries, and nobody else's can."""
        return self._sign("csrf", held.nonce)

    def is_csrf_token(self, held: Pass, token: str) -> bool:
        """True where a request was made by a page of ours."""
        return self._is_signed("csrf", held.nonce, token)

    def _sign(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()

    def _is_signed(self, purpose: str, text: str, signature: str) -> bool:
        return hmac.compare_digest(
            self._sign(purpose, text).encode(), signature.encode("utf-8", "replace")
        )
