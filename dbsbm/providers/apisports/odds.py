"""`bookmakers[].bets[].values[]`: of every ladder of lines, the one whose two prices are closest.

A handicap of the away side is printed in two ways: in football's API as the home team's ("Away
-0.5" is the other side of "Home -0.5"), elsewhere also as its own ("Away +0.5"). Both sides of one
bet together always cost a little more than 1 (the book's margin), which tells the two apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from dbsbm.providers.apisports.family import Family
from dbsbm.providers.fields import JsonObject, dig, items, text
from dbsbm.providers.model import OddsRow
from dbsbm.providers.prices import decimal_price, handicap, market_rows, total

_LABEL = re.compile(r"(home|away|draw|over|under)(?:\s+(\S+))?", re.IGNORECASE)
_TYPICAL_COST = Decimal("1.06")
_COSTS = Decimal("0.98"), Decimal("1.25")
"""What both sides of a real bet cost together; a wrong pairing lies outside."""


@dataclass(frozen=True, slots=True)
class _Quote:
    side: str
    line: Decimal | None
    price: Decimal
    quoted: object


@dataclass(frozen=True, slots=True)
class _Pair:
    """Both sides of a bet; the line is the first side's."""

    line: Decimal
    first: _Quote
    second: _Quote

    @property
    def cost(self) -> Decimal:
        return 1 / self.first.price + 1 / self.second.price

    @property
    def imbalance(self) -> tuple[Decimal, Decimal]:
        return abs(self.first.price - self.second.price), abs(self.line)


def odds_by_game(found: Iterable[JsonObject], family: Family) -> dict[str, tuple[OddsRow, ...]]:
    """Return the rows of every game of an odds answer, by the game's id."""
    rows: dict[str, tuple[OddsRow, ...]] = {}
    for item in found:
        if game_id := text(dig(item, family.game_field, "id")):
            rows[game_id] = rows.get(game_id, ()) + _game_odds(item, family)
    return rows


def _game_odds(item: JsonObject, family: Family) -> tuple[OddsRow, ...]:
    rows: list[OddsRow] = []
    for bookmaker in items(item.get("bookmakers")):
        book = text(bookmaker.get("name"))
        bets = {text(bet.get("name")): bet for bet in items(bookmaker.get("bets"))}
        if book:
            rows += _moneyline(book, bets.get(family.moneyline))
            rows += _spread(book, bets.get(family.spread))
            rows += _total(book, bets.get(family.total))
    return tuple(rows)


def _moneyline(book: str, bet: JsonObject | None) -> tuple[OddsRow, ...]:
    quotes = {quote.side: quote for quote in _quotes(bet) if quote.line is None}
    if not {"home", "away"} <= quotes.keys():
        return ()
    home, away, draw = quotes["home"], quotes["away"], quotes.get("draw")
    return market_rows(
        book,
        "moneyline",
        [
            ("home", None, home.price, home.quoted),
            ("away", None, away.price, away.quoted),
            ("draw", None, draw.price if draw else None, draw.quoted if draw else None),
        ],
    )


def _spread(book: str, bet: JsonObject | None) -> tuple[OddsRow, ...]:
    home, away = _ladder(bet, "home"), _ladder(bet, "away")
    as_own = _sound(_Pair(line, q, away[-line]) for line, q in home.items() if -line in away)
    as_home = _sound(_Pair(line, q, away[line]) for line, q in home.items() if line in away)
    pairs = min(as_own, as_home, key=_oddity)
    if not pairs:
        return ()
    main = min(pairs, key=lambda pair: pair.imbalance)
    return market_rows(
        book,
        "spread",
        [
            ("home", main.line, main.first.price, main.first.quoted),
            ("away", 0 - main.line, main.second.price, main.second.quoted),
        ],
    )


def _total(book: str, bet: JsonObject | None) -> tuple[OddsRow, ...]:
    over, under = _ladder(bet, "over"), _ladder(bet, "under")
    pairs = _sound(_Pair(line, q, under[line]) for line, q in over.items() if line in under)
    if not pairs:
        return ()
    main = min(pairs, key=lambda pair: pair.imbalance)
    return market_rows(
        book,
        "total",
        [
            ("over", main.line, main.first.price, main.first.quoted),
            ("under", main.line, main.second.price, main.second.quoted),
        ],
    )


def _sound(pairs: Iterable[_Pair]) -> list[_Pair]:
    return [pair for pair in pairs if _COSTS[0] <= pair.cost <= _COSTS[1]]


def _oddity(pairs: list[_Pair]) -> Decimal:
    """Return how far the pairs' costs are from a usual one, on average; much for no pairs."""
    if not pairs:
        return Decimal(100)
    return sum((abs(pair.cost - _TYPICAL_COST) for pair in pairs), Decimal(0)) / len(pairs)


def _ladder(bet: JsonObject | None, side: str) -> dict[Decimal, _Quote]:
    return {q.line: q for q in _quotes(bet) if q.side == side and q.line is not None}


def _quotes(bet: JsonObject | None) -> Iterator[_Quote]:
    """Yield the prices of a bet: `{"value": "Over 2.5", "odd": "1.90"}`, line beside or within."""
    for value in items(bet.get("values") if bet else None):
        label = _LABEL.fullmatch(text(value.get("value")) or "")
        price = decimal_price(value.get("odd"))
        if label is None or price is None:
            continue
        side = label[1].lower()
        printed = label[2] or value.get("handicap")
        line = total(printed) if side in {"over", "under"} else handicap(printed)
        if line is not None or printed is None:
            yield _Quote(side, line, price, value.get("odd"))
