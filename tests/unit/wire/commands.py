"""Commands for tests."""

from __future__ import annotations

from hypothesis import strategies as st

from dbsbm.wire.command import Command

SNOWFLAKES = st.integers(1, 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)

COMMANDS = st.builds(
    Command,
    interaction_id=SNOWFLAKES,
    application_id=SNOWFLAKES,
    reply_token=TEXTS,
    guild_id=SNOWFLAKES,
    guild_name=TEXTS,
    channel_id=SNOWFLAKES,
    user_id=SNOWFLAKES,
    user_name=TEXTS,
    user_avatar=st.none() | TEXTS,
    locale=st.sampled_from(["en-US", "de", "pt-BR"]),
    created_at=st.just("2026-11-22T20:00:00.123456+00:00"),
    name=st.sampled_from(["bet", "slip", "games", "warm", "status"]),
    options=st.dictionaries(TEXTS, st.none() | TEXTS | st.integers(-(2**53), 2**53), max_size=6),
    ephemeral=st.booleans(),
)


def command(**changes: object) -> Command:
    """A `/bet`, changed as a test wants it."""
    fields: dict[str, object] = {
        "interaction_id": 1_300_000_000_000_000_001,
        "application_id": 1_300_000_000_000_000_002,
        "reply_token": "sealed-token",
        "guild_id": 1_300_000_000_000_000_003,
        "guild_name": "Sharp Money",
        "channel_id": 1_300_000_000_000_000_004,
        "user_id": 1_300_000_000_000_000_005,
        "user_name": "Ada",
        "user_avatar": None,
        "locale": "en-US",
        "created_at": "2026-11-22T20:00:00+00:00",
        "name": "bet",
        "options": {"game": "1", "odds": "-110"},
        "ephemeral": False,
    }
    return Command(**{**fields, **changes})  # type: ignore[arg-type]
