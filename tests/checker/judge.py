"""The judge: compares the database with what every cache would serve, and takes part in nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dbsbm.cache import Cache
from tests.checker.access import key_of
from tests.checker.counts import Counts
from tests.checker.link import Handlers, Line, SilentError
from tests.checker.plan import Plan
from tests.checker.shift import Shift
from tests.checker.truth import Row, Truth

_BATCH = 16
_ANSWER_WITHIN = 0.5
_PAUSE = 0.02

Ask = Callable[[Sequence[int]], Mapping[int, Row]]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A cache that was behind the truth when it was asked."""

    cache: str
    key: int
    version: int
    moment: float


class Judge:
    """Asks the readers, and a cache of its own.

    Args:
        plan: Of the crew.
        cache: Its own cache, with a local level as a reader's.
    """

    def __init__(self, plan: Plan, cache: Cache) -> None:
        self._plan = plan
        self._cache = cache
        self._truth = Truth(plan.database)
        self._chosen = random.Random(0)
        self._shift = Shift([self._look], _PAUSE)
        self._suspects: dict[tuple[str, int], Suspect] = {}
        self._caches: dict[str, Ask] = {"judge": self._own}
        for name in plan.reader_names():
            self._caches[name] = self._asker(name)

    @property
    def handlers(self) -> Handlers:
        """What it can be asked."""
        return {"start": self._start, "stop": self._shift.stop, "settle": self.settle}

    def settle(self) -> tuple[list[str], float]:
        """Wait until every cache serves the truth, when nobody writes any more.

        Returns:
            What is wrong for good, in words, and the seconds until the rest was right.
        """
        began = time.monotonic()
        while wrong := self._differences():
            if time.monotonic() - began > self._plan.patience:
                return wrong, self._plan.patience
            time.sleep(_PAUSE)
        return [], time.monotonic() - began

    def _start(self) -> None:
        self._suspects.clear()
        self._shift.start()

    def _look(self, counts: Counts) -> None:
        asked = self._chosen.sample(range(self._plan.keys), min(_BATCH, self._plan.keys))
        keys = sorted({*asked, *(key for _, key in self._suspects)})
        truth = self._truth.read_many(keys)
        moment = time.monotonic()
        for name, ask in self._caches.items():
            try:
                served = ask(keys)
            except SilentError:  # it is frozen, or its caches are being broken right now
                continue
            counts.reads += len(keys)
            for key, row in served.items():
                self._compare(name, moment, truth[key], row, counts)

    def _compare(self, cache: str, moment: float, truth: Row, served: Row, counts: Counts) -> None:
        """Suspect a cache that is behind; it is late if it does not catch up within the bound."""
        key = truth["key"]
        suspect = self._suspects.get((cache, key))
        if suspect is not None and served["version"] >= suspect.version:
            del self._suspects[cache, key]
        elif suspect is not None and moment - suspect.moment > self._plan.bound:
            counts.late += 1
            counts.say(f"{cache} serves {served}, {moment - suspect.moment:.3f} s late")
        if served["version"] < truth["version"]:
            found = Suspect(cache, key, truth["version"], moment)
            self._suspects.setdefault((cache, key), found)

    def _differences(self) -> list[str]:
        truth = self._truth.read_many(range(self._plan.keys))
        found = []
        for name, ask in self._caches.items():
            try:
                served = ask(list(truth))
            except SilentError:
                found.append(f"{name} does not answer")
                continue
            wrong = (row for key, row in served.items() if row != truth[key])
            found += [f"{name} serves {row} where {truth[row['key']]} is true" for row in wrong]
        return found

    def _own(self, keys: Sequence[int]) -> dict[int, Row]:
        """What its own cache holds. It loads nothing: what it stored would put others right."""
        found = self._cache.get_many(map(key_of, keys))
        return {row["key"]: row for row in found.values()}

    def _asker(self, name: str) -> Ask:
        line = Line(self._plan.socket(name))
        return lambda keys: line.ask("serve", list(keys), within=_ANSWER_WITHIN)
