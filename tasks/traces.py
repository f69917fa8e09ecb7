"""A span of every task that runs, and of its parent's in every message that it sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import signals

if TYPE_CHECKING:
    from dbsbm.monitor.traces.tracing import Running, Tracing

TRACEPARENT = "traceparent"


def trace_tasks(tracing: Tracing) -> None:
    """Make spans of the tasks of this process, which runs one at a time."""
    spans = _TaskSpans(tracing)
    for signal, listener in (
        (signals.task_prerun, spans.begin),
        (signals.task_failure, spans.failed),
        (signals.task_retry, spans.retried),
        (signals.task_postrun, spans.end),
        (signals.before_task_publish, spans.send),
    ):
        signal.connect(listener, weak=False, dispatch_uid="dbsbm.traces")


class _TaskSpans:
    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self._running: Running | None = None
        self._error: str | None = None

    def begin(self, task: Any, **_kwargs: Any) -> None:
        request = task.request
        queue = (request.delivery_info or {}).get("routing_key", "")
        self._error = None
        self._running = self._tracing.begin(
            task.name,
            str(request.root_id or request.id),
            {
                "messaging.system": "celery",
                "messaging.operation.type": "process",
                "messaging.destination.name": queue,
                "messaging.message.id": request.id,
                "celery.retries": request.retries,
                "celery.node": request.hostname or "",
            },
            parent=getattr(request, TRACEPARENT, None),
        )

    def failed(self, exception: BaseException, **_kwargs: Any) -> None:
        self._error = type(exception).__name__

    def retried(self, **_kwargs: Any) -> None:
        self._error = "Retry"

    def end(self, **_kwargs: Any) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.end(self._error)

    def send(self, headers: dict[str, Any], **_kwargs: Any) -> None:
        # A retry carries its original's headers: what is sent outside of a span has none.
        headers.pop(TRACEPARENT, None)
        if (parent := self._tracing.traceparent()) is not None:
            headers[TRACEPARENT] = parent
