"""The server's word that something changed, and the proof that this word still comes.

One thread a process holds one connection, on which the server tells of every key of ours that
changes (`CLIENT TRACKING`, in broadcasting mode). On the same connection the thread asks for the
time again and again: an answer proves that all that was pushed before it has arrived.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import redis

from dbsbm.cache.away import FAILURES
from dbsbm.cache.forks import renew_after_fork
from dbsbm.cache.server.clocks import uptime
from dbsbm.cache.server.connection import TIMEOUT
from dbsbm.cache.server.tracking import Changed, NotAllowed, TrackingConnection

log = logging.getLogger(__name__)

HEARTBEAT: Final = 0.1
"""Seconds between two questions for the time."""

HASTY_HEARTBEAT: Final = 0.025
"""The same while callers do without the server: the sooner it is known to be back the better."""

LATE: Final = 1.5
"""Client time-outs without an answer after which callers do without the server: 0.15 s."""

LOST: Final = 10.0
"""Client time-outs without an answer after which another connection is tried: 1 s."""

BELIEF: Final = 0.5
"""Seconds from an answered question on that copies may be believed. What this process serves is
never older than that, not even when it is cut off from the server without noticing."""

SETTLE: Final = 0.3
"""Seconds after an outage in which the server is not believed, so that the other processes, too,
can tell it what changed meanwhile."""

SHORTEST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 0.25
"""Seconds between two attempts to connect."""

NEVER: Final = float("-inf")
UNSETTLED: Final = float("inf")


class Listener(Protocol):
    """What a channel does its work for. All methods are called by its thread, one at a time."""

    def heard(self, names: Sequence[str]) -> None:
        """Keys have changed."""

    def missed(self) -> None:
        """Anything may have changed: the server was emptied, or its word did not come."""

    def late(self, error: Exception) -> None:
        """The server does not answer."""

    def answered(self, sent_at: float, time: tuple[int, int]) -> bool:
        """The server has told the time; tell whether it may be believed again."""

    def is_waiting(self) -> bool:
        """Tell whether callers do without the server."""

    def tend(self) -> None:
        """Do what has to be done every now and then."""


class Channel:
    """Watches the server in a thread of its own, from the first use on.

    It may be inherited by a child process, which gets a thread of its own at its first use.

    Attributes:
        client: Whose server is watched, over a connection that is the channel's own.
        clock: Seconds that only grow.
        late: Seconds without an answer after which callers do without the server.
        lost: Seconds without an answer after which another connection is tried.
        believed_until: Until when, by the clock, copies of what the server holds are true.
        settled_at: From when on what the server holds is to be believed, after an outage.

    Args:
        client: A client from `connect`.
        timeout: Seconds that the client waits for an answer.
        clock: Seconds that only grow, the machine's sleep included.
    """

    def __init__(
        self,
        client: redis.Redis,
        *,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = uptime,
    ) -> None:
        self.client = client
        self.late, self.lost = LATE * timeout, LOST * timeout
        self.clock = clock
        self._listener: Listener | None = None
        self._is_over = False
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Believe nothing, and have no thread."""
        self.believed_until = NEVER
        self.settled_at = NEVER
        self._lock = threading.Lock()
        self._watch: _Watch | None = None

    def serve(self, listener: Listener) -> None:
        """Tell a listener from now on.

        Raises:
            ValueError: It serves another one already: caches share nothing.
        """
        if self._listener is not None:
            raise ValueError("a channel serves one cache; make another channel for another cache")
        self._listener = listener

    @property
    def is_running(self) -> bool:
        """Tell whether the server is watched, or is about to be."""
        return self._watch is not None and not self._watch.has_ended

    def start(self) -> None:
        """Begin to watch, if that has not been begun yet. Without a thread callers go on alone."""
        if self._watch is not None or self._is_over:
            return
        with self._lock:
            if self._watch is None and not self._is_over and self._listener is not None:
                self._start(self._listener)

    def stop(self) -> None:
        """Stop watching, for good, without waiting for the thread to end."""
        with self._lock:
            self._is_over = True
        if self._watch is not None:
            self._watch.closing.set()

    def close(self, timeout: float = 2.0) -> None:
        """Stop watching, for good, and wait so many seconds for the thread to end."""
        self.stop()
        if self._watch is not None and self._watch is not threading.current_thread():
            self._watch.join(timeout)

    def give_up(self, error: Exception) -> None:
        """Go without, where neither time nor another try will help."""
        self._is_over = True
        log.warning(
            "The cache goes without copies in this process: %s",
            error,
            extra={"action": "cache.no_channel", "error": type(error).__name__},
        )

    def _start(self, listener: Listener) -> None:
        watch = _Watch(self, listener)
        try:
            watch.start()
        except RuntimeError as error:
            self.give_up(error)
        else:
            self._watch = watch


