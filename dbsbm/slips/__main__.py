"""Write an example slip to a file: `python -m dbsbm.slips slip.png --status won --sandbox`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import get_args

from dbsbm.slips.draw import render
from dbsbm.slips.model import OddsFormat, Status, StraightSlip, Team

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


def main() -> None:
    """Read the command line, draw the example and save it."""
    parser = argparse.ArgumentParser(description="Write an example slip as a PNG file.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--status", choices=get_args(Status), default=EXAMPLE.status)
    parser.add_argument("--odds-format", choices=get_args(OddsFormat), default=EXAMPLE.odds_format)
    parser.add_argument("--name", default=EXAMPLE.home.name, help="name of the home team")
    parser.add_argument("--note", default=EXAMPLE.note)
    parser.add_argument("--sandbox", action="store_true", help="print the sandbox mark")
    chosen = vars(parser.parse_args())
    path, name = chosen.pop("path"), chosen.pop("name")
    path.write_bytes(render(replace(EXAMPLE, home=replace(EXAMPLE.home, name=name), **chosen)))


if __name__ == "__main__":
    main()
