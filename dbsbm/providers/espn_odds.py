"""ESPN's odds in the layout of 2026 and in the one before.

2026: `moneyline.home.close.odds "-155"`, `pointSpread.home.close.{line,odds}`,
`total.over.close.line "o8.5"`. Before: `homeTeamOdds.moneyLine -155`, `spread`, `overUnder`. Any
part may be missing or null, a closed market reads "OFF", and `details` ("CHW -155") names a
moneyline or a spread without saying which, so it is not read.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dbsbm.providers.fields import JsonObject, dig, items, text
from dbsbm.providers.model import OddsRow
from dbsbm.providers.prices import Quote, american_price, handicap, market_rows, total


def parse_odds(odds: object) -> tuple[OddsRow, ...]:
    """Return every complete market of every book, each book once."""
    rows: dict[str, tuple[OddsRow, ...]] = {}
    for entry in items(odds):
        book = text(dig(entry, "provider", "name"))
        if book and not rows.get(book):
            rows[book] = _moneyline(book, entry) + _spread(book, entry) + _total(book, entry)
    return tuple(row for of_book in rows.values() for row in of_book)


def _moneyline(book: str, entry: JsonObject) -> tuple[OddsRow, ...]:
    home = _now(entry, "moneyline", "home").get("odds", dig(entry, "homeTeamOdds", "moneyLine"))
    away = _now(entry, "moneyline", "away").get("odds", dig(entry, "awayTeamOdds", "moneyLine"))
    draw = _now(entry, "moneyline", "draw").get("odds", dig(entry, "drawOdds", "moneyLine"))
    if american_price(home) is None or american_price(away) is None:
        return ()
    quotes: list[Quote] = [
        ("home", None, american_price(home), home),
        ("away", None, american_price(away), away),
        ("draw", None, american_price(draw), draw),
    ]
    return market_rows(book, "moneyline", quotes)


def _spread(book: str, entry: JsonObject) -> tuple[OddsRow, ...]:
    if isinstance(entry.get("pointSpread"), dict):
        home, away = _now(entry, "pointSpread", "home"), _now(entry, "pointSpread", "away")
        line, other = handicap(home.get("line")), handicap(away.get("line"))
        prices = home.get("odds"), away.get("odds")
    else:
        # The old layout gives one line, that of the home team.
        line = handicap(entry.get("spread"))
        other = None if line is None else -line
        prices = dig(entry, "homeTeamOdds", "spreadOdds"), dig(entry, "awayTeamOdds", "spreadOdds")
    if line is None or other != -line:
        return ()
    quotes: list[Quote] = [
        ("home", line, american_price(prices[0]), prices[0]),
        ("away", _plain(-line), american_price(prices[1]), prices[1]),
    ]
    return market_rows(book, "spread", quotes)


def _total(book: str, entry: JsonObject) -> tuple[OddsRow, ...]:
    if isinstance(entry.get("total"), dict):
        over, under = _now(entry, "total", "over"), _now(entry, "total", "under")
        fallback = entry.get("overUnder")
        line, other = total(over.get("line", fallback)), total(under.get("line", fallback))
        prices = over.get("odds"), under.get("odds")
    else:
        line = other = total(entry.get("overUnder"))
        prices = entry.get("overOdds"), entry.get("underOdds")
    if line is None or other != line:
        return ()
    quotes: list[Quote] = [
        ("over", line, american_price(prices[0]), prices[0]),
        ("under", line, american_price(prices[1]), prices[1]),
    ]
    return market_rows(book, "total", quotes)


def _now(entry: JsonObject, market: str, side: str) -> dict[str, Any]:
    """Return the price that stands: the closing one, or the opening one before there is another."""
    quotes = dig(entry, market, side)
    for moment in ("close", "current", "open"):
        if isinstance(found := dig(quotes, moment), dict):
            return found
    return {}


def _plain(line: Decimal) -> Decimal:
    """Return the line without a negative zero."""
    return line + 0
