"""Text of others within ours."""

from __future__ import annotations


def escaped(name: str) -> str:
    """Return a name without what Discord would read as formatting, 60 characters at most."""
    return "".join(f"\\{char}" if char in "*_~`|<>[]" else char for char in name[:60])
