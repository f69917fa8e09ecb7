"""What a worker's main process measures: its children, its machine, and what no child can tell.

A child that is killed tells nothing any more, and a task that outran its time limit neither; a beat
that is gone does not ask for samples. The main process sees all three.
"""

from __future__ import annotations

from typing import Any

from billiard.common import human_status
from billiard.pool import EX_OK, EX_RECYCLE
from celery import bootsteps
from celery.worker.request import Request

from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings.beat import watch_beat
from dbsbm.monitor.readings.host import watch_host
from dbsbm.monitor.readings.memory import watch_memory
from dbsbm.monitor.readings.pace import unless_away
from dbsbm.monitor.readings.processes import watch_processes
from dbsbm.settings import load_settings
from dbsbm.wire.broker import connect_broker
from tasks.base import FleetTask
from tasks.stamps import stamp_messages
from workers import role
from workers.understudy import Understudy


class Vitals(bootsteps.StartStopStep):
    """Measures while the worker lives. Where monitoring is off it is never added to one."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._recorder: Recorder | None = None

    def start(self, parent: Any) -> None:
        """Begin; the first children are there, those to come inherit a recorder at rest."""
        settings = load_settings()
        broker = connect_broker(settings.broker)
        recorder = self._recorder = Recorder(broker)
        stamp_messages(recorder.clock.now)
        watch_processes(recorder, broker, role.name)
        watch_host(recorder, broker, settings.data_dir)
        watch_beat(recorder, broker)
        watch_memory(recorder, settings.data_dir)
        recorder.add_source(unless_away(Understudy(parent.app, broker).look))
        watch_pool(parent.pool, recorder)
        FleetTask.Request = request_class(recorder)

    def stop(self, parent: Any) -> None:
        """Deliver the rest."""
        if self._recorder is not None:
            self._recorder.close()

    terminate = stop


def watch_pool(pool: Any, recorder: Recorder) -> None:
    """Record each child that ended in another way than by itself as `worker.lost`.

    billiard has no event for it. Its pool has one method that buries children and returns their
    exit codes, whoever calls it.
    """
    billiard_pool = getattr(pool, "_pool", None)
    bury = getattr(billiard_pool, "_join_exited_workers", None)
    if bury is None:  # no prefork pool: there are no children
        return

    def bury_and_count(shutdown: bool = False) -> list[int]:
        codes: list[int] = bury(shutdown)
        for code in codes:
            if code not in (EX_OK, EX_RECYCLE) and not shutdown:
                recorder.add("worker.lost", role=role.name, cause=human_status(code))
        return codes

    billiard_pool._join_exited_workers = bury_and_count  # noqa: SLF001 - see above


def request_class(recorder: Recorder) -> type[Request]:
    """The class of requests that records tasks which outran their hard limit as failed."""

    class MeasuredRequest(Request):  # type: ignore[misc]
        def on_timeout(self, soft: bool, timeout: float) -> None:
            super().on_timeout(soft, timeout)
            if not soft:
                recorder.add("task.failures", task=self.name, error="TimeLimitExceeded")

    return MeasuredRequest
