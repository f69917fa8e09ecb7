"""Numbers in the sentences of findings about the fleet."""

from __future__ import annotations

_MIB = 1024.0 * 1024.0
_SPANS = (("day", 86400.0), ("hour", 3600.0), ("minute", 60.0), ("second", 1.0))


def spell_bytes(count: float) -> str:
    """Such as `1.5 GiB`."""
    for unit, size in (("GiB", 1024 * _MIB), ("MiB", _MIB), ("KiB", 1024.0)):
        if abs(count) >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} bytes"


def spell_between(least: float, most: float) -> str:
    """Two spans in seconds in one unit, such as `9 to 14 days`."""
    unit, size = next((each for each in _SPANS if least >= 2 * each[1]), _SPANS[-1])
    low, high = f"{least / size:.0f}", f"{most / size:.0f}"
    if low == high:
        return f"{low} {unit}{'' if low == '1' else 's'}"
    return f"{low} to {high} {unit}s"
