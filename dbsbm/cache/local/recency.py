"""Names in the order of their last use, and what they weigh together."""

from __future__ import annotations

from collections import OrderedDict


class Recency:
    """Weighed names, the one that was used longest ago first.

    Attributes:
        weight: What the names weigh together.
        weights: What each weighs; to be read only.
    """

    __slots__ = ("weight", "weights")

    def __init__(self) -> None:
        self.weights: OrderedDict[str, int] = OrderedDict()
        self.weight = 0

    def __len__(self) -> int:
        return len(self.weights)

    def add(self, name: str, weight: int) -> None:
        """Take a new name in, as the most recent."""
        self.weights[name] = weight
        self.weight += weight

    def weigh(self, name: str, weight: int) -> None:
        """Give a name of these another weight."""
        self.weight += weight - self.weights[name]
        self.weights[name] = weight

    def touch(self, name: str) -> None:
        """Make a name of these the most recent."""
        self.weights.move_to_end(name)

    def age(self, name: str) -> None:
        """Make a name of these the next to go."""
        self.weights.move_to_end(name, last=False)

    def remove(self, name: str) -> int:
        """Let a name go and return its weight: 0 where it is not one of these."""
        weight = self.weights.pop(name, 0)
        self.weight -= weight
        return weight

    def pop_oldest(self) -> tuple[str, int]:
        """Let the least recent name go; there must be one."""
        name, weight = self.weights.popitem(last=False)
        self.weight -= weight
        return name, weight
