"""Whether options have the right shape, which is all that the bot checks before it enqueues.

Discord checks lengths and choices too, but a client can send text that was never offered. Odds and
picks are read here as well: what is refused before the acknowledgement only its member sees, while
a worker's answer to `/bet` is for the channel. What takes the database, the worker checks.
"""

from __future__ import annotations

import re
from decimal import Decimal

from dbsbm.betting.bets import Pick
from dbsbm.betting.odds import Odds
from dbsbm.betting.units import plain
from dbsbm.errors import UserError

LONGEST_ODDS = 32
LONGEST_LINE = 16
LONGEST_NOTE = 500
LONGEST_CATEGORIES = 200
SMALLEST_UNITS = 0.0001
LARGEST_BET = 2**53  # Discord sends integers as JavaScript numbers

_GAME = re.compile(r"[0-9]{1,18}")
_LEAGUE = re.compile(r"[a-z0-9_-]{1,32}")
_CATEGORIES = re.compile(r"[a-z_]+(,[a-z_]+)*")


def game_id(text: str) -> str:
    """Return our id of the game that was chosen.

    Raises:
        UserError: The text was typed, not chosen from the list.
    """
    if not _GAME.fullmatch(text):
        raise UserError(
            "Please choose the game from the list that appears while you type a team's name."
        )
    return text


def league_key(text: str) -> str:
    """Return the key of the league that was chosen, or typed as its key.

    Raises:
        UserError: No league can have such a key.
    """
    key = text.strip().lower()
    if not _LEAGUE.fullmatch(key):
        raise UserError("Please choose the league from the list that appears while you type.")
    return key


def short_text(option: str, text: str | None, longest: int) -> str | None:
    """Return an option's text, None where it is empty.

    Raises:
        UserError: It is longer than `longest` characters.
    """
    if text is None or not text.strip():
        return None
    if len(text) > longest:
        raise UserError(
            f"`{option}` takes {longest} characters at most, and yours has {len(text)}."
        )
    return text.strip()


def odds(text: str) -> str:
    """Return odds as they were typed.

    Raises:
        UserError: They are none.
    """
    typed = short_text("odds", text, LONGEST_ODDS)
    if typed is None:
        raise UserError("Please fill in `odds`, such as -110, +150, 1.91 or 5/2.")
    Odds.parse(typed)
    return typed


def pick(market: str, side: str, line: str | None) -> dict[str, str | None]:
    """Return the options of a pick.

    Raises:
        UserError: The market has no such side, or needs another line.
    """
    typed = short_text("line", line, LONGEST_LINE)
    Pick.parse(market, side, typed)
    return {"market": market, "side": side, "line": typed}


def units(number: float) -> str:
    """Return a number of units as text, because JSON numbers are binary."""
    return plain(Decimal(repr(float(number))))


def categories(text: str) -> str:
    """Return cache categories, lower case, separated by commas.

    Raises:
        UserError: The text is no such list.
    """
    folded = "".join(text.lower().split()).strip(",")
    if len(folded) > LONGEST_CATEGORIES or not _CATEGORIES.fullmatch(folded):
        raise UserError(
            "Write categories separated by commas, such as game_data,team_data, or all."
        )
    return folded
