"""When will the broker be full, and refuse tasks?

Evidence: the broker's memory in use and its limit, by steps of three hours over two weeks.

As for the disk, see system.disk. A broker without a limit is silent here: the host's memory is its
limit, see system.memory. What a burst of tasks takes comes back when they are done, and is no
trend.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.fleet.wording import spell_bytes
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.system.forecast import DAY, Forecast, foretell, long_enough

NAME = "system.broker_memory"


def examine(evidence: Evidence) -> list[Finding]:
    """Find a broker that fills up."""
    trends = present(evidence.trends)
    used = long_enough(trends, "broker.used_bytes")
    limits = [each.mean for curve in trends.of("broker.max_bytes") for each in curve.readings[-1:]]
    limit = max(limits, default=0.0)
    found = (foretell(curve, limit) for curve in used) if limit else iter(())
    return [_finding(limit, forecast) for forecast in found if forecast is not None]


def _finding(limit: float, forecast: Forecast) -> Finding:
    a_day = forecast.trend.slope * DAY
    return Finding(
        rule=NAME,
        object="broker memory",
        severity=forecast.severity,
        cause=f"The broker is full {forecast.text}, and refuses tasks from then on: it uses "
        f"{spell_bytes(forecast.trend.level)} of {spell_bytes(limit)}, and "
        f"{spell_bytes(a_day)} more each day.",
        evidence={**forecast.evidence, "limit_bytes": limit},
        fix=(
            "See which queue nobody eats: /status lists their lengths.",
            f"Until then: CONFIG SET maxmemory {2 * limit:.0f} on the broker.",
        ),
        revert=(f"CONFIG SET maxmemory {limit:.0f} on the broker.",),
        expected_gain=f"No task that is refused {forecast.text}.",
        confidence=0.95,
        risk="low",
    )
