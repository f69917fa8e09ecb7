"""What a rule has found: the object, the cause, the evidence, and what may help."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any, Literal

_LENGTH = 190

Severity = Literal["info", "warning", "critical"]
Risk = Literal["none", "low", "medium", "high"]


_DIGITS = 8


def short_id(finding_id: str) -> str:
    """As much of a finding's id as people need to name it."""
    return finding_id[:_DIGITS]


_RUNNABLE = re.compile(r"(?:[A-Z]{2,}|python -m dbsbm) ")


def is_runnable(advice: str) -> bool:
    """Whether a line of a fix can be run as it is: SQL or a command. Else it is a sentence."""
    return _RUNNABLE.match(advice) is not None and not advice.endswith(".")


_SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")


def gravity(severity: Severity, rule: str, about: str) -> tuple[int, str, str]:
    """What findings are sorted by: the worst first, and always in the same order."""
    return _SEVERITIES.index(severity), rule, about


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        rule: The rule's name.
        object: What it is about, such as `category game_data`; at most 190 characters.
        severity: `warning` and `critical` make the fleet unhealthy, `info` does not.
        cause: One or two sentences for the operator.
        evidence: The numbers behind it, as JSON.
        fix: What may help, most promising first. Advice: nothing is applied.
        revert: How to undo it.
        expected_gain: What there is to win, from the evidence, or that it was not measured.
        confidence: Probability that the finding is true; not that the fix helps.
        risk: What the fix may break.
        proof: How the fix was tried, where it was.
        target: The server and database that it is about, empty for the fleet's own.
    """

    rule: str
    object: str
    severity: Severity
    cause: str
    evidence: Mapping[str, Any]
    fix: tuple[str, ...]
    expected_gain: str
    confidence: float
    risk: Risk
    revert: tuple[str, ...] = ()
    proof: Mapping[str, Any] | None = field(default=None)
    target: str = ""

    def __post_init__(self) -> None:
        """Shorten what is too long to be stored; names of objects stay different."""
        object.__setattr__(self, "object", _distinct(self.object))
        object.__setattr__(self, "expected_gain", shorten(self.expected_gain, _LENGTH))

    @property
    def id(self) -> str:
        """The same in every run that finds the same: of rule and object, not of the numbers."""
        what = (self.rule, self.object, *filter(None, [self.target]))
        return blake2b("\0".join(what).encode(), digest_size=16).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON can hold it."""
        fields = asdict(self)
        return {"id": self.id, **fields, "fix": list(self.fix), "revert": list(self.revert)}


def shorten(text: str, length: int) -> str:
    """The beginning of a text that is too long."""
    return text if len(text) <= length else text[: length - 3] + "..."


def _distinct(name: str) -> str:
    if len(name) <= _LENGTH:
        return name
    mark = blake2b(name.encode(), digest_size=4).hexdigest()
    return f"{shorten(name, _LENGTH - len(mark) - 1)} {mark}"
