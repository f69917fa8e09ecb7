"""The supervisor over real, small processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from tests.integration.stack.conftest import JOURNAL, lives_until_told
from tests.servers import wait_until
from workers.stack.identity import identify
from workers.stack.state import StackState
from workers.stack.supervisor import ECHO_SECONDS


def test_a_process_starts_once_those_it_leans_on_are_ready(start_stack):
    slow = lives_until_told("server").replace(
        "note('server starts')", "time.sleep(0.3); note('server starts')"
    )
    stack = start_stack(
        {"name": "client", "code": lives_until_told("client"), "after": ["server", "schema"]},
        {"name": "server", "code": slow, "ready": "server.ready"},
        {"name": "schema", "code": f"{JOURNAL}note('schema done')", "one_shot": True},
    )
    stack.wait_until_up()
    stack.wait_for("client starts")
    assert stack.journal()[-1] == "client starts"
    assert set(stack.journal()) == {"schema done", "server starts", "client starts"}


def test_what_ends_is_started_again(start_stack):
    stack = start_stack({"name": "fragile", "code": f"{JOURNAL}note('tried'); sys.exit(1)"})
    stack.wait_for("tried", times=3)
    assert "fragile ended with code 1; again in 0.5 s" in stack.process.log()
    assert "fragile ended with code 1; again in 1 s" in stack.process.log()


def test_a_killed_process_comes_back_while_the_others_stay(start_stack):
    stack = start_stack(
        {"name": "one", "code": lives_until_told("one"), "ready": "one.ready"},
        {"name": "two", "code": lives_until_told("two"), "ready": "two.ready"},
    )
    stack.wait_until_up()
    before = stack.children()
    os.kill(before["one"].pid, signal.SIGKILL)
    stack.wait_for("one starts", times=2)
    wait_until(lambda: "one" in stack.children())
    assert stack.children()["two"] == before["two"]
    assert stack.children()["one"] != before["one"]
    assert "one was ended by SIGKILL" in stack.process.log()


def test_who_is_forgotten_by_a_process_starts_anew_with_it(start_stack):
    stack = start_stack(
        {"name": "server", "code": lives_until_told("server"), "ready": "server.ready"},
        {"name": "guest", "code": lives_until_told("guest"), "forgotten_by": ["server"]},
    )
    stack.wait_until_up()
    stack.wait_for("guest starts")
    os.kill(stack.children()["server"].pid, signal.SIGKILL)
    stack.wait_for("guest starts", times=2)
    assert stack.journal().count("guest ends") == 1
    assert stack.journal().count("server starts") == 2


def test_a_one_shot_is_repeated_until_it_succeeds(start_stack):
    code = f"""{JOURNAL}
note('tried')
sys.exit(0 if (folder / 'journal').read_text().count('tried') == 2 else 1)
"""
    stack = start_stack(
        {"name": "schema", "code": code, "one_shot": True},
        {"name": "client", "code": lives_until_told("client"), "after": ["schema"]},
    )
    stack.wait_for("client starts")
    assert stack.journal() == ["tried", "tried", "client starts"]


def test_a_wrong_setting_stops_everything_with_the_process_own_sentence(start_stack):
    refuses = f"{JOURNAL}print('noise'); print('TOKEN is missing: set it.'); sys.exit(2)"
    stack = start_stack(
        {"name": "server", "code": lives_until_told("server"), "ready": "server.ready"},
        {"name": "bot", "code": refuses, "after": ["server"]},
    )
    assert stack.process.wait(20) == 2
    assert "bot does not start: TOKEN is missing: set it." in stack.process.log()
    assert stack.journal() == ["server starts", "server ends"]


def test_a_command_that_cannot_be_run_is_reported_and_tried_again(start_stack):
    stack = start_stack({"name": "lost", "code": "", "cwd": "missing"})
    wait_until(
        lambda: (
            "lost cannot be started (No such file or directory); again in 1 s"
            in stack.process.log()
        ),
        20,
        stack.everything,
    )


def test_stages_end_one_after_another_the_highest_first(start_stack):
    lingers = lives_until_told("door").replace(
        "note('door ends')", "time.sleep(0.3); note('door ends')"
    )
    stack = start_stack(
        {"name": "server", "code": lives_until_told("server"), "ready": "server.ready"},
        {"name": "door", "code": lingers, "ready": "door.ready", "stop_stage": 2},
        {
            "name": "worker",
            "code": lives_until_told("worker"),
            "ready": "worker.ready",
            "stop_stage": 1,
        },
    )
    stack.wait_until_up()
    children = stack.children()
    stack.process.signal(signal.SIGTERM)
    assert stack.process.wait(20) == 0
    assert stack.journal()[3:] == ["door ends", "worker ends", "server ends"]
    assert not any(child.is_alive() for child in children.values())
    assert StackState.read(stack.folder) is None


def test_what_does_not_end_in_its_time_is_killed(start_stack):
    stack = start_stack(
        {"name": "deaf", "code": _deaf("deaf"), "ready": "deaf.ready", "stop_within": 0.3}
    )
    stack.wait_until_up()
    child = stack.children()["deaf"]
    stack.process.signal(signal.SIGINT)
    assert stack.process.wait(20) == 0
    assert not child.is_alive()
    assert "deaf took over 0.3 s to end: killed." in stack.process.log()


def test_a_second_signal_kills_at_once(start_stack):
    stack = start_stack(
        {
            "name": "deaf",
            "code": _deaf("deaf"),
            "ready": "deaf.ready",
            "stop_within": 100,
            "stop_stage": 1,
        },
        {"name": "server", "code": _deaf("server"), "ready": "server.ready", "stop_within": 100},
    )
    stack.wait_until_up()
    children = stack.children()
    stack.process.signal(signal.SIGINT)
    wait_until(lambda: "Stopping" in stack.process.log())
    echo_ends = time.monotonic() + ECHO_SECONDS
    wait_until(lambda: time.monotonic() > echo_ends)
    stack.process.signal(signal.SIGINT)
    assert stack.process.wait(20) == 0
    assert not any(child.is_alive() for child in children.values())


def test_a_signal_that_comes_twice_at_once_is_one(start_stack):
    """A terminal's Ctrl-C reaches us, and whoever started us, who may pass it on."""
    stack = start_stack(
        {
            "name": "slow",
            "code": f"""{JOURNAL}
import signal
def end(*_):
    time.sleep(0.2)
    note('slow ends')
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
(folder / 'slow.ready').touch()
while True:
    time.sleep(100)
""",
            "ready": "slow.ready",
            "stop_within": 20,
        }
    )
    stack.wait_until_up()
    for _ in range(2):
        stack.process.signal(signal.SIGINT)
    assert stack.process.wait(20) == 0
    assert "Killing" not in stack.process.log()
    assert "slow ends" in stack.journal()


