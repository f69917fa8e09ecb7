"""How one series is spelled: its kind, a metric's name, and its labels as canonical text."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

NAME_LENGTH = 64
LABELS_LENGTH = 190
_VALUE_LENGTH = 64
_SEPARATORS = str.maketrans(dict.fromkeys(",=|\r\n\t\0", "_"))

OTHER = "other"
"""The value of every label in the series that takes what did not fit into any other."""


class Kind(Enum):
    """What the values of a series mean together."""

    DISTRIBUTION = "distribution"
    COUNTER = "counter"
    GAUGE = "gauge"


# As names of the module they are constants to the interpreter, and not looked up in the class.
DISTRIBUTION: Final = Kind.DISTRIBUTION
COUNTER: Final = Kind.COUNTER
GAUGE: Final = Kind.GAUGE

# A series, spelled `kind|name|labels`, and the one that takes its values where there is no room.
SeriesPair = tuple[str, str]


def labels_text(labels: Iterable[tuple[str, object]]) -> str:
    """Labels as `key=value,key=value`, sorted by key.

    A value is cut to 64 characters and the text to 190. A separator within a value becomes `_`.
    """
    pairs = (f"{key}={_clean(value)}" for key, value in sorted(labels, key=lambda pair: pair[0]))
    return ",".join(pairs)[:LABELS_LENGTH].rstrip()  # MySQL sees no spaces at an end


def parse_labels(text: str) -> dict[str, str]:
    """The labels that `labels_text` wrote."""
    return dict(pair.split("=", 1) for pair in text.split(",") if "=" in pair)


def others_text(labels: str) -> str:
    """The labels of the series that takes what did not fit: all of them are `other`."""
    return labels_text((label, OTHER) for label in parse_labels(labels))


def spell(kind: Kind, name: str, labels: Iterable[tuple[str, object]]) -> SeriesPair:
    """A series as the broker knows it, and the series of its `other`s."""
    text = labels_text(labels)
    stem = f"{kind.value}|{name[:NAME_LENGTH]}|"
    return stem + text, stem + others_text(text)


def read_series(text: str) -> tuple[Kind, str, str]:
    """Kind, name and labels of a spelled series.

    Raises:
        ValueError: It is not spelled like one.
    """
    kind, name, labels = text.split("|", 2)
    return Kind(kind), name, labels


def _clean(value: object) -> str:
    # A huge value costs no more than a short one, and a lone surrogate cannot be stored.
    encodable = str(value)[:_VALUE_LENGTH].encode(errors="replace").decode()
    return encodable.translate(_SEPARATORS)
