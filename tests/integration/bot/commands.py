"""Commands to hand over."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from dbsbm.wire.command import Command

_ids = itertools.count(1_574_165_972_602_847_232)


def a_command(**fields: Any) -> Command:
    """A bet with an interaction id of its own."""
    values: dict[str, Any] = {
        "interaction_id": next(_ids),
        "application_id": 1,
        "reply_token": "gAAAAABsealed",
        "guild_id": 2,
        "guild_name": "Sunday Parlay Club",
        "channel_id": 3,
        "user_id": 4,
        "user_name": "Tomás",
        "user_avatar": None,
        "locale": "en-US",
        "created_at": datetime.now(UTC).isoformat(),
        "name": "bet",
        "options": {"game": "7", "market": "moneyline", "side": "home"},
        "ephemeral": False,
    }
    return Command(**(values | fields))
