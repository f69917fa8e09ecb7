"""The buttons below an incident: their ids are all that the bot and the workers agree on."""

from __future__ import annotations

from enum import StrEnum


class Deed(StrEnum):
    """What a button asks for."""

    ACKNOWLEDGE = "acknowledge"
    SILENCE = "silence"


# A row's id has at most 19 digits, and Discord allows ids of buttons 100 characters.
PATTERN = r"incident:(?P<incident>[0-9]{1,19}):(?P<deed>" + "|".join(Deed) + ")"


def custom_id(incident_id: int, deed: Deed) -> str:
    """A button's id, which `PATTERN` matches."""
    return f"incident:{incident_id}:{deed}"
