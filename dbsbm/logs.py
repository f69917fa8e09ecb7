"""Structured logs: one JSON object a line, each with the trace it belongs to."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr
from pythonjsonlogger.json import JsonFormatter

from dbsbm.settings import Settings

# The id that a command keeps from the interaction to the last row: Celery's root id.
trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)

# These print addresses, and addresses carry webhook tokens and API keys.
_TALKATIVE = ("httpx", "httpcore", "discord.http", "discord.webhook", "urllib3")
REDACTED = "[redacted]"
# What is shorter is a part of innocent words, too.
SHORTEST_SECRET = 6


class _Context(logging.Filter):
    """Adds process and trace."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def filter(self, record: logging.LogRecord) -> bool:
        record.fleet_process = self._process
        if not getattr(record, "trace_id", None):
            record.trace_id = trace_id.get()
        return True


class _Redacted(logging.Formatter):
    """Takes known secrets out of a finished line: they hide in messages, fields and tracebacks."""

    def __init__(self, formatter: logging.Formatter, secrets: Iterable[str]) -> None:
        super().__init__()
        self._formatter = formatter
        # As they are, and as JSON writes them; the longest first, as one may contain another.
        spellings = {text for secret in secrets for text in (secret, json.dumps(secret)[1:-1])}
        self._secrets = sorted(spellings, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        line = self._formatter.format(record)
        for secret in self._secrets:
            line = line.replace(secret, REDACTED)
        return line


def configure(settings: Settings, process: str) -> None:
    """Send every log line of this process to standard output in the format that is set.

    Args:
        settings: Levels, format, and the secrets that must not appear.
        process: The process's name, such as `bot` or `worker.images`.
    """
    handler = logging.StreamHandler(sys.stdout)
    formatter = _json() if settings.log_format == "json" else _text()
    handler.setFormatter(_Redacted(formatter, _known_secrets(settings)))
    handler.addFilter(_Context(process))
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


def _known_secrets(settings: Settings) -> Iterator[str]:
    """Every secret that is set; of an address its password, as written there and as meant."""
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            text = value.get_secret_value()
            password = urlsplit(text).password if "://" in text else text
            if password and len(password) >= SHORTEST_SECRET:
                yield from {password, unquote(password)}
