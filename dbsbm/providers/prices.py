"""Prices and lines as books print them, as exact decimals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from dbsbm.betting.odds import HIGHEST_TYPED, LOWEST_TYPED, Odds
from dbsbm.errors import UserError
from dbsbm.providers.fields import integer, number, text
from dbsbm.providers.model import Market, OddsRow, Side

_HIGHEST_LINE = Decimal(1000)
_EVEN = frozenset({"EVEN", "EVENS", "EV"})
_PICK = frozenset({"PK", "PICK", "PICKEM", "EVEN"})
_TOTAL_LINE = re.compile(r"(?:[ou]|over|under)?\s*(\d+(?:\.\d+)?)", re.IGNORECASE)


def american_price(quoted: object) -> Decimal | None:
    """Return the decimal odds of an American price such as "-155", 120 or "EVEN".

    None when there is no price ("OFF", null) or no sense in it (between -100 and +100).
    """
    if isinstance(quoted, str) and quoted.strip().upper() in _EVEN:
        return Decimal("2.0000")
    american = integer(quoted)
    if american is None:
        return None
    try:
        return Odds.from_american(american).decimal
    except UserError:
        return None


def decimal_price(quoted: object) -> Decimal | None:
    """Return decimal odds above 1 such as "1.50", or None when there is no price."""
    price = number(quoted)
    if price is None or not LOWEST_TYPED <= price <= HIGHEST_TYPED:
        return None
    return Odds(price).decimal


def handicap(quoted: object) -> Decimal | None:
    """Return a handicap such as "-1.5" or "PK" (none given); None for "OFF" and nonsense."""
    if isinstance(quoted, str) and quoted.strip().upper() in _PICK:
        return Decimal(0)
    line = number(quoted)
    return line if line is not None and abs(line) < _HIGHEST_LINE else None


def total(quoted: object) -> Decimal | None:
    """Return a total such as "o8.5", "Under 8.5" or 8.5; None for "OFF" and nonsense."""
    match = _TOTAL_LINE.fullmatch((text(quoted) or "").strip())
    line = Decimal(match[1]) if match else None
    return line if line is not None and 0 < line < _HIGHEST_LINE else None


Quote = tuple[Side, Decimal | None, Decimal | None, object]
"""Side, line, decimal price or None, and the price as printed."""


def market_rows(book: str, market: Market, quotes: Iterable[Quote]) -> tuple[OddsRow, ...]:
    """Return the rows of one market, or none when one of its sides has no price."""
    rows = tuple(
        OddsRow(book, market, side, line, price, text(quoted) or "")
        for side, line, price, quoted in quotes
        if price is not None
    )
    return rows if len(rows) >= 2 else ()
