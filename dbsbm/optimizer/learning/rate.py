"""How often something changes, learned from looks that only tell whether it has changed since."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, log1p, sqrt


@dataclass(slots=True)
class Rate:
    """A belief about a rate: gamma distributed, with `shape` changes seen in `seconds`.

    A look after `t` seconds that finds no change has the likelihood exp(-rate t), which the gamma
    distribution takes in exactly. One that finds a change, or several, has 1 - exp(-rate t); its
    posterior is replaced by the gamma distribution of the same mean and variance, which is known
    as assumed density filtering. Source of the moments: the difference of two gamma integrals.

    Attributes:
        shape: Changes, which need not be whole.
        seconds: Time in which they were seen.
    """

    shape: float
    seconds: float

    @property
    def mean(self) -> float:
        """Expected changes a second."""
        return self.shape / self.seconds

    @property
    def variance(self) -> float:
        """Variance of the changes a second."""
        return self.shape / (self.seconds * self.seconds)

    def likelihood(self, seconds: float, *, changed: bool) -> float:
        """Probability of a look after some seconds that finds a change, or none."""
        exponent = -self.shape * log1p(seconds / self.seconds)
        return -expm1(exponent) if changed else exp(exponent)

    def unchanged(self, seconds: float) -> Rate:
        """The belief after a look that found nothing changed for so long."""
        return Rate(self.shape, self.seconds + seconds)

    def changed(self, seconds: float) -> Rate:
        """The belief after a look that found it changed within so long."""
        step = log1p(seconds / self.seconds)
        a, b = self.shape, self.seconds
        once, twice, thrice = (-expm1(-power * step) for power in (a, a + 1, a + 2))
        mean = a / b * twice / once
        square = a * (a + 1) / (b * b) * thrice / once
        return _of_moments(mean, square)

    def after(self, seconds: float, *, changed: bool) -> Rate:
        """The belief after a look."""
        return self.changed(seconds) if changed else self.unchanged(seconds)

    def fade(self, towards: Rate, keep: float) -> None:
        """Forget: keep a share of what was learned, and believe in `towards` for the rest."""
        self.shape = towards.shape + (self.shape - towards.shape) * keep
        self.seconds = towards.seconds + (self.seconds - towards.seconds) * keep

    def upper(self, deviations: float) -> float:
        """The mean, and so many standard deviations more."""
        return self.mean + deviations * sqrt(self.variance)


def blend(first: Rate, second: Rate, share: float) -> Rate:
    """The gamma distribution with the moments of a mixture that holds `share` of `second`."""
    one, two = first.mean, second.mean
    mean = one + (two - one) * share
    squares = (one * one + first.variance, two * two + second.variance)
    return _of_moments(mean, squares[0] + (squares[1] - squares[0]) * share)


def _of_moments(mean: float, square: float) -> Rate:
    variance = max(square - mean * mean, mean * mean * 1e-6)
    return Rate(mean * mean / variance, mean / variance)
