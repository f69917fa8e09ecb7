"""The buttons below a finding: their ids are all that the bot and the workers agree on."""

from __future__ import annotations

from enum import StrEnum


class FindingDeed(StrEnum):
    """What a button asks for."""

    PROVE = "prove"
    APPLY = "apply"
    KEEP = "keep"
    REVERT = "revert"
    DISMISS = "dismiss"


FINDING_PATTERN = r"finding:(?P<finding>[0-9a-f]{32}):(?P<deed>" + "|".join(FindingDeed) + ")"


def finding_custom_id(finding_id: str, deed: FindingDeed) -> str:
    """A button's id, which `FINDING_PATTERN` matches."""
    return f"finding:{finding_id}:{deed}"
