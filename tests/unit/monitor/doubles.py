"""A recorder that counts and never connects."""

from __future__ import annotations

import redis

from dbsbm.monitor.counting.recorder import Recorder


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

    def sums(self) -> dict[str, float]:
        """What was counted since the last call, by series."""
        return {series: value for (series, _), value in self.collect().sums.items()}
