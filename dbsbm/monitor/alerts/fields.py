"""The keys of a rule in TOML, and what each may hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args

from dbsbm.monitor.alerts.rule import Form, Severity, Statistic
from dbsbm.monitor.counting.stats import LIMIT

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

LONGEST = 400 * _SECONDS["d"]
"""Seconds: no longer time means anything, because nothing is kept for longer."""


class WrongValueError(ValueError):
    """A value that its key does not allow; the text says what it does."""


def span(value: Any) -> float:
    """Seconds of a time such as `90s`, `5m`, `1.5h` or `3d`."""
    match = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise WrongValueError('must be a time in quotes such as "90s", "5m", "1.5h" or "3d".')
    return float(match[1]) * _SECONDS[match[2]]


def _span(value: Any) -> float:
    seconds = span(value)
    if seconds > LONGEST:
        raise WrongValueError(f"must be {LONGEST / _SECONDS['d']:g} days at most.")
    return seconds


def _positive_span(value: Any) -> float:
    seconds = _span(value)
    if seconds <= 0:
        raise WrongValueError("must be longer than 0.")
    return seconds


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LIMIT < value < LIMIT:
        raise WrongValueError("must be a number without quotes, such as 0.8.")
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < LIMIT:
        raise WrongValueError("must be a whole number, 0 or more, such as 20.")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError("must be true or false, without quotes.")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 300:
        raise WrongValueError("must be a text in quotes, of up to 300 characters.")
    return value.strip()


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise WrongValueError('must be a list of texts such as ["queue", "task"].')
    return tuple(value)


def _some_texts(value: Any) -> tuple[str, ...]:
    texts = _texts(value)
    if not texts:
        raise WrongValueError('must name one value or more, such as { queue = ["images"] }.')
    return texts


def _where(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise WrongValueError('must be a table such as { outcome = "failed" }.')
    return {
        label: (meant,) if isinstance(meant, str) and meant else _some_texts(meant)
        for label, meant in value.items()
    }


def _one_of(allowed: Any) -> Callable[[Any], str]:
    words = get_args(allowed)

    def read(value: Any) -> str:
        if value not in words:
            raise WrongValueError(f"must be one of {', '.join(words)}.")
        return str(value)

    return read


FIELDS: dict[str, Callable[[Any], Any]] = {
    "enabled": _flag,
    "severity": _one_of(Severity),
    "form": _one_of(Form),
    "metric": _text,
    "statistic": _one_of(Statistic),
    "where": _where,
    "by": _texts,
    "total": _texts,
    "csv": _text,
    "scale": _number,
    "above": _number,
    "below": _number,
    "resolve": _number,
    "unit": _text,
    "hold": _span,
    "keep_firing": _span,
    "stale": _positive_span,
    "grace": _span,
    "min_samples": _whole,
    "window": _positive_span,
    "short_window": _positive_span,
    "factor": _number,
    "horizon": _positive_span,
    "evidence_metric": _text,
    "evidence_by": _texts,
    "inhibits": _texts,
    "effect": _text,
    "runbook": _text,
}
"""Key of a table [rules.NAME] -> what reads its value, or raises `WrongValueError`."""

NEEDED = ("form", "severity", "metric", "effect")
