"""Write an example slip to a file: `python -m dbsbm.slips slip.png --status won --sandbox`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import get_args

from dbsbm.slips.draw import render
from dbsbm.slips.example import EXAMPLE
from dbsbm.slips.model import OddsFormat, Status


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