def test_the_children_of_a_process_end_with_it(start_stack):
    code = f"""{JOURNAL}
import subprocess
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'])
(folder / 'grandchild').write_text(str(child.pid))
(folder / 'parent.ready').touch()
time.sleep(1000)
"""
    stack = start_stack({"name": "parent", "code": code, "ready": "parent.ready"})
    stack.wait_until_up()
    grandchild = identify(int((stack.folder / "grandchild").read_text()))
    stack.process.signal(signal.SIGTERM)
    assert stack.process.wait(20) == 0
    wait_until(lambda: not grandchild.is_alive())


def test_nothing_outlives_a_killed_supervisor(start_stack):
    stack = start_stack(
        {"name": "one", "code": _deaf("one"), "ready": "one.ready"},
        {"name": "two", "code": _deaf("two"), "ready": "two.ready"},
    )
    stack.wait_until_up()
    children = stack.children()
    os.kill(stack.process.pid, signal.SIGKILL)
    wait_until(lambda: not any(child.is_alive() for child in children.values()))
    assert len(children) == 2


def test_what_an_earlier_supervisor_left_behind_is_ended_first(start_stack, tmp_path):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"]) as left:
        orphan = identify(left.pid)
        reused = type(orphan)(os.getpid(), "another boot:1")
        StackState(reused, {"old": orphan, "unrelated": reused}).write(tmp_path)
        stack = start_stack({"name": "new", "code": lives_until_told("new")})
        stack.wait_for("new starts")
        assert left.wait(10) == -signal.SIGTERM
    assert "Ended 1 processes" in stack.process.log()


def test_a_process_that_shows_no_sign_of_life_is_replaced(start_stack):
    idle = lives_until_told("idle").replace(
        "signal.pause()",
        "beats = 0 if (folder / 'journal').read_text().count('idle starts') == 1 else 10**6\n"
        "while beats: (folder / 'sign').touch(); beats -= 1; time.sleep(0.05)\n"
        "(folder / 'sign').touch(); signal.pause()",
    )
    stack = start_stack(
        {"name": "idle", "code": idle, "ready": "sign", "stale": {"file": "sign", "after": 0.6}}
    )
    stack.wait_for("idle starts", times=2)
    assert "idle showed no sign of life and was killed" in stack.process.log()
    second = stack.children()["idle"]
    wait_until(lambda: stack.process.log().count("idle is ready") == 2)
    stack.process.signal(signal.SIGTERM)
    assert stack.process.wait(20) == 0
    assert stack.journal().count("idle starts") == 2
    assert not second.is_alive()


def test_silence_is_no_fault_while_what_it_needs_is_down(start_stack):
    quiet = lives_until_told("quiet").replace(
        "signal.pause()", "(folder / 'sign').touch(); signal.pause()"
    )
    # Brings up what is needed only after the silence was several times too long.
    broker = f"{JOURNAL}time.sleep(1.5); note('broker up'); (folder / 'up').touch(); signal.pause()"
    stale = {"file": "sign", "after": 0.4, "unless_down": "up"}
    stack = start_stack(
        {"name": "quiet", "code": quiet, "ready": "sign", "stale": stale},
        {"name": "broker", "code": broker},
    )
    stack.wait_for("broker up")
    assert stack.journal().count("quiet starts") == 1
    stack.wait_for("quiet starts", times=2)


def test_a_process_that_never_gets_ready_is_started_anew(start_stack):
    stack = start_stack(
        {"name": "stuck", "code": lives_until_told("stuck"), "ready": "never", "ready_within": 0.5}
    )
    stack.wait_for("stuck starts", times=2)
    assert "stuck was not ready within 0.5 s and was killed" in stack.process.log()


def _deaf(name: str) -> str:
    return (
        f"{JOURNAL}signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"(folder / '{name}.ready').touch()\nwhile True: time.sleep(1)"
    )
