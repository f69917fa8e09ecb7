"""The base class of every task, and the services they share in a process."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import celery
from celery import current_app, current_task
from celery.exceptions import Retry

from beat_schedule import SCHEDULE
from dbsbm import logs, poison
from dbsbm.db import slots
from dbsbm.errors import TransientError, UserError
from dbsbm.optimizer.repetition import watch as repetition
from dbsbm.settings import load_settings
from dbsbm.wire.stamp import waited

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from dbsbm.bootstrap import Services
    from dbsbm.db.engine import Database

log = logging.getLogger(__name__)

# Seconds between attempts to write down that a slot is done: 15 together.
END_PAUSES = (1.0, 2.0, 4.0, 8.0)

_services: Services | None = None


def services() -> Services:
    """This process's services, built at the first call: never before a fork."""
    global _services  # noqa: PLW0603 - one process, one set of connections
    if _services is None:
        # Here, not above: beat and Flower know this class too, and need nothing of the product.
        from dbsbm.bootstrap import build  # noqa: PLC0415

        _services = build(load_settings(), send=send)
    return _services


def close_services() -> None:
    """Flush and close what `services` opened."""
    global _services  # noqa: PLW0603
    if _services is not None:
        _services.close()
        _services = None


def send(task: str, kwargs: dict[str, Any], trace_id: str | None) -> None:
    """Hand a task to the broker; Celery's root id carries the trace."""
    current_app.send_task(task, kwargs=kwargs, root_id=trace_id, retry=False)


class FleetTask(celery.Task):
    """A task that is traced, measured, retried where it may help, and dropped where it kills.

    Outages are retried a few times in quick succession. What takes longer is not left to Celery:
    commands stay in the inbox, effects in the outbox, slots in the ledger, and each is sent again.
    """

    abstract = True
    autoretry_for = (TransientError,)
    max_retries = 4
    retry_backoff = 1
    retry_backoff_max = 8
    retry_jitter = True
    # A refusal is an answer to the member, not a failure of the fleet.
    throws = (UserError,)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run under the trace, unless the message has killed its worker too often."""
        request = self.request
        # Set and not reset: Celery's own line about the outcome comes after this returns.
        logs.trace_id.set(request.root_id or request.id)
        began = time.perf_counter()
        outcome, error = "failed", None
        scope = repetition.open_scope() if _may_be_measured() else None
        try:
            if _redelivered(request) and _is_poison(request, self.name, kwargs):
                outcome = "poison"
                return None
            result = self.run(*args, **kwargs)
        except Exception as raised:
            outcome, error = _ended_by(raised), type(raised).__name__
            raise
        else:
            outcome = "ok"
            return result
        finally:
            if scope is not None:
                repeated = repetition.close_scope(*scope)
                if _services is not None and _services.recorder.enabled:
                    if repeated:
                        repetition.record(_services.recorder, self.name, repeated)
                    _record(
                        _services, self.name, request, began=began, outcome=outcome, error=error
                    )

    def signature_from_request(self, request: Any = None, *args: Any, **kwargs: Any) -> Any:
        """A retry is shown as its original was: the sender decided what may be seen of it."""
        request = request or self.request
        signature = super().signature_from_request(request, *args, **kwargs)
        return signature.set(argsrepr=request.argsrepr, kwargsrepr=request.kwargsrepr)


class ScheduledTask(FleetTask):
    """A task that beat sends for a slot. It runs a slot once, whoever else was sent the same."""

    abstract = True
    # The ledger sends a failed slot's successor anyway.
    autoretry_for = ()

    def __call__(self, *args: Any, slot: int | None = None, **kwargs: Any) -> Any:
        """Claim the slot, run, and record the outcome. Without a slot, just run."""
        if slot is None:
            return super().__call__(*args, **kwargs)
        database = services().database
        owner = self.request.id
        lease = _lease(self.name)
        if not database.transact(lambda s: slots.claim(s, slot, owner=owner, lease=lease)):
            log.info("Slot %s runs elsewhere or is done.", slot, extra={"action": "slot.skipped"})
            return None
        try:
            result = super().__call__(*args, **kwargs)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            database.transact(
                lambda s: slots.finish(s, slot, owner=owner, state="failed", detail=text)
            )
            raise
        write_end(
            database,
            lambda s: slots.finish(s, slot, owner=owner, state="done", detail=result or {}),
        )
        return result


def write_end(database: Database, end: Callable[[Session], None]) -> None:
    """Write down that a slot is done, for some seconds against an outage: else it would run again.

    Raises:
        TransientError: The outage lasted longer.
    """
    for pause in END_PAUSES:
        try:
            database.transact(end)
        except TransientError:
            time.sleep(pause)
        else:
            return
    database.transact(end)


def trace() -> str:
    """The trace id of the task that runs."""
    request = current_task.request
    return str(request.root_id or request.id)


def _lease(task: str) -> timedelta:
    seconds = next((entry["lease"] for entry in SCHEDULE.values() if entry["task"] == task), 300)
    return timedelta(seconds=seconds)


def _may_be_measured() -> bool:
    """False where tasks are not; a process's first task is what has its services made."""
    return _services is None or _services.recorder.enabled


def _redelivered(request: Any) -> bool:
    return bool((request.delivery_info or {}).get("redelivered"))


def _is_poison(request: Any, task: str, kwargs: dict[str, Any]) -> bool:
    count = poison.count_redelivery(services().broker, request.id)
    if count <= poison.MAX_REDELIVERIES:
        return False
    poison.bury(
        services().database,
        task=task,
        task_id=request.id,
        trace_id=request.root_id or request.id,
        kwargs=kwargs,
    )
    return True


def _ended_by(error: Exception) -> str:
    if isinstance(error, Retry):
        return "retry"
    return "refused" if isinstance(error, UserError) else "failed"


def _record(
    known: Services, name: str, request: Any, *, began: float, outcome: str, error: str | None
) -> None:
    ended = time.perf_counter()
    redelivered = _redelivered(request)
    waits = None if redelivered else waited(vars(request), known.recorder.clock.at(began))
    known.task_watch.ended(
        name,
        (request.delivery_info or {}).get("routing_key", ""),
        outcome,
        at=ended,
        run_seconds=ended - began,
        wait_seconds=waits,
        error=error,
        redelivered=redelivered,
    )
