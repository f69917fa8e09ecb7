"""Taking keys out of text that comes from elsewhere."""

from __future__ import annotations

import hashlib
import re

from pydantic import SecretStr

_LONGEST = 200
_IN_QUERY = re.compile(r"((?:api_?key|key|token)=)[^&\s\"']+", re.IGNORECASE)


class Redactor:
    """Makes a provider's own words fit for a log or an error.

    Args:
        secrets: Keys that the provider could repeat to us.
    """

    def __init__(self, *secrets: SecretStr) -> None:
        self._secrets = secrets

    def clean(self, words: object) -> str:
        """Return `words` as one line of at most 200 characters without any key."""
        line = " ".join(str(words).split())
        for secret in self._secrets:
            if value := secret.get_secret_value():
                line = line.replace(value, "***")
        return _IN_QUERY.sub(r"\1***", line)[:_LONGEST]


def fingerprint(secret: SecretStr | None) -> str:
    """Return a short name for a key that tells it from another and does not reveal it."""
    if secret is None:
        return "none"
    return hashlib.sha256(secret.get_secret_value().encode()).hexdigest()[:12]
