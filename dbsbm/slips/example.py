"""A slip to look at, and to draw before the first real one."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from dbsbm.slips.model import StraightSlip, Team

EXAMPLE = StraightSlip(
    bet_id=1042,
    league="Northern League",
    sport="soccer",
    home=Team("Northbridge Rovers", "NBR", "#7A1FA2", "#FFC72C"),
    away=Team("Åsgård Fotballklubb", "ÅFK", "#0B5D3B", "#FFFFFF"),
    pick="home",
    market="spread",
    line=Decimal("-0.25"),
    odds_american=-108,
    odds_decimal=Decimal("1.9259"),
    risk=Decimal("1.5"),
    to_win=Decimal("1.3889"),
    capper_name="أمير 🔥 Ace",
    capper_avatar=None,
    status="open",
    starts_at=datetime(2026, 10, 24, 19, 30, tzinfo=UTC),
    placed_at=datetime(2026, 10, 24, 14, 2, tzinfo=UTC),
    note="Home side unbeaten in nine, and the visitors played on Thursday.",
    sandbox=False,
    odds_format="american",
)
