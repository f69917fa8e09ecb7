"""How long no beat has ticked: told by the beats, read by others, as who is silent tells nothing.

Both go by the broker's clock.
"""

from __future__ import annotations

from typing import cast

import redis

from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings.pace import Pace, unless_away

TICKED = "dbsbm:beat:ticked"
READ_SECONDS = 10.0

_TELL = "redis.call('SET', KEYS[1], redis.call('TIME')[1])"
_SILENCE = """
local ticked = redis.call('GET', KEYS[1])
if not ticked then return false end
return redis.call('TIME')[1] - ticked
"""


class BeatPulse:
    """A beat's own side: `tick` is called in its loop, and costs nothing but a note."""

    def __init__(self, broker: redis.Redis) -> None:
        self._tell = broker.register_script(_TELL)
        self._ticked = False

    def tick(self) -> None:
        """The loop has come round and could do its work."""
        self._ticked = True

    def tell(self) -> None:
        """Tell the broker of the ticks since the last call, if there were any."""
        ticked, self._ticked = self._ticked, False
        if ticked:
            self._tell(keys=[TICKED])


def watch_beat(recorder: Recorder, broker: redis.Redis) -> None:
    """Record `beat.silence`: seconds since any beat last ticked. Without any beat ever: nothing."""
    if recorder.enabled:
        recorder.add_source(unless_away(_BeatWatch(recorder, broker).read))


def silence_of_beat(broker: redis.Redis) -> float | None:
    """Seconds since any beat last ticked, None where none ever did."""
    found = broker.register_script(_SILENCE)(keys=[TICKED])
    return None if found is None else float(cast(int, found))


class _BeatWatch:
    def __init__(self, recorder: Recorder, broker: redis.Redis) -> None:
        self._recorder = recorder
        self._broker = broker
        self._pace = Pace(READ_SECONDS)

    def read(self) -> None:
        if not self._pace.is_due():
            return
        silence = silence_of_beat(self._broker)
        if silence is not None:
            self._recorder.gauge("beat.silence", silence)
