"""Odds as members write them, held as decimal odds."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final, Self

from dbsbm.errors import UserError

QUANTUM: Final = Decimal("0.0001")
"""Decimal odds keep four places: what DECIMAL(10,4) stores."""

LOWEST: Final = Decimal("1.0001")
HIGHEST: Final = Decimal("999999.9999")
"""The odds that can be stored. A parlay may reach beyond what a member may type for one leg."""

LOWEST_TYPED: Final = Decimal("1.001")
HIGHEST_TYPED: Final = Decimal(1001)
"""The odds a member may type: American -100000 to +100000."""

MAX_TEXT: Final = 32

_AMERICAN = re.compile(r"[+-]?\d{1,9}")
# A comma followed by three digits may be a thousands separator: it is refused, not guessed.
_DECIMAL = re.compile(r"\d{1,6}(?:\.\d{1,4}|,\d{1,2})")
_FRACTION = re.compile(r"(\d{1,6})/(\d{1,6})")
_EVEN = frozenset({"EVEN", "EVENS", "EVS", "EV"})
_MINUS_SIGNS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))

_HOW = "Write American odds such as -110 or +150, decimal odds such as 1.91, or a fraction as 5/2."


class OddsStyle(StrEnum):
    """The three ways to write odds."""

    AMERICAN = "american"
    DECIMAL = "decimal"
    FRACTIONAL = "fractional"


@dataclass(frozen=True, slots=True)
class Odds:
    """A price.

    Attributes:
        decimal: What one unit risked returns, stake included; greater than 1, four places. Every
            payout is computed from it, so that the database and the slip agree to the last digit.
        text: The price as the member wrote it, without spaces; empty for a computed price.
    """

    decimal: Decimal
    text: str = ""

    def __post_init__(self) -> None:
        if not LOWEST <= self.decimal <= HIGHEST:
            raise ValueError(f"decimal odds {self.decimal} are not in {LOWEST} to {HIGHEST}")
        object.__setattr__(self, "decimal", _quantized(self.decimal))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what a member typed.

        A whole number is American odds (`150` is `+150`); decimal odds have a point or a comma.

        Raises:
            UserError: The text is no odds, or odds outside of -100000 to +100000.
        """
        cleaned = _cleaned(text)
        decimal = _quantized(_read(cleaned))
        if not LOWEST_TYPED <= decimal <= HIGHEST_TYPED:
            raise UserError(
                f"Odds of {cleaned} are out of range: use -100000 to +100000, which is 1.001 to "
                "1001 in decimal odds."
            )
        return cls(decimal, cleaned)

    @classmethod
    def from_american(cls, american: int) -> Self:
        """Return the odds of an American price.

        Raises:
            UserError: The price lies between -100 and +100, where no American odds are.
        """
        return cls.parse(f"{american:+d}")

    @property
    def profit_per_unit(self) -> Decimal:
        """What one unit risked wins."""
        return self.decimal - 1

    @property
    def american(self) -> int:
        """The American price: as typed, else the nearest whole one."""
        if _AMERICAN.fullmatch(self.text):
            return int(self.text)
        profit = self.profit_per_unit
        exact = profit * 100 if profit >= 1 else -100 / profit
        rounded = int(exact.to_integral_value(ROUND_HALF_UP))
        return 100 if rounded == -100 else rounded

    @property
    def fraction(self) -> Fraction:
        """The fractional price: as typed, else the nearest with a denominator up to 100.

        A price shorter than 1/100 is one over a whole number.
        """
        if match := _FRACTION.fullmatch(self.text):
            return Fraction(int(match[1]), int(match[2]))
        exact = Fraction(self.profit_per_unit)
        if exact < Fraction(1, 100):
            return Fraction(1, round(1 / exact))
        return exact.limit_denominator(100)

    def format(self, style: OddsStyle = OddsStyle.AMERICAN) -> str:
        """Return the price for display: `+150`, `2.50` or `3/2`."""
        if style is OddsStyle.AMERICAN:
            return f"{self.american:+d}"
        if style is OddsStyle.DECIMAL:
            return self._format_decimal()
        return f"{self.fraction.numerator}/{self.fraction.denominator}"

    def _format_decimal(self) -> str:
        """Two places, as books print them, but never so few that a price reads 1.00."""
        places = 2 if self.decimal >= Decimal("1.1") else 4
        text = f"{self.decimal:.{places}f}"
        whole, _, digits = text.partition(".")
        return f"{whole}.{digits[:2]}{digits[2:].rstrip('0')}"

    def __str__(self) -> str:
        return self.format()


def _quantized(value: Decimal) -> Decimal:
    return value.quantize(QUANTUM, ROUND_HALF_EVEN)


def _cleaned(text: str) -> str:
    """Fold what keyboards do to numbers: wide digits, typographic minus signs, spaces."""
    if len(text) > MAX_TEXT:
        raise UserError(f"That is too long to be odds. {_HOW}")
    folded = unicodedata.normalize("NFKC", text).translate(_MINUS_SIGNS).upper()
    return "".join(folded.replace("\u2044", "/").split())


def _read(text: str) -> Decimal:
    if text in _EVEN:
        return Decimal(2)
    if _AMERICAN.fullmatch(text):
        return _from_american(int(text))
    if _DECIMAL.fullmatch(text):
        return _from_decimal(text)
    if match := _FRACTION.fullmatch(text):
        return _from_fraction(int(match[1]), int(match[2]))
    raise UserError(f"I cannot read {_quoted(text)} as odds. {_HOW}")


def _from_american(american: int) -> Decimal:
    """Convert: 1 + a/100 for a positive price, 1 + 100/|a| for a negative one."""
    if -100 < american < 100:
        raise UserError(
            f"American odds cannot lie between -99 and +99, and you wrote {american}. "
            "Use -100 or lower or +100 or higher; decimal odds need a point, such as 1.91."
        )
    if american > 0:
        return 1 + Decimal(american) / 100
    return 1 + Decimal(100) / -american


def _from_decimal(text: str) -> Decimal:
    decimal = Decimal(text.replace(",", "."))
    if decimal <= 1:
        raise UserError(
            f"Decimal odds must be above 1, and you wrote {text}: they include the stake, "
            "so 1.91 wins 0.91 for each unit."
        )
    return decimal


def _from_fraction(numerator: int, denominator: int) -> Decimal:
    if not numerator or not denominator:
        raise UserError("Fractional odds need two numbers above zero, such as 5/2.")
    return 1 + Decimal(numerator) / denominator


def _quoted(text: str) -> str:
    return f'"{text}"' if text else "an empty answer"
