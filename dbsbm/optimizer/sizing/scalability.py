"""Throughput against the number of connections, by the Universal Scalability Law.

`X(n) = speed n / (1 + waiting (n - 1) + agreeing n (n - 1))`. Source: N. J. Gunther, Guerrilla
Capacity Planning (2007), chapter 4. `n / X(n)` is a parabola, so it is fitted by linear least
squares; what would be negative is no physical cost and is left out of the fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ENOUGH = 0.95
"""Share of the best throughput from which on more connections are not worth their memory."""


@dataclass(frozen=True, slots=True)
class Scalability:
    """A fitted curve.

    Attributes:
        speed: Throughput of one connection.
        waiting: Cost of waiting for each other: at 1 nothing is gained by a second connection.
        agreeing: Cost of agreeing with each other: above 0 too many make it slower.
    """

    speed: float
    waiting: float
    agreeing: float

    def throughput(self, size: int) -> float:
        """Expected throughput of a pool of a size."""
        cost = 1 + self.waiting * (size - 1) + self.agreeing * size * (size - 1)
        return self.speed * size / cost

    def knee(self, largest: int) -> int:
        """The smallest pool that reaches 95 % of what any size up to `largest` reaches."""
        values = [self.throughput(size) for size in range(1, largest + 1)]
        enough = ENOUGH * max(values)
        return next(size for size, value in enumerate(values, 1) if value >= enough)


def fit(measured: Mapping[int, float]) -> Scalability:
    """The curve that fits best, by relative errors.

    Args:
        measured: Size -> throughput, above 0; at least two sizes.

    Raises:
        ValueError: There are too few sizes, or nothing was done at one of them.
    """
    if len(measured) < 2 or min(measured.values()) <= 0:
        raise ValueError("a curve needs the throughput of two sizes at least, each above 0")
    # The weight makes an error of 1 % of a throughput count the same at every size.
    rows = [
        ([1.0, size - 1.0, size * (size - 1.0)], size / value, value / size)
        for size, value in measured.items()
    ]
    columns: tuple[int, ...] = (0, 1, 2) if len(measured) > 2 else (0, 1)
    while True:
        found = _least_squares(rows, columns)
        negative = [column for column in columns[1:] if found[column] < 0]
        if not negative:
            return Scalability(1 / found[0], found[1] / found[0], found[2] / found[0])
        columns = tuple(column for column in columns if column != negative[-1])


def _least_squares(
    rows: Sequence[tuple[list[float], float, float]], columns: Sequence[int]
) -> list[float]:
    size = len(columns)
    matrix = [[0.0] * (size + 1) for _ in range(size)]
    for terms, wanted, weight in rows:
        for row, first in enumerate(columns):
            for column, second in enumerate(columns):
                matrix[row][column] += weight**2 * terms[first] * terms[second]
            matrix[row][size] += weight**2 * terms[first] * wanted
    solved = _solved(matrix)
    found = [0.0, 0.0, 0.0]
    for column, value in zip(columns, solved, strict=True):
        found[column] = value
    return found


def _solved(matrix: list[list[float]]) -> list[float]:
    """Gauss and Jordan, with the largest pivot."""
    size = len(matrix)
    for pivot in range(size):
        best = max(range(pivot, size), key=lambda row: abs(matrix[row][pivot]))
        matrix[pivot], matrix[best] = matrix[best], matrix[pivot]
        for row in range(size):
            if row != pivot:
                factor = matrix[row][pivot] / matrix[pivot][pivot]
                pairs = zip(matrix[row], matrix[pivot], strict=True)
                matrix[row] = [value - factor * other for value, other in pairs]
    return [matrix[row][size] / matrix[row][row] for row in range(size)]
