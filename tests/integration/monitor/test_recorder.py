from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable

import pytest
import redis

from dbsbm.monitor.counting import handover
from dbsbm.monitor.counting.handover import Handover
from dbsbm.monitor.counting.parcel import unpack
from dbsbm.monitor.counting.recorder import NullRecorder, Recorder
from tests.servers import ValkeyServer, wait_until

MakeRecorder = Callable[..., Recorder]


def on_broker(broker: redis.Redis, series: str) -> float:
    """The total of a series over all minutes on the broker, `name|labels`."""
    found = 0.0
    for key in broker.keys("dbsbm:metrics:minute:*"):
        for text, data in broker.hgetall(key).items():
            if text.decode().split("|", 1)[1] == series:
                found += unpack(data).total
    return found


def test_the_thread_delivers_by_itself(broker: redis.Redis, new_recorder: MakeRecorder) -> None:
    recorder = new_recorder(flush_seconds=0.01)
    recorder.add("x", 2)
    wait_until(lambda: on_broker(broker, "x|") == 2)
    recorder.add("x", 3)
    wait_until(lambda: on_broker(broker, "x|") == 5)


def test_waking_delivers_before_the_pause_is_over(
    broker: redis.Redis, new_recorder: MakeRecorder
) -> None:
    recorder = new_recorder(flush_seconds=3600)
    recorder.add("x")
    recorder.wake()
    wait_until(lambda: on_broker(broker, "x|") == 1)


def test_closing_delivers_the_rest_and_ends_the_thread(
    broker: redis.Redis, new_recorder: MakeRecorder
) -> None:
    recorder = new_recorder()
    recorder.add("x")
    thread = recorder._thread
    assert thread is not None
    recorder.close()
    recorder.add("x")
    assert not thread.is_alive()
    assert recorder.flush()
    assert on_broker(broker, "x|") == 1


def test_sources_are_asked_before_each_delivery_and_a_broken_one_stops_nothing(
    broker: redis.Redis, new_recorder: MakeRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = new_recorder()

    def broken() -> None:
        raise ValueError("a source")

    recorder.add_source(broken)
    recorder.add_source(lambda: recorder.add("from_source"))
    assert recorder.flush()
    assert recorder.flush()
    assert on_broker(broker, "from_source|") == 2
    assert "A source of readings failed." in caplog.messages


def test_an_outage_of_the_broker_loses_no_count_and_is_told_once(
    valkey_broker: ValkeyServer,
    broker: redis.Redis,
    new_recorder: MakeRecorder,
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorder = new_recorder()
    recorder.add("x", 1)
    assert recorder.flush()
    valkey_broker.stop()
    for _ in range(3):
        recorder.add("x", 10)
        with caplog.at_level(logging.WARNING):
            assert not recorder.flush()
    assert len(caplog.records) == 1
    valkey_broker.start()
    assert recorder.flush()
    assert on_broker(broker, "x|") == 31


def test_a_parcel_whose_answer_was_lost_counts_once(
    new_recorder: MakeRecorder, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = new_recorder()
    deliver = Handover.deliver

    def lose_the_answer(self: Handover, *args: object, **kwargs: object) -> float:
        deliver(self, *args, **kwargs)  # type: ignore[arg-type]
        raise redis.TimeoutError

    recorder.add("x", 5)
    with monkeypatch.context() as patch:
        patch.setattr(Handover, "deliver", lose_the_answer)
        assert not recorder.flush()
    recorder.add("x", 2)
    assert recorder.flush()
    assert on_broker(broker, "x|") == 7


def test_counting_goes_on_while_the_broker_hangs(
    valkey_broker: ValkeyServer, broker: redis.Redis, new_recorder: MakeRecorder
) -> None:
    recorder = new_recorder(flush_seconds=0.01)
    valkey_broker.freeze()
    recorder.add("x")
    wait_until(recorder._flushing.locked)
    for _ in range(1000):
        recorder.add("x")
    assert recorder._flushing.locked(), "counting waited for the delivery"
    valkey_broker.thaw()
    wait_until(lambda: on_broker(broker, "x|") == 1001)


def test_readings_that_the_broker_refuses_are_dropped_and_the_next_are_taken(
    broker: redis.Redis, new_recorder: MakeRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = new_recorder()
    broker.set(handover.MINUTES, "of another type")
    recorder.add("x")
    assert recorder.flush()
    assert "The broker refused 1 readings; they are dropped" in caplog.text
    broker.delete(handover.MINUTES, *broker.keys("dbsbm:metrics:minute:*"))
    recorder.add("x")
    assert recorder.flush()
    assert on_broker(broker, "x|") == 1


def test_a_broker_whose_disk_is_full_loses_no_count(
    broker: redis.Redis, new_recorder: MakeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = new_recorder()

    def refuse(*_: object, **__: object) -> float:
        raise redis.ResponseError("MISCONF Errors writing to the AOF file: No space left")

    recorder.add("x", 5)
    with monkeypatch.context() as patch:
        patch.setattr(Handover, "deliver", refuse)
        assert not recorder.flush()
    assert recorder.flush()
    assert on_broker(broker, "x|") == 5


def test_a_delivery_teaches_the_time_of_the_broker(
    broker: redis.Redis, new_recorder: MakeRecorder
) -> None:
    recorder = new_recorder()
    recorder.clock.offset += 5000
    recorder.add("x")
    assert recorder.flush()
    seconds, microseconds = broker.time()
    assert abs(recorder.clock.now() - seconds - microseconds / 1e6) < 2


FORKING = """
import os, sys, threading, redis
from dbsbm.monitor.counting.recorder import Recorder

recorder = Recorder(redis.Redis.from_url(sys.argv[1]))
recorder.add("parent", 1)
bound = recorder.bind(("bound", {}))
bound.observe(0.0, 1.0)
stop = threading.Event()

def count():
    while not stop.is_set():
        recorder.add("busy", 0)
threads = [threading.Thread(target=count) for _ in range(3)]
[thread.start() for thread in threads]
children = []
for _ in range(10):
    child = os.fork()
    if child == 0:
        for _ in range(100):
            recorder.add("children", 1)
        recorder.observe("child", 2.5)
        bound.observe(0.0, 10.0)
        recorder.close()
        os._exit(0)
    children.append(child)
codes = [os.waitpid(child, 0)[1] for child in children]
stop.set()
[thread.join() for thread in threads]
sys.exit(any(codes))
"""


def test_forked_children_count_for_themselves_and_an_exit_delivers(
    valkey_broker: ValkeyServer, broker: redis.Redis
) -> None:
    argv = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKING, valkey_broker.url]
    subprocess.run(argv, check=True, timeout=60)
    assert on_broker(broker, "children|") == 1000
    assert on_broker(broker, "child|") == 25
    assert on_broker(broker, "bound|") == 101
    assert on_broker(broker, "parent|") == 1, "a child delivered what its parent had counted"


def test_a_recorder_that_records_nothing_starts_and_sends_nothing() -> None:
    recorder = NullRecorder()
    recorder.add_source(lambda: pytest.fail("a source was asked"))
    recorder.add("x")
    recorder.observe("y", 1)
    recorder.start()
    assert recorder._thread is None
    assert recorder.flush()
    recorder.close()