class _Watch(threading.Thread):
    """The thread of a channel."""

    def __init__(self, channel: Channel, listener: Listener) -> None:
        super().__init__(name="dbsbm-cache-channel", daemon=True)
        self.closing = threading.Event()
        self.has_ended = False
        self._channel = channel
        self._listener = listener
        self._answers = 0

    def run(self) -> None:
        """Watch, over one connection after the other, until the channel is closed."""
        pause = SHORTEST_PAUSE
        try:
            while not self.closing.is_set():
                answers = self._answers
                self._watch()
                pause = SHORTEST_PAUSE if self._answers > answers else pause * 2
                self.closing.wait(min(pause, LONGEST_PAUSE))
        except NotAllowed as error:
            self._channel.give_up(error)
        finally:
            self.has_ended = True
            self._channel.believed_until = self._channel.settled_at = NEVER

    def _watch(self) -> None:
        answers, connection = self._answers, TrackingConnection(self._channel.client)
        try:
            self._watch_over(connection)
        except FAILURES as error:
            # A connection that worked is replaced before anything is made of its loss.
            if self._answers == answers:
                self._listener.late(error)
        except NotAllowed:
            raise
        except Exception:
            log.exception(
                "The channel of the cache failed and begins anew.",
                extra={"action": "cache.channel_failed"},
            )
        finally:
            connection.close()
            self._listener.missed()

    def _watch_over(self, connection: TrackingConnection) -> None:
        try:
            connection.open()
            while not self.closing.is_set():
                self._beat(connection)
        finally:
            # Before anybody is told why: from here on nothing is believed.
            self._channel.settled_at = UNSETTLED
            self._channel.believed_until = NEVER

    def _beat(self, connection: TrackingConnection) -> None:
        """Ask for the time, and listen until it is time to ask again."""
        channel, listener = self._channel, self._listener
        sent_at = channel.clock()
        connection.ask_time()
        answer = self._answer(connection, sent_at)
        if answer is None:
            return
        if channel.believed_until < sent_at:
            listener.missed()
        if listener.answered(sent_at, (int(answer[0]), int(answer[1]))):
            self._believe(sent_at)
        listener.tend()
        pause = HASTY_HEARTBEAT if listener.is_waiting() else HEARTBEAT
        while (left := sent_at + pause - channel.clock()) > 0:
            self._read(connection, left)

    def _believe(self, sent_at: float) -> None:
        channel = self._channel
        self._answers += 1
        channel.believed_until = sent_at + BELIEF
        if channel.settled_at == UNSETTLED:
            channel.settled_at = channel.clock() + SETTLE

    def _answer(self, connection: TrackingConnection, sent_at: float) -> Any:
        """Return the answer to a question, None when the channel is closed before it comes."""
        channel, is_late = self._channel, False
        while not self.closing.is_set():
            left = HEARTBEAT if is_late else sent_at + channel.late - channel.clock()
            answer = self._read(connection, min(left, HEARTBEAT))
            if answer is not None:
                return answer
            waited = channel.clock() - sent_at
            if waited >= channel.late and not is_late:
                is_late, channel.settled_at = True, UNSETTLED
                self._listener.late(TimeoutError(f"no answer for {channel.late:g} s"))
            if waited >= channel.lost:
                raise TimeoutError(f"no answer for {channel.lost:g} s")
        return None

    def _read(self, connection: TrackingConnection, seconds: float) -> Any:
        """Read one thing for so long at most; return an answer, and take in what is pushed."""
        said = connection.read(seconds)
        if not isinstance(said, Changed):
            return said
        if said.names is None:
            self._listener.missed()
        else:
            self._listener.heard(said.names)
        return None
