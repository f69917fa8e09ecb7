"""Commands as the bot would send them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from dbsbm.wire.command import Command

_numbers = count(1)


def a_command(name: str = "bet", **values: Any) -> Command:
    """A command of member 7 in guild 1; every one has an interaction id of its own."""
    return Command(
        **{
            "interaction_id": 10_000 + next(_numbers),
            "application_id": 5,
            "reply_token": "sealed",
            "guild_id": 1,
            "guild_name": "Home",
            "channel_id": 3,
            "user_id": 7,
            "user_name": "Ann",
            "user_avatar": None,
            "locale": "en-US",
            "created_at": datetime.now(UTC).isoformat(),
            "name": name,
            "options": {},
            "ephemeral": False,
        }
        | values
    )


def bet_options(game_id: int, **values: Any) -> dict[str, Any]:
    """Options of a good bet on a game."""
    return {
        "game": str(game_id),
        "market": "moneyline",
        "side": "home",
        "odds": "+150",
        "units": "1.5",
    } | values
