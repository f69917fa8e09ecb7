"""What a worker does when it starts, forks and stops."""

from __future__ import annotations

import logging
from typing import Any

from celery import Celery, current_app, signals

from dbsbm.monitor.readings.memory import watch_memory
from dbsbm.settings import load_settings
from tasks.base import close_services, services
from tasks.stamps import stamp_messages
from tasks.traces import trace_tasks
from workers.vitals import Vitals
from workers.watchdog import Watchdog

log = logging.getLogger(__name__)


def connect(app: Celery) -> None:
    """Attach the watchdog, what measures the process, and the handlers of a child's life."""
    app.steps["worker"].add(Watchdog)
    if load_settings().enable_performance_monitoring:
        app.steps["worker"].add(Vitals)
    signals.worker_process_init.connect(_warm_up)
    signals.worker_process_shutdown.connect(_let_go)


def _warm_up(**_kwargs: Any) -> None:
    """Open connections and load fonts before the first task: a member waits for none of it.

    A service that is away must not keep the child from starting; its tasks will say so.
    """
    try:
        recorder = services().recorder
        if recorder.enabled:
            stamp_messages(recorder.clock.now)
            watch_memory(recorder, load_settings().data_dir)
            recorder.start()
        if (tracing := services().tracing) is not None:
            trace_tasks(tracing)
        services().warm_up()
        if "images" in current_app.amqp.queues.consume_from:
            services().gallery.warm_up()
    except Exception:
        log.exception("The child could not warm up.", extra={"action": "worker.warm_up"})


def _let_go(**_kwargs: Any) -> None:
    close_services()
