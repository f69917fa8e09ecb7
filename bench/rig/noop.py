"""`python -m bench.rig.noop fleet|bare NAME`: a worker that knows one task, which does nothing.

`fleet` is the product's own app, with all that it does around a task. `bare` is a plain Celery app
with the same settings: what a task costs where nobody does anything around it.
"""

from __future__ import annotations

import os
import sys

from celery import Celery

TASK = "bench.noop"


def bare_app(broker_url: str) -> Celery:
    """Celery with the fleet's settings, and nothing else of the fleet."""
    app = Celery("bare")
    app.config_from_object("celeryconfig")
    app.conf.broker_url = broker_url
    app.conf.imports = ()
    return app


def _fleet_app() -> Celery:
    from workers import role  # noqa: PLC0415 - importing the app reads the settings
    from workers.celery import app  # noqa: PLC0415

    role.name = "worker.noop"
    return app


def main(kind: str, node: str) -> None:
    """Run a worker until it is told to stop."""
    app = _fleet_app() if kind == "fleet" else bare_app(os.environ["BROKER_URL"])

    @app.task(name=TASK)
    def noop() -> None:
        """Do nothing."""

    # As `python -m workers worker` starts it.
    app.worker_main(
        [
            "worker",
            "--concurrency=2",
            f"--hostname={node}@localhost",
            f"--queues={app.conf.task_default_queue}",
            "--without-gossip",
            "--without-mingle",
            "--loglevel=INFO",
        ]
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
