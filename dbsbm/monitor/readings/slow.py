"""Slow statements: counted by fingerprint, explained while they are fresh, handed to the sampler.

The statement's thread only leaves a note in memory. The recorder's thread asks for the plan, on a
connection of its own: it may have to wait for locks that the statement's transaction still holds.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import msgspec
from sqlalchemy import Engine

from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings.explain import EXPLAINED_VERBS, explain
from dbsbm.monitor.readings.fingerprint import Fingerprint

performance = logging.getLogger("dbsbm.performance")

EXPLAIN_AGAIN_SECONDS = 600.0
_PLANS_AT_ONCE = 5
_WAITING = 1000


@dataclass(slots=True)
class SlowCalls:
    """The slow calls of one fingerprint since the last hand-over.

    Attributes:
        plan: Rows of the plan, or None where it was not asked for this time.
        first_seen: Unix time.
        last_seen: Unix time.
    """

    fingerprint: str
    text: str
    calls: int
    total_seconds: float
    worst_seconds: float
    first_seen: float
    last_seen: float
    plan: list[dict[str, Any]] | None = None

    def to_json(self) -> str:
        """As it travels to the sampler."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> SlowCalls:
        """Read back what `to_json` wrote; keys of another version are left out.

        Raises:
            ValueError: It is no such note.
        """
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            raise ValueError(f"this is no note of slow calls: {error}") from None

    def merge(self, other: SlowCalls) -> None:
        """Add the calls of the same fingerprint; the newest plan stays."""
        self.calls += other.calls
        self.total_seconds += other.total_seconds
        self.worst_seconds = max(self.worst_seconds, other.worst_seconds)
        self.first_seen = min(self.first_seen, other.first_seen)
        self.last_seen = max(self.last_seen, other.last_seen)
        self.plan = other.plan or self.plan


@dataclass(frozen=True, slots=True)
class _SlowCall:
    fingerprint: Fingerprint
    seconds: float
    at: float
    statement: str
    parameters: Any


class SlowLog:
    """The slow statements of one engine."""

    def __init__(self, engine: Engine, recorder: Recorder) -> None:
        self._engine = engine
        self._recorder = recorder
        # A deque needs no lock, so the statement's thread never waits for the recorder's.
        self._waiting: deque[_SlowCall] = deque(maxlen=_WAITING)
        self._explained: dict[str, float] = {}
        recorder.add_source(self.hand_over)

    def add(self, kind: Fingerprint, seconds: float, statement: str, parameters: Any) -> None:
        """Note a call of a slow statement."""
        now = datetime.now(UTC).timestamp()
        self._waiting.append(_SlowCall(kind, seconds, now, statement, parameters))
        self._recorder.wake()
        performance.warning(
            "Slow statement: %s %s took %.3f s.",
            kind.verb,
            kind.table,
            seconds,
            extra={"action": "db.slow", "fingerprint": kind.id, "seconds": seconds},
        )

    def hand_over(self) -> None:
        """Give the calls since the last time to the recorder, with the plans that are due."""
        found: dict[str, SlowCalls] = {}
        plans = 0
        while self._waiting:
            call = self._waiting.popleft()
            calls = _first_call(call)
            if plans < _PLANS_AT_ONCE and self._is_plan_due(call.fingerprint):
                plans += 1
                calls.plan = explain(self._engine, call.statement, call.parameters)
            if call.fingerprint.id in found:
                found[call.fingerprint.id].merge(calls)
            else:
                found[call.fingerprint.id] = calls
        for calls in found.values():
            self._recorder.note(calls.to_json())

    def _is_plan_due(self, kind: Fingerprint) -> bool:
        """True at most once in ten minutes for a fingerprint, and remembers that it was."""
        now = monotonic()
        last = self._explained.get(kind.id)
        if kind.verb not in EXPLAINED_VERBS or (last and now - last < EXPLAIN_AGAIN_SECONDS):
            return False
        if len(self._explained) >= _WAITING:
            self._explained.clear()
        self._explained[kind.id] = now
        return True


def _first_call(call: _SlowCall) -> SlowCalls:
    kind = call.fingerprint
    return SlowCalls(kind.id, kind.text, 1, call.seconds, call.seconds, call.at, call.at)
