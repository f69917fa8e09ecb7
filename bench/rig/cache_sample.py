"""What the cache's benchmarks cache. Plain Python: peers import it in environments of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

BET: dict[str, Any] = {
    "id": 918_273,
    "guild_id": 1_187_654_321_098_765_432,
    "user_id": 987_654_321_012_345_678,
    "capper_name": "Alexandra the Great",
    "state": "open",
    "market": "moneyline",
    "risk": Decimal("2.50"),
    "to_win": Decimal("2.27"),
    "odds_american": -110,
    "odds_decimal": Decimal("1.9091"),
    "note": "home opener, wind from the left",
    "placed_at": datetime(2026, 9, 6, 17, 3, 21, 482_913, tzinfo=UTC),
    "settled_at": None,
    "sandbox": False,
}
"""A member's bet as a flat row, with the types that JSON does not have."""

PLAIN_ROW: dict[str, Any] = {
    f"column_{number:02}": value
    for number, value in enumerate(
        ["a text of some thirty characters", 918_273, 1.9091, True, None, "open"] * 12
    )
}
"""A row of plain types, some two kilobytes as JSON."""
