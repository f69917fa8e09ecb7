"""Bot tokens of the shape real ones have."""

from __future__ import annotations

import base64
import secrets

from dbsbm.sandbox.discord.default_world import BOT


def make_token(application_id: str = BOT.id) -> str:
    """Return a new random token; its first part names the application, as some clients check.

    Args:
        application_id: The application's id; that of the default world where left out.
    """
    owner = base64.urlsafe_b64encode(application_id.encode()).rstrip(b"=").decode()
    return f"{owner}.{secrets.token_urlsafe(5)}.{secrets.token_urlsafe(28)}"
