"""A recorder that counts like the real one, delivers nothing, and can be asked what it counted."""

from __future__ import annotations

import redis

from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.counting.stats import Stats


class SpyRecorder(Recorder):
    """Its sources run when a test says so."""

    def __init__(self) -> None:
        super().__init__(redis.Redis())  # connects at the first command, which never comes

    def start(self) -> None:
        """Start no thread."""

    def flush(self) -> bool:
        """Deliver nothing: what was counted stays for `told`."""
        for source in self._sources:
            source()
        return True

    @property
    def sources(self) -> int:
        return len(self._sources)

    def told(self) -> dict[str, Stats]:
        """What was counted since the last call: `name|labels` -> what its values came to."""
        found: dict[str, Stats] = {}
        for by_series in self.collect().minutes.values():
            for (spelled, _), stats in by_series.items():
                _, series = spelled.split("|", 1)
                if series in found:
                    found[series].merge(stats)
                else:
                    found[series] = stats
        return found

    def totals(self) -> dict[str, float]:
        """What was counted since the last call, as sums."""
        return {series: stats.total for series, stats in self.told().items()}
