"""What a fleet's processes have handed over so far, without a sampler taking it."""

from __future__ import annotations

import redis

from dbsbm.monitor.counting.handover import Handover
from dbsbm.monitor.counting.stats import Stats


class Measured:
    """Everything that was handed over since the test began, added up."""

    def __init__(self, broker: redis.Redis) -> None:
        self._handover = Handover(broker)
        self._found: dict[str, Stats] = {}

    def read(self) -> dict[str, Stats]:
        """`name|labels` -> what its values came to."""
        batch = self._handover.take()
        for minute in batch.minutes.values():
            for spelled, stats in minute.items():
                _, series = spelled.split("|", 1)
                if series in self._found:
                    self._found[series].merge(stats)
                else:
                    self._found[series] = stats
        self._handover.discard(batch.id)
        return self._found

    def total(self, series: str) -> float:
        """The sum of a series so far, 0 where there is none."""
        found = self.read().get(series)
        return 0.0 if found is None else found.total
