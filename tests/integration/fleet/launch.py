"""`python -m workers`, with the tests' own tasks and shorter patience.

Run as `python -m tests.integration.fleet.launch [options] -- worker PROFILE`.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from workers import __main__ as program


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--every-queue", action="store_true", help="whatever the profile says")
    parser.add_argument("--soft-shutdown", type=float)
    parser.add_argument("--canary-deadline", type=float)
    parser.add_argument("--counting", action="store_true", help="a schedule of one counting job")
    parser.add_argument("rest", nargs="*")
    options = parser.parse_args()
    make_app = program._app

    def make_app_with_tests(name: str) -> Any:
        app = make_app(name)
        # Only now: the program has set the environment that billiard reads when it is imported.
        _prepare(app, options)
        return app

    program._app = make_app_with_tests
    return program.main(options.rest)


def _prepare(app: Any, options: argparse.Namespace) -> None:
    from celeryconfig import QUEUES
    from workers import scheduler, watchdog
    from workers.profiles import PROFILES

    app.conf.imports = (*app.conf.imports, "tests.integration.fleet.tasks")
    if options.every_queue:
        for profile in PROFILES.values():  # frozen, and looked up already
            object.__setattr__(profile, "queues", QUEUES)
    if options.soft_shutdown is not None:
        app.conf.worker_soft_shutdown_timeout = options.soft_shutdown
    if options.canary_deadline is not None:
        watchdog.canary_deadline = lambda _queues: options.canary_deadline
        watchdog.PERIOD = 0.5
    if options.counting:
        scheduler.SCHEDULE = {
            "counting": {
                "task": "fleet.count",
                "schedule": 1.0,
                "catch_up": "all",
                "lease": 60,
            }
        }


if __name__ == "__main__":
    sys.exit(main())
