"""Does the cache's server hold much more memory than what it stores?

Evidence: the server's own ratio of memory taken from the system to memory in use, by steps of ten
minutes, and the memory in use.

Silent below 64 MiB in use, where the program itself is a large part, and unless the ratio was above
1.5 for the last six hours: right after many keys ended it is high everywhere.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.fleet.wording import spell_bytes
from dbsbm.optimizer.missing import present

NAME = "cache.fragmentation"

TOLERATED_RATIO = 1.5
MIN_BYTES = 64 * 1024 * 1024
SECONDS = 6 * 3600.0
_MEASURED_ENOUGH = 0.8


def examine(evidence: Evidence) -> list[Finding]:
    """Find a server whose memory is in pieces."""
    curves = present(evidence.curves)
    since = evidence.until.timestamp() - SECONDS
    ratios = [
        (reading.mean, curve.step)
        for curve in curves.of("cache.fragmentation")
        for reading in curve.readings
        if reading.at >= since
    ]
    used = [
        reading.mean
        for curve in curves.of("cache.used_bytes")
        for reading in curve.readings
        if reading.at >= since
    ]
    measured = sum(step for _, step in ratios)
    if not used or measured < _MEASURED_ENOUGH * SECONDS or min(used) < MIN_BYTES:
        return []
    least = min(ratio for ratio, _ in ratios)
    return [_finding(least, used[-1])] if least > TOLERATED_RATIO else []


def _finding(ratio: float, used: float) -> Finding:
    return Finding(
        rule=NAME,
        object="cache server memory",
        severity="warning",
        cause=f"For six hours the server held at least {ratio:.1f} times the memory that it uses: "
        f"{spell_bytes(used)} are in use.",
        evidence={"least_ratio": ratio, "used_bytes": used},
        fix=(
            "CONFIG SET activedefrag yes",
            "Or restart the cache's server at a quiet hour: it may lose everything at any time.",
        ),
        revert=("CONFIG SET activedefrag no",),
        expected_gain=f"About {spell_bytes(used * (ratio - 1.1))} of the host's memory.",
        confidence=0.95,
        risk="low",
    )
