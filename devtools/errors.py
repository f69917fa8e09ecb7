"""The one error of these tools."""

from __future__ import annotations


class DevError(Exception):
    """A command cannot go on; the text is one sentence that says what to do."""
