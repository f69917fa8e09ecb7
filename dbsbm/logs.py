"""Structured logs: one JSON object a line, each with the trace it belongs to."""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter

from dbsbm.settings import Settings

# The id that a command keeps from the interaction to the last row: Celery's root id.
trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)

# These print addresses, and addresses carry webhook tokens and API keys.
_TALKATIVE = ("httpx", "httpcore", "discord.http", "discord.webhook", "urllib3")
REDACTED = "[redacted]"


class _Context(logging.Filter):
    """Adds process and trace, and takes known secrets out of a line that holds one after all."""

    def __init__(self, process: str, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._process = process
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        record.fleet_process = self._process
        if not getattr(record, "trace_id", None):
            record.trace_id = trace_id.get()
        if self._secrets:
            self._redact(record)
        return True

    def _redact(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        clean = text
        for secret in self._secrets:
            clean = clean.replace(secret, REDACTED)
        if clean != text:
            record.msg, record.args = clean, ()


def configure(settings: Settings, process: str) -> None:
    """Send every log line of this process to standard output in the format that is set.

    Args:
        settings: Levels, format, and the secrets that must not appear.
        process: The process's name, such as `bot` or `worker.images`.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_json() if settings.log_format == "json" else _text())
    handler.addFilter(_Context(process, _known_secrets(settings)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    logging.getLogger("dbsbm.performance").setLevel(settings.performance_log_level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _json() -> logging.Formatter:
    return JsonFormatter(
        "%(asctime)s %(levelname)s %(fleet_process)s %(name)s %(message)s %(trace_id)s",
        rename_fields={"asctime": "time", "levelname": "level", "fleet_process": "process"},
        datefmt="%Y-%m-%dT%H:%M:%S%z",
    )


def _text() -> logging.Formatter:
    return logging.Formatter("%(asctime)s %(levelname)-7s %(fleet_process)s %(name)s: %(message)s")


def _known_secrets(settings: Settings) -> tuple[str, ...]:
    values = (
        settings.discord_token,
        settings.apisports_key,
        settings.redis_password,
        settings.flower_password,
        settings.secret_key,
    )
    return tuple(v.get_secret_value() for v in values if v is not None and v.get_secret_value())
