"""Is a job of the schedule still running when it is due again?

Evidence: the ledger of slots: when each was due, sent and over.

Found where, by the Wilson lower bound, more than 5 % of at least 20 runs were not over when the
next one was due. Slots that an outage passed over are left out. No two runs change the same thing
at once, but they take each other's process, and the job runs less often than the schedule says.
"""

from __future__ import annotations

from math import ceil

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Evidence, JobRuns
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.wilson import wilson_bounds

NAME = "fleet.job_overlap"

MIN_RUNS = 20
TOLERATED_SHARE = 0.05
_ROOM = 2.0
"""An interval of twice what 95 % of the runs take leaves room for a slow day."""


def examine(evidence: Evidence) -> list[Finding]:
    """Find the jobs that overtake themselves."""
    return [_finding(job) for job in present(evidence.jobs) if _is_overlapping(job)]


def _is_overlapping(job: JobRuns) -> bool:
    lower, _ = wilson_bounds(job.overlapped, job.runs)
    return job.runs >= MIN_RUNS and lower > TOLERATED_SHARE


def _finding(job: JobRuns) -> Finding:
    seconds = ceil(_ROOM * max(job.p95_seconds, job.interval_seconds))
    return Finding(
        rule=NAME,
        object=f"job {job.job}",
        severity="warning",
        cause=f"{job.overlapped} of {job.runs} runs of {job.job} were not over when the next was "
        f"due, {job.interval_seconds:.0f} s later: 95 % are over {job.p95_seconds:.1f} s after "
        f"they were sent, the longest after {job.longest_seconds:.1f} s.",
        evidence={
            "runs": job.runs,
            "overlapped": job.overlapped,
            "share_bounds": wilson_bounds(job.overlapped, job.runs),
            "interval_seconds": job.interval_seconds,
            "p95_seconds": job.p95_seconds,
        },
        fix=(
            f"SCHEDULE_OVERRIDES='{{\"{job.job}\": {seconds}}}', and restart beat.",
            "Or see whether it runs for long or waits for a worker: /status tells of its queue.",
        ),
        revert=(f"Take {job.job} out of SCHEDULE_OVERRIDES, and restart beat.",),
        expected_gain=f"{job.overlapped} of {job.runs} runs that do not wait for one another.",
        confidence=0.975,
        risk="low",
    )
