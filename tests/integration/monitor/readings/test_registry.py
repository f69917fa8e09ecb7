"""Places, losses and turns: what several processes agree on through the broker."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import redis

from dbsbm.monitor.counting.recorder import NullRecorder
from dbsbm.monitor.readings.beat import TICKED, BeatPulse, silence_of_beat, watch_beat
from dbsbm.monitor.readings.host import watch_host
from dbsbm.monitor.readings.memory import watch_memory
from dbsbm.monitor.readings.processes import (
    FORGET_SECONDS,
    SEEN,
    _Group,
    listed,
    read_processes,
    watch_processes,
)
from tests.unit.monitor.readings.spy import SpyRecorder


def groups(broker: redis.Redis, count: int, role: str = "worker.images") -> list[_Group]:
    found = [_Group(SpyRecorder(), broker, role) for _ in range(count)]
    for group in found:
        group.tell()
    return found


def places(broker: redis.Redis) -> list[int]:
    return sorted(entry["place"] for entry in listed(broker))


def test_a_place_that_is_given_back_is_taken_by_the_next(broker: redis.Redis) -> None:
    first, second, _ = groups(broker, 3)
    groups(broker, 1, role="beat")
    assert places(broker) == [1, 1, 2, 3]
    second.say_goodbye()
    groups(broker, 2)
    assert places(broker) == [1, 1, 2, 3, 4]
    first.say_goodbye()
    assert places(broker) == [1, 2, 3, 4]


def test_one_reader_alone_is_told_of_a_process_that_fell_silent(broker: redis.Redis) -> None:
    first, _, _ = groups(broker, 3)
    broker.zincrby(SEEN, -FORGET_SECONDS - 1, first._id)
    totals = []
    for _ in range(2):
        recorder = SpyRecorder()
        read_processes(recorder, broker)
        totals.append(recorder.totals())
    lost = "worker.lost|cause=silent,role=worker.images"
    assert [found.get(lost) for found in totals] == [1, None]
    living = sum(1 + entry["children"] for entry in listed(broker))
    assert [found["process.count|role=worker.images"] for found in totals] == [living, living]
    assert places(broker) == [2, 3]


def test_of_all_processes_of_a_machine_one_reads_it_at_a_time(
    broker: redis.Redis, tmp_path: Path
) -> None:
    recorders = [SpyRecorder() for _ in range(3)]
    for recorder in recorders:
        watch_host(recorder, broker, tmp_path)
        recorder.flush()
    told = [recorder.told() for recorder in recorders]
    assert [bool(found) for found in told] == [True, False, False]
    label = f"host={socket.gethostname()}"
    assert told[0][f"system.disk_free_bytes|{label}"].last > 0
    assert 0 <= told[0][f"system.memory_percent|{label}"].last <= 100


def test_a_beat_is_silent_from_its_last_tick_on(broker: redis.Redis) -> None:
    assert silence_of_beat(broker) is None
    pulse = BeatPulse(broker)
    pulse.tell()
    assert silence_of_beat(broker) is None, "it has not ticked yet"
    pulse.tick()
    pulse.tell()
    seconds, _ = broker.time()
    broker.set(TICKED, seconds - 40)
    pulse.tell()
    assert 40 <= (silence_of_beat(broker) or 0) < 60, "a beat that hangs has told of a tick"


@pytest.mark.parametrize("attach", ["processes", "host", "beat", "memory"])
def test_where_nothing_is_measured_nothing_is_attached(
    broker: redis.Redis, tmp_path: Path, attach: str
) -> None:
    recorder = NullRecorder()
    {
        "processes": lambda: watch_processes(recorder, broker, "bot"),
        "host": lambda: watch_host(recorder, broker, tmp_path),
        "beat": lambda: watch_beat(recorder, broker),
        "memory": lambda: watch_memory(recorder, tmp_path),
    }[attach]()
    assert recorder._sources == []
    assert recorder._thread is None
    assert broker.keys() == []
