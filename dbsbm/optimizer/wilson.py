"""How sure a share is that was counted on few cases.

Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal
of the American Statistical Association 22 (1927), 209-212.
"""

from __future__ import annotations

from math import sqrt

Z_95 = 1.959964
"""Standard normal quantile for 95 % between the bounds, so 97.5 % on one side of either."""


def wilson_bounds(successes: float, trials: float, z: float = Z_95) -> tuple[float, float]:
    """Lower and upper bound of the true share behind `successes` of `trials`.

    Unlike the share plus or minus its standard error, the bounds stay within 0 and 1 and are wide
    where trials are few: 1 of 1 is (0.21, 1.0). No trials at all is (0, 1).

    Raises:
        ValueError: `successes` is not between 0 and `trials`.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
    if not trials:
        return 0.0, 1.0
    share = successes / trials
    spread = z * z / trials
    centre = share + spread / 2
    margin = z * sqrt(share * (1 - share) / trials + spread / (4 * trials))
    # Rounding may carry a bound past the share where that is 0 or 1.
    lower = min(share, max(0.0, (centre - margin) / (1 + spread)))
    upper = max(share, min(1.0, (centre + margin) / (1 + spread)))
    return lower, upper
