"""Ending a stack from another process, and starting it twice."""

from __future__ import annotations

import os
import signal

from tests.integration.stack.conftest import lives_until_told
from tests.servers import wait_until
from workers.stack.down import end_stack
from workers.stack.state import FolderLock, StackState
from workers.stack.up import describe_running

ONE = {"name": "one", "code": lives_until_told("one"), "ready": "one.ready"}


def test_down_stops_a_running_stack_in_good_order(start_stack, capsys):
    stack = start_stack(ONE)
    stack.wait_until_up()
    assert end_stack(stack.folder) == 0
    assert stack.process.wait(20) == 0
    assert stack.journal() == ["one starts", "one ends"]
    assert capsys.readouterr().out == "Stopping ...\nStopped.\n"


def test_down_without_a_stack_says_so(tmp_path, capsys):
    assert end_stack(tmp_path) == 0
    assert capsys.readouterr().out == "Nothing is running.\n"


def test_down_after_a_killed_supervisor_leaves_nothing(start_stack, capsys):
    stack = start_stack(ONE)
    stack.wait_until_up()
    one = stack.children()["one"]
    os.kill(stack.process.pid, signal.SIGKILL)
    stack.process.wait(20)
    wait_until(lambda: end_stack(stack.folder) == 0)
    assert not one.is_alive()
    assert StackState.read(stack.folder) is None


def test_down_ends_a_supervisor_that_does_not_listen(start_stack):
    stack = start_stack(ONE)
    stack.wait_until_up()
    one = stack.children()["one"]
    stack.process.freeze()
    assert end_stack(stack.folder, patience=0.3) == 0
    assert stack.process.wait(20) == -signal.SIGKILL
    wait_until(lambda: not one.is_alive())


def test_a_second_start_finds_the_first_one_and_its_addresses(start_stack):
    stack = start_stack(ONE)
    stack.wait_until_up()
    assert not FolderLock(stack.folder).acquire()
    state = StackState.read(stack.folder)
    state.notes = ["DBSBM is up.", "  the page", "Ctrl-C stops everything."]
    state.write(stack.folder)
    assert describe_running(stack.folder) == [
        "Already running.",
        "  the page",
        "./dev down stops it.",
    ]


def test_a_second_start_during_the_first_ones_start_says_so(tmp_path):
    assert describe_running(tmp_path) == [
        "Already running, and still starting: ./dev logs -f shows what it does."
    ]
