"""When a value ends, and when it is worth loading before that."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from dbsbm.cache.categories import Policy

BETA: Final = 1.0
"""Above one favours earlier loads, below one later ones; one is optimal (Vattani et al.)."""

_MS: Final = timedelta(milliseconds=1)
_DRAW: Final = random.Random()  # noqa: S311 - spreads loads in time; nothing is kept secret


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a value lives, in milliseconds: it is fresh first, and then served in need."""

    fresh_ms: int
    whole_ms: int


def lifetime(
    policy: Policy, value: object, asked: timedelta | None, learned: timedelta | None = None
) -> Lifetime:
    """Return the lifetime of a value, shortened at random by the policy's jitter.

    Args:
        policy: What is in force for the value's category.
        value: None is the answer "there is none", which has a lifetime of its own.
        asked: The time that the caller gives it; it never makes it live longer.
        learned: The time that was learned of its key, in place of the policy's.

    Raises:
        ValueError: The time asked for is shorter than a millisecond.
    """
    longest = policy.ttl if learned is None else learned
    if value is None:
        longest = min(longest, policy.negative_ttl)
    fresh_ms = (longest if asked is None else min(asked, longest)) // _MS
    if fresh_ms < 1:
        raise ValueError("a lifetime must be at least a millisecond")
    fresh_ms = max(1, round(fresh_ms * (1 - policy.jitter * _DRAW.random())))
    return Lifetime(fresh_ms, fresh_ms + policy.grace // _MS)


def early_ms(load_us: int) -> float:
    """Draw how long before its end a value shall be loaded anew, in milliseconds.

    The longer a load takes, the earlier; and the more readers draw, the surer is it that one of
    them loads in time, and that it is one alone (Vattani, Chierichetti, Lowenstein: "Optimal
    Probabilistic Cache Stampede Prevention", VLDB 2015).

    Args:
        load_us: What the last load took, in microseconds.
    """
    return -load_us / 1000 * BETA * math.log(1 - _DRAW.random())
