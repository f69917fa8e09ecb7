"""A database that keeps slots in memory: what the ledger asks of `dbsbm.db.slots`, and no more."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dbsbm.db.slots import Slot


@dataclass
class FakeSlots:
    """Slots by job and moment, each with its state. Also the session and the database.

    A transaction that fails leaves nothing behind, as on a real database.
    """

    states: dict[tuple[str, datetime], str] = field(default_factory=dict)
    is_away: bool = False
    transactions: int = 0

    def transact(self, work: Callable[[Any], Any]) -> Any:
        self.transactions += 1
        if self.is_away:
            raise ConnectionError("the database is away")
        before = dict(self.states)
        try:
            return work(self)
        except Exception:
            self.states = before
            raise

    def latest(self, _session: Any) -> dict[str, datetime]:
        newest: dict[str, datetime] = {}
        for job, moment in self.states:
            newest[job] = max(moment, newest.get(job, moment))
        return newest

    def announce(
        self, _session: Any, job: str, slot: datetime, *, beat: str, missed: bool = False
    ) -> Slot | None:
        if (job, slot) in self.states:
            return None
        self.states[job, slot] = "missed" if missed else "due"
        return Slot(list(self.states).index((job, slot)), job, slot)

    def forget_missed(self, _session: Any, job: str, *, since: datetime) -> None:
        self.states = {
            (name, moment): state
            for (name, moment), state in self.states.items()
            if not (name == job and moment >= since and state == "missed")
        }

    def mark_sent(self, _session: Any, ids: list[int]) -> None:
        keys = list(self.states)
        self.states.update({keys[number]: "sent" for number in ids})

    def left_behind(self, _session: Any, *, jobs: Collection[str]) -> list[Slot]:
        return [
            Slot(number, job, moment)
            for number, ((job, moment), state) in enumerate(self.states.items())
            if state == "due" and job in jobs
        ]

    def of(self, job: str, state: str) -> list[datetime]:
        return [moment for (name, moment), s in self.states.items() if (name, s) == (job, state)]
