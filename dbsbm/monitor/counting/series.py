"""How one series is spelled: a metric's name, its labels as canonical text, and a value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

# The columns of metric_samples; the room above NAME_LENGTH is for ".count", ".sum" and ".max".
NAME_LENGTH = 56
LABELS_LENGTH = 190
_VALUE_LENGTH = 64
_SEPARATORS = str.maketrans(dict.fromkeys(",=|\r\n\t\0", "_"))

OTHER = "other"
"""The value of every label in the series that takes what did not fit into any other."""


class Reading(NamedTuple):
    """One value to be stored. `labels` is what `labels_text` wrote."""

    name: str
    value: float
    labels: str = ""


def reading(name: str, value: float, **labels: object) -> Reading:
    """A reading with its labels spelled."""
    return Reading(name, value, labels_text(labels.items()))


def labels_text(labels: Iterable[tuple[str, object]]) -> str:
    """Labels as `key=value,key=value`, sorted by key.

    A value is cut to 64 characters and the text to 190. A separator within a value becomes `_`.
    """
    pairs = (f"{key}={_clean(value)}" for key, value in sorted(labels, key=lambda pair: pair[0]))
    return ",".join(pairs)[:LABELS_LENGTH]


def parse_labels(text: str) -> dict[str, str]:
    """The labels that `labels_text` wrote."""
    return dict(pair.split("=", 1) for pair in text.split(",") if "=" in pair)


def _clean(value: object) -> str:
    encodable = str(value).encode(errors="replace").decode()  # a lone surrogate is not
    return encodable.translate(_SEPARATORS)[:_VALUE_LENGTH]
