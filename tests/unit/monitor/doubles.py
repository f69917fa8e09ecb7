"""A recorder that counts and never connects."""

from __future__ import annotations

import redis

from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.counting.series import COUNTER, read_series
from dbsbm.monitor.counting.stats import Stats


class OfflineRecorder(Recorder):
    """Counts like the real one; its parcels stay until a test collects them."""

    def __init__(self) -> None:
        super().__init__(redis.Redis())  # connects at the first command, which never comes
        self.wakes = 0

    def start(self) -> None:
        """Start no thread."""

    def flush(self) -> bool:
        """Deliver nothing, and run the sources as a delivery would."""
        for source in self._sources:
            source()
        return True

    def wake(self) -> None:
        self.wakes += 1

    def taken(self) -> dict[tuple[str, str], Stats]:
        """What was counted since the last call, by name and labels."""
        found: dict[tuple[str, str], Stats] = {}
        for by_series in self.collect().minutes.values():
            for (text, _), stats in by_series.items():
                _, name, labels = read_series(text)
                found.setdefault((name, labels), type(stats)()).merge(stats)
        return found

    def sums(self) -> dict[str, float]:
        """As numbers: `name|labels` of a counter, `name.count` and `name.sum` of others."""
        found: dict[str, float] = {}
        for by_series in self.collect().minutes.values():
            for (text, _), stats in by_series.items():
                kind, name, labels = read_series(text)
                if kind is COUNTER:
                    found[f"{name}|{labels}"] = found.get(f"{name}|{labels}", 0) + stats.total
                    continue
                for part, amount in (("count", stats.count), ("sum", stats.total)):
                    key = f"{name}.{part}|{labels}"
                    found[key] = found.get(key, 0) + amount
        return found
