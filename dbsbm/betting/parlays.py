"""Parlays: several legs at the product of their odds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from math import prod

from dbsbm.betting.grading import Grade, Result
from dbsbm.betting.odds import HIGHEST, QUANTUM, Odds
from dbsbm.betting.units import quantize
from dbsbm.errors import UserError

_RETURNED = frozenset({Result.PUSH, Result.VOID})


@dataclass(frozen=True, slots=True)
class ParlayGrade:
    """How a parlay ended.

    Attributes:
        result: WON, LOST, HALF_LOST (something, but less than the stake, came back), PUSH or VOID.
        multiplier: What one unit risked gives back, stake included, to four places.
    """

    result: Result
    multiplier: Decimal

    def profit(self, risk: Decimal) -> Decimal:
        """Return the units won or, negative, lost by risking `risk` units, to four places."""
        return quantize(risk * self.multiplier - risk)


def parlay_odds(legs: Iterable[Odds]) -> Odds:
    """Return the price of a parlay: the product of its legs' decimal odds.

    Raises:
        UserError: The product is more than can be stored.
    """
    product = _product(leg.decimal for leg in legs)
    if product > HIGHEST:
        raise UserError(
            f"Those legs multiply to odds above {HIGHEST:,.0f}; leave out one of the longest."
        )
    return Odds(product)


def grade_parlay(legs: Sequence[tuple[Odds, Grade | None]]) -> ParlayGrade | None:
    """Grade a parlay.

    A lost leg loses it at once. A leg that was void or a push counts as odds of 1; if all legs
    were, the stake comes back. A parlay whose legs all won pays exactly its `parlay_odds`.

    Args:
        legs: The price of each leg and its grade, None while its game is not over.

    Returns:
        The grade, or None while it is open.
    """
    graded = [(odds, leg) for odds, leg in legs if leg is not None]
    if any(leg.result is Result.LOST for _, leg in graded):
        return ParlayGrade(Result.LOST, Decimal(0))
    if len(graded) < len(legs):
        return None
    multiplier = _product(leg.multiplier(odds) for odds, leg in graded)
    return ParlayGrade(_result([leg.result for _, leg in graded], multiplier), multiplier)


def _result(results: list[Result], multiplier: Decimal) -> Result:
    if all(result is Result.VOID for result in results):
        return Result.VOID
    if multiplier == 1 or _RETURNED.issuperset(results):
        return Result.PUSH
    return Result.WON if multiplier > 1 else Result.HALF_LOST


def _product(factors: Iterable[Decimal]) -> Decimal:
    return prod(factors, start=Decimal(1)).quantize(QUANTUM, ROUND_HALF_EVEN)
