from __future__ import annotations

import contextvars
import threading

import pytest

from dbsbm.cache.engine.threads import Pool
from tests.servers import wait_until

WHO = contextvars.ContextVar("WHO", default="nobody")


def test_a_job_is_done_in_the_context_of_who_gave_it() -> None:
    pool, seen = Pool(), []
    WHO.set("somebody")
    assert pool.submit(lambda: seen.append((WHO.get(), threading.current_thread().daemon)))
    wait_until(lambda: seen == [("somebody", True)])


def test_what_there_is_no_room_for_is_refused() -> None:
    pool, may_end = Pool(most_threads=2, most_waiting=3), threading.Event()
    begun = threading.Semaphore(0)

    def job() -> None:
        begun.release()
        assert may_end.wait(30)

    assert all(pool.submit(job) for _ in range(2))
    for _ in range(2):
        assert begun.acquire(timeout=30)
    assert [pool.submit(job) for _ in range(4)] == [True, True, True, False]
    may_end.set()
    for _ in range(3):
        assert begun.acquire(timeout=30)
    assert pool._threads == 2


def test_a_job_that_fails_ends_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    pool, done = Pool(most_threads=1), threading.Event()

    def end_the_process() -> None:
        raise SystemExit

    assert pool.submit(lambda: 1 // 0)
    assert pool.submit(end_the_process)
    assert pool.submit(done.set)
    assert done.wait(30)
    actions = [vars(line)["action"] for line in caplog.records]
    assert actions == ["cache.background", "cache.background"]


def test_threads_that_have_nothing_to_do_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbsbm.cache.engine.threads.IDLE_SECONDS", 0.01)
    pool, done = Pool(), threading.Event()
    assert pool.submit(done.set)
    assert done.wait(30)
    wait_until(lambda: pool._threads == 0)
    done.clear()
    assert pool.submit(done.set)
    assert done.wait(30)


def test_without_a_thread_a_job_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    assert not Pool().submit(lambda: None)
