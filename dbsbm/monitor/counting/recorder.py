"""A process's recorder: what the process counts reaches the broker every ten seconds."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import uuid
import weakref
from collections.abc import Callable

import redis

from dbsbm.monitor.counting.bound import Bound
from dbsbm.monitor.counting.clock import Clock
from dbsbm.monitor.counting.handover import Handover
from dbsbm.monitor.counting.minute import Key, Values
from dbsbm.monitor.counting.parcel import Parcel
from dbsbm.monitor.counting.series import Kind
from dbsbm.monitor.counting.tally import Tally

log = logging.getLogger(__name__)

FLUSH_SECONDS = 10.0
"""What a process counted since its last delivery is lost when it is killed. Each delivery has a
cost of its own, however little there is to deliver."""

# The broker is away, full or loading: the same parcel may be taken a little later.
_PASSING = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.TryAgainError,
)
# So begin the answers of a broker whose disk is full, and of one that a long script holds up.
_PASSING_WORDS = ("MISCONF", "BUSY")


class Recorder(Tally):
    """What this process counts, delivered to the broker by a thread of its own.

    The thread starts with the first reading. A forked child starts from nothing with a thread of
    its own. A parcel that may have been lost on its way is delivered again under the same number,
    so nothing is counted twice; meanwhile new readings gather in bounded memory.
    """

    _thread: threading.Thread | None

    def __init__(
        self,
        broker: redis.Redis | None,
        *,
        enabled: bool = True,
        flush_seconds: float = FLUSH_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        """Describe the recorder; nothing is connected or started yet.

        Args:
            broker: Client of the broker. A short socket timeout keeps the process's exit short.
            enabled: False makes every call a no-op that starts no thread and sends nothing.
            flush_seconds: Pause between two deliveries.
            clock: What tells the minutes; each delivery corrects it by the broker's.
        """
        self._handover = Handover(broker) if broker is not None and enabled else None
        self._flush_seconds = flush_seconds
        self._sources: list[Callable[[], None]] = []
        super().__init__(enabled=self._handover is not None, clock=clock)
        _recorders.add(self)

    def add_source(self, source: Callable[[], None]) -> None:
        """Have `source` called before each delivery, to record what others counted.

        It runs in the recorder's thread; what it raises is logged and dropped.
        """
        if self.enabled:
            self._sources.append(source)

    def start(self) -> None:
        """Start the delivering thread now, for a process that may never record by itself."""
        if not self.enabled or self._thread is not None:
            return
        thread = threading.Thread(target=self._run, name="dbsbm-recorder", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # out of threads, or the interpreter is going down
            return
        self._thread = thread

    def wake(self) -> None:
        """Have the thread deliver now instead of at its next turn."""
        self._woken.set()

    def flush(self) -> bool:
        """Deliver what was counted so far, in the caller's thread.

        Returns:
            False where the broker could not be told; it is told again at the next flush.
        """
        if self._handover is None:
            return True
        with self._flushing:
            for source in self._sources:
                _call(source)
            if self._undelivered and not self._deliver(self._handover, self._undelivered):
                return False
            self._number += 1
            return self._deliver(self._handover, self.collect())

    def close(self) -> None:
        """End the thread, deliver the rest, and count no more."""
        self.enabled, self._closed = False, True
        thread, self._thread = self._thread, None
        self._woken.set()
        if thread is not None:
            thread.join()
        self.flush()
        _recorders.discard(self)  # what it reads from may be closed by the time of the exit

    def _reset(self) -> None:
        super()._reset()
        self._process = uuid.uuid4().hex
        self._number = 0
        self._undelivered = Parcel()
        self._flushing = threading.Lock()
        self._woken = threading.Event()
        self._thread = None
        self._closed = False
        self._is_broker_away = False

    def _wait(self, bound: Bound) -> None:
        self.start()
        super()._wait(bound)

    def _open(self, kind: Kind, key: Key) -> Values:
        self.start()
        return super()._open(kind, key)

    def _run(self) -> None:
        while not self._closed:
            self._woken.wait(self._flush_seconds)
            self._woken.clear()
            self.flush()

    def _deliver(self, handover: Handover, parcel: Parcel) -> bool:
        """Deliver a parcel, or keep it for the next time where the broker cannot take it now."""
        self._undelivered = Parcel()
        if not parcel:
            return True
        try:
            self._hand_over(handover, parcel)
        except redis.RedisError as error:
            if _is_passing(error):
                self._undelivered = parcel
                self._say_away(error)
                return False
            self._say_refused(parcel, error)
        except Exception as error:  # noqa: BLE001 - the thread lives on, the parcel would fail again
            self._say_refused(parcel, error)
        self._is_broker_away = False
        return True

    def _hand_over(self, handover: Handover, parcel: Parcel) -> None:
        asked = self.clock.monotonic()
        told = handover.deliver(
            parcel, process=self._process, number=self._number, sent_at=self.clock.now()
        )
        self.clock.learn(told, asked)

    @staticmethod
    def _say_refused(parcel: Parcel, error: Exception) -> None:
        log.warning(
            "The broker refused %d readings; they are dropped (%s: %s).",
            len(parcel),
            type(error).__name__,
            error,
            extra={"action": "monitor.refused"},
        )

    def _say_away(self, error: redis.RedisError) -> None:
        if not self._is_broker_away:
            log.warning(
                "Readings wait: the broker does not take them (%s).",
                type(error).__name__,
                extra={"action": "monitor.wait"},
            )
        self._is_broker_away = True


class NullRecorder(Recorder):
    """A recorder that records nothing, for tests and for processes that are not measured."""

    def __init__(self) -> None:
        super().__init__(None, enabled=False)


def _is_passing(error: redis.RedisError) -> bool:
    return isinstance(error, _PASSING) or str(error).startswith(_PASSING_WORDS)


def _call(source: Callable[[], None]) -> None:
    try:
        source()
    except Exception:  # measuring must not end because one source is broken
        log.warning("A source of readings failed.", exc_info=True, extra={"action": "monitor.read"})


_recorders: weakref.WeakSet[Recorder] = weakref.WeakSet()


def _after_fork() -> None:
    # The parent delivers what it counted; its locks may be held by threads that are not here.
    for recorder in _recorders:
        recorder._reset()  # noqa: SLF001 - the hook is part of the class, which cannot register it


def _at_exit() -> None:
    for recorder in list(_recorders):
        recorder.flush()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
