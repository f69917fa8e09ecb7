"""What the bot measures of itself. It reaches the broker through a recorder, never the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbsbm.monitor.counting.recorder import NullRecorder, Recorder
from dbsbm.monitor.observers import both
from dbsbm.monitor.readings.discord_calls import DiscordCall, discord_observer
from dbsbm.monitor.readings.host import watch_host
from dbsbm.monitor.readings.memory import watch_memory
from dbsbm.monitor.readings.processes import watch_processes
from dbsbm.monitor.traces.discord import discord_spans
from dbsbm.monitor.traces.opening import open_tracing
from dbsbm.settings import Settings
from dbsbm.wire.broker import connect_broker

if TYPE_CHECKING:
    from dbsbm.monitor.traces.tracing import Tracing


class Measures:
    """The bot's readings: acknowledgements, the event loop's lag, REST calls, its process.

    Each call costs some microseconds and never waits: threads of their own deliver.

    Args:
        recorder: Where the readings go.
        tracing: Makes spans of the same events, where a collector is set.
    """

    def __init__(self, recorder: Recorder, tracing: Tracing | None = None) -> None:
        self.recorder = recorder
        self._tracing = tracing
        spans = None if tracing is None else discord_spans(tracing)
        self._on_call = both(discord_observer(recorder), spans)

    def acknowledged(self, command: str, seconds: float, taken: bool) -> None:
        """Discord took an acknowledgement, or refused it."""
        if taken:
            self.recorder.observe("discord.ack", seconds, command=command)
        else:
            self.recorder.add("discord.ack_failures", command=command)
        if self._tracing is not None:
            error = None if taken else "not_acknowledged"
            self._tracing.root(f"/{command}", seconds, {"dbsbm.command": command}, error)

    def late(self, seconds: float) -> None:
        """The event loop came round so much later than it should."""
        self.recorder.observe("bot.loop_lag", seconds)

    def called(self, call: DiscordCall) -> None:
        """discord.py called Discord."""
        if self._on_call is not None:
            self._on_call(call)

    def close(self) -> None:
        """Deliver the rest."""
        self.recorder.close()
        if self._tracing is not None:
            self._tracing.close()


def open_measures(settings: Settings) -> Measures | None:
    """The bot's readings on their way; None where nothing is to be measured or traced."""
    tracing = open_tracing(settings, "dbsbm-bot")
    if not settings.enable_performance_monitoring:
        return None if tracing is None else Measures(NullRecorder(), tracing)
    broker = connect_broker(settings.broker)
    recorder = Recorder(broker)
    watch_processes(recorder, broker, "bot")
    watch_host(recorder, broker, settings.data_dir)
    watch_memory(recorder, settings.data_dir)
    return Measures(recorder, tracing)
