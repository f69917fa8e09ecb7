"""When will a host have no memory left?

Evidence: the memory that is available on each host, by steps of three hours over two weeks, and the
roles whose processes use most.

As for the disk, see system.disk. A restart that gives memory back starts the line anew for the
second half, so that what comes back by itself is no trend.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.curves import Curves
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.fleet.wording import spell_bytes
from dbsbm.optimizer.missing import Missing, present
from dbsbm.optimizer.rules.system.forecast import DAY, Forecast, foretell, long_enough

NAME = "system.memory"


def examine(evidence: Evidence) -> list[Finding]:
    """Find the hosts that run out of memory."""
    found = (
        (curve.labels.get("host", "host"), foretell(curve, 0.0))
        for curve in long_enough(present(evidence.trends), "system.memory_available_bytes")
    )
    role = _largest_role(evidence.curves)
    return [_finding(host, forecast, role) for host, forecast in found if forecast is not None]


def _finding(host: str, forecast: Forecast, role: str) -> Finding:
    a_day = -forecast.trend.slope * DAY
    look = (f"See what holds it: python -m dbsbm profile {role} --memory.",) if role else ()
    return Finding(
        rule=NAME,
        object=f"memory of {host}",
        severity=forecast.severity,
        cause=f"{host} has no memory left {forecast.text}: {spell_bytes(forecast.trend.level)} "
        f"are available, and it loses {spell_bytes(a_day)} a day."
        + (f" Processes of {role} use most of the fleet's." if role else ""),
        evidence={**forecast.evidence, "largest_role": role},
        fix=(*look, "Run fewer processes, or give the host more memory."),
        expected_gain=f"No process that the kernel kills {forecast.text}.",
        confidence=0.95,
        risk="low",
    )


def _largest_role(curves: Curves | Missing) -> str:
    if isinstance(curves, Missing):
        return ""
    used: dict[str, float] = {}
    for curve in curves.of("process.memory_bytes"):
        role = curve.labels.get("role", "")
        used[role] = used.get(role, 0.0) + sum(reading.mean for reading in curve.readings)
    return max(used, key=lambda role: used[role], default="")
