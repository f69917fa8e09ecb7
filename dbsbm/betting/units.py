"""Units: how much a member may stake, and what a stake wins."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final

from dbsbm.betting.odds import Odds
from dbsbm.errors import UserError

QUANTUM: Final = Decimal("0.0001")
LIMIT: Final = Decimal("99999999.9999")
"""Units are stored as DECIMAL(12,4)."""

_AMOUNT = re.compile(r"(\d{1,9}(?:[.,]\d{1,9})?)(?:U|UNITS?)?")


class StakeMode(StrEnum):
    """What the amount that a member types means."""

    RISK = "risk"
    TO_WIN = "to_win"


@dataclass(frozen=True, slots=True)
class Stake:
    """Units risked, and units won on top of them if the bet wins."""

    risk: Decimal
    to_win: Decimal


@dataclass(frozen=True, slots=True)
class UnitRules:
    """The amounts a guild allows: from `minimum` to `maximum`, counted in steps from `minimum`.

    Raises:
        UserError: The three values do not make a rule.
    """

    minimum: Decimal = Decimal("0.5")
    maximum: Decimal = Decimal("3.0")
    step: Decimal = Decimal("0.5")

    def __post_init__(self) -> None:
        for value in (self.minimum, self.maximum, self.step):
            if not (value.is_finite() and 0 < value <= LIMIT and value == quantize(value)):
                raise UserError(
                    "The smallest stake, the largest and the step must be numbers above zero "
                    "with at most four decimal places."
                )
        if self.minimum > self.maximum:
            raise UserError(
                f"The smallest stake ({plain(self.minimum)}) must not be above the largest "
                f"({plain(self.maximum)})."
            )

    def check(self, amount: Decimal) -> Decimal:
        """Return the amount, with four places.

        Raises:
            UserError: The guild does not allow it; the sentence names what it allows.
        """
        if not (amount.is_finite() and self.minimum <= amount <= self.maximum):
            raise UserError(
                f"Stakes here go from {plain(self.minimum)} to {plain(self.maximum)} units, "
                f"and you asked for {plain(amount)}."
            )
        beyond = (amount - self.minimum) % self.step
        if beyond:
            raise UserError(
                f"Stakes here go in steps of {plain(self.step)} units, and you asked for "
                f"{plain(amount)}. {self._nearest(amount - beyond)}"
            )
        return quantize(amount)

    def parse(self, text: str) -> Decimal:
        """Read and check an amount as a member types it: `1.5`, `1,5`, `2u`, `1 unit`.

        Raises:
            UserError: The text is no amount, or the guild does not allow it.
        """
        folded = "".join(unicodedata.normalize("NFKC", text[:64]).upper().split())
        match = _AMOUNT.fullmatch(folded)
        if match is None:
            raise UserError("I cannot read that as an amount. Write units such as 1.5 or 2u.")
        return self.check(Decimal(match[1].replace(",", ".")))

    def _nearest(self, below: Decimal) -> str:
        above = below + self.step
        if above > self.maximum:
            return f"Use {plain(below)}."
        return f"Use {plain(below)} or {plain(above)}."


def stake(amount: Decimal, odds: Odds, mode: StakeMode = StakeMode.RISK) -> Stake:
    """Return what is risked and what is won.

    Args:
        amount: Units: what is risked, or, in the mode TO_WIN, what shall be won.
        odds: The price of the bet.
        mode: What the amount means.

    Raises:
        UserError: Winning that amount at that price takes more units than can be stored.
    """
    if mode is StakeMode.RISK:
        return Stake(quantize(amount), quantize(amount * odds.profit_per_unit))
    risk = amount / odds.profit_per_unit
    if risk > LIMIT:
        raise UserError("Winning that much at those odds takes too large a stake; ask for less.")
    return Stake(quantize(risk), quantize(amount))


def quantize(value: Decimal) -> Decimal:
    """Round to the four places that are stored, half to even so that sums do not drift."""
    return value.quantize(QUANTUM, ROUND_HALF_EVEN)


def plain(value: Decimal) -> str:
    """Return a number without an exponent or trailing zeros: `3.0000` is `3`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(value: Decimal) -> str:
    """Return a number of units as `plain` does, with a plus where it is above zero."""
    return f"+{plain(value)}" if value > 0 else plain(value)
