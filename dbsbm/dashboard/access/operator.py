"""The one account."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Operator:
    """Who may log in.

    Attributes:
        name: DASHBOARD_USER.
        password: DASHBOARD_PASSWORD.
    """

    name: str
    password: SecretStr

    def is_me(self, name: str, password: str) -> bool:
        """Compare both in a time that does not depend on where they differ."""
        is_name = hmac.compare_digest(_digest(name), _digest(self.name))
        is_password = hmac.compare_digest(
            _digest(password), _digest(self.password.get_secret_value())
        )
        return is_name and is_password


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
