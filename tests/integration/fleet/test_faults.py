"""Workers under fire: killed children, a kill of the whole, a frozen pool, an orderly stop."""

from __future__ import annotations

import os
import signal

import psutil

from dbsbm.db.models import DeadLetter
from dbsbm.health import heartbeat_file, worker_pulses
from dbsbm.poison import MAX_REDELIVERIES
from tests.integration.fleet.conftest import Fleet
from workers.watchdog import EXIT_CODE


def test_a_worker_shows_its_pulse_where_supervisors_and_status_look(fleet: Fleet) -> None:
    fleet.worker()

    (node,) = fleet.pulses()
    assert heartbeat_file(fleet.directory, node).exists()
    (pulse,) = worker_pulses(fleet.broker.client())
    assert pulse.node == node
    assert pulse.milliseconds > 0


def test_a_task_that_kills_its_worker_is_buried_and_the_worker_lives_on(fleet: Fleet) -> None:
    worker = fleet.worker("--every-queue")
    task_id = fleet.send("fleet.poison", secret="what it carried")

    (letter,) = fleet.wait_for(lambda: fleet.rows(DeadLetter))
    fleet.send("fleet.note", line="alive")
    fleet.wait_for(lambda: "alive" in fleet.notes())

    assert fleet.notes().count("poison") == MAX_REDELIVERIES + 1
    assert (letter.source, letter.source_key, letter.task) == ("task", task_id, "fleet.poison")
    assert letter.payload == {"secret": "what it carried"}
    assert letter.reason == f"Killed its worker {MAX_REDELIVERIES + 1} times."
    assert worker.running
    fleet.wait_for(lambda: not fleet.client.hlen("unacked"))
    assert not fleet.client.llen("maintenance")


def test_an_orderly_stop_finishes_what_it_can_in_time_and_returns_the_rest(fleet: Fleet) -> None:
    worker = fleet.worker("--every-queue", "--soft-shutdown=3")
    for seconds in (600, 1, 600, 600):
        fleet.send("fleet.linger", seconds=seconds)
    fleet.wait_for(lambda: fleet.notes() == ["lingering", "lingering"])

    worker.signal(signal.SIGTERM)
    assert worker.wait(timeout=30) == 0

    assert fleet.notes() == ["lingering", "lingering", "lingered"]
    assert fleet.client.llen("maintenance") == 3
    assert fleet.client.hlen("unacked") == 0


def test_a_worker_whose_pool_is_frozen_ends_itself_and_its_children(fleet: Fleet) -> None:
    worker = fleet.worker("--canary-deadline=3")
    children = psutil.Process(worker.pid).children(recursive=True)
    assert len(children) >= 2
    for child in children:
        os.kill(child.pid, signal.SIGSTOP)

    fleet.wait_for(lambda: not worker.running)

    assert worker.exit_code == EXIT_CODE
    assert "ending this worker" in worker.log()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


def test_a_worker_whose_broker_is_frozen_is_not_to_blame_and_goes_on(fleet: Fleet) -> None:
    worker = fleet.worker("--every-queue", "--canary-deadline=2")
    fleet.broker.freeze()
    fleet.wait_for(lambda: "The canary could not reach the broker" in worker.log())
    fleet.broker.thaw()

    fleet.send("fleet.note", line="back")
    fleet.wait_for(lambda: "back" in fleet.notes())
    assert worker.running
