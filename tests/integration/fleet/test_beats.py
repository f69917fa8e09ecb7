"""Two beats, one killed, and a broker that restarts: every slot runs, and runs once."""

from __future__ import annotations

import socket
from collections import Counter
from datetime import timedelta
from itertools import pairwise

from dbsbm.db.models import ScheduleSlot
from dbsbm.health import heartbeat_file
from tests.integration.fleet.conftest import Fleet
from tests.servers import ChildProcess


def done(fleet: Fleet) -> list[ScheduleSlot]:
    return [slot for slot in fleet.rows(ScheduleSlot) if slot.state == "done"]


def alive(*processes: ChildProcess) -> bool:
    """Start again what ended, as a supervisor does. True, for use in a condition."""
    for process in processes:
        if not process.running:
            process.start()
    return True


def leader(beats: list[ChildProcess], fleet: Fleet) -> ChildProcess:
    """The beat that wrote the newest slot down."""
    newest = max(fleet.rows(ScheduleSlot), key=lambda slot: slot.slot)
    return next(beat for beat in beats if newest.beat.endswith(f":{beat.pid}"))


def test_every_slot_runs_once_though_a_beat_is_killed_and_the_broker_restarts(
    fleet: Fleet,
) -> None:
    worker = fleet.worker("--every-queue")
    beats = [fleet.process("beat", options=["--counting"]) for _ in range(2)]
    fleet.wait_for(lambda: all("beat: Starting" in beat.log() for beat in beats))
    fleet.wait_for(lambda: len(done(fleet)) >= 3)
    assert heartbeat_file(fleet.directory, f"beat@{socket.gethostname()}").exists()

    killed = leader(beats, fleet)
    killed.kill()
    (other,) = (beat for beat in beats if beat is not killed)
    before = len(done(fleet))
    fleet.wait_for(lambda: len(done(fleet)) >= before + 2)

    fleet.broker.kill()
    fleet.broker.start()
    before = len(done(fleet))
    fleet.wait_for(lambda: alive(worker, other) and len(done(fleet)) >= before + 4, 60)
    other.kill()
    fleet.wait_for(lambda: not fleet.client.llen("maintenance"))
    worker.kill()

    slots = sorted(fleet.rows(ScheduleSlot), key=lambda slot: slot.slot)
    steps = {later.slot - earlier.slot for earlier, later in pairwise(slots)}
    assert steps == {timedelta(seconds=1)}
    assert "missed" not in {slot.state for slot in slots}
    assert "failed" not in {slot.state for slot in slots}
    runs = Counter(fleet.notes())
    assert max(runs.values()) == 1
    owners = Counter(slot.owner for slot in slots if slot.owner)
    assert max(owners.values()) == 1
    # What the last kill caught may have run and not been recorded; it would run again, and late.
    assert {slot.owner for slot in done(fleet)} <= set(runs) <= set(owners)
