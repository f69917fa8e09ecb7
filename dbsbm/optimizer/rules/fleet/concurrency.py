"""Is a pool of workers busy nearly all of the time?

Evidence: time that the tasks of its queues ran, in the busiest hour of the window, against the pool
processes that lived in it.

The processes needed are the mean of those that are busy (Little's law: what arrives a second times
the seconds that it takes) over 0.7. Above 0.8 busy the wait grows without bound as the share nears
one, and a burst finds no room. Silent below that, and where no process of the pool was measured.
It is for your information where nobody waits for the queues.

Source: J. D. C. Little, A proof for the queuing formula L = lambda W, Operations Research 9 (1961),
383-387.
"""

from __future__ import annotations

from math import ceil

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.curves import Curves
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.fleet.load import Load, busiest_hour
from dbsbm.optimizer.fleet.pools import AWAITED, Pool, find_pools
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.describe import counted

NAME = "fleet.concurrency"

BUSY = 0.8
TARGET = 0.7


def examine(evidence: Evidence) -> list[Finding]:
    """Find the pools that need more processes."""
    curves = present(evidence.curves)
    found = ((pool, busiest_hour(curves, pool)) for pool in find_pools(curves))
    return [
        _finding(curves, pool, load)
        for pool, load in found
        if load is not None and load.utilisation > BUSY
    ]


def _finding(curves: Curves, pool: Pool, load: Load) -> Finding:
    needed = max(ceil(load.running / TARGET), ceil(load.processes) + 1)
    service = pool.roles[0].removeprefix("worker.")
    return Finding(
        rule=NAME,
        object=f"queues {', '.join(pool.queues)}",
        severity="warning" if AWAITED & set(pool.queues) else "info",
        cause=f"In the hour from {load.start:%H:%M} UTC {load.running:.2f} of "
        f"{counted(round(load.processes), 'process was', 'processes were')} busy on average "
        f"({load.utilisation:.0%}), mostly with {load.heaviest}. "
        f"{needed} keep that below {TARGET:.0%}.",
        evidence={
            "hour": load.start.isoformat(),
            "running": load.running,
            "processes": load.processes,
            "utilisation": load.utilisation,
            "needed": needed,
            "run_seconds": sum(
                sum(curves.totals("task.run", queue=queue).values()) for queue in pool.queues
            ),
        },
        fix=(
            f"Run {needed} pool processes: start python -m workers worker {service} again.",
            "In containers: docker compose up --detach --scale, as docs/operators.md shows.",
            f"Or make {load.heaviest} faster.",
        ),
        revert=("Stop the added workers.",),
        expected_gain=f"{load.running / needed:.0%} busy in the busiest hour, not "
        f"{load.utilisation:.0%}.",
        confidence=0.9,
        risk="low",
    )
