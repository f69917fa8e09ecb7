"""What a worker process does when it starts, forks and stops."""

from __future__ import annotations

import logging
from typing import Any

from celery import Celery, signals

from dbsbm import logs
from dbsbm.monitor.processes import announce
from dbsbm.settings import load_settings
from tasks.base import close_services, services
from workers.watchdog import Watchdog

log = logging.getLogger(__name__)
_role = "worker"


def connect(app: Celery) -> None:
    """Attach the signal handlers and the watchdog."""
    app.steps["worker"].add(Watchdog)
    signals.setup_logging.connect(_set_up_logging)
    signals.worker_process_init.connect(_warm_up)
    signals.worker_process_shutdown.connect(_let_go)


def set_role(role: str) -> None:
    """Name this process in its log lines, such as `worker.images` or `beat`."""
    global _role  # noqa: PLW0603 - one process, one role, set once before it starts
    _role = role


def _set_up_logging(**_kwargs: Any) -> None:
    logs.configure(load_settings(), _role)


def _warm_up(**_kwargs: Any) -> None:
    """Open connections and load fonts before the first task: a member waits for none of it.

    A service that is away must not keep the child from starting; its tasks will say so.
    """
    try:
        announce(services().recorder, services().broker, _role)
        services().warm_up()
    except Exception:
        log.exception("The child could not warm up.", extra={"action": "worker.warm_up"})


def _let_go(**_kwargs: Any) -> None:
    close_services()
