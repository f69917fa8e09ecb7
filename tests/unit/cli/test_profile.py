from __future__ import annotations

import pytest

from dbsbm.cli.profile.processes import FleetProcess, find, role_of
from dbsbm.cli.profile.spy import top_functions
from dbsbm.errors import ConfigError

PYTHON = "/srv/dbsbm/.venv/bin/python"


@pytest.mark.parametrize(
    ("command", "role"),
    [
        ([PYTHON, "-m", "bot"], "bot"),
        ([PYTHON, "-m", "workers", "beat"], "beat"),
        ([PYTHON, "-m", "workers", "worker", "images"], "worker.images"),
        ([PYTHON, "-m", "workers", "worker", "images", "--name", "images2"], "worker.images2"),
        ([PYTHON, "-m", "workers", "worker", "images", "--name=images3"], "worker.images3"),
        ([PYTHON, "-m", "workers", "flower"], "flower"),
        ([PYTHON, "-m", "workers", "dashboard"], "dashboard"),
        ([PYTHON, "-m", "dbsbm", "profile", "bot"], None),
        (["vim", "-m", "bottle"], None),
        (["python"], None),
        ([], None),
    ],
)
def test_a_role_is_known_by_the_command_that_starts_it(
    command: list[str], role: str | None
) -> None:
    assert role_of(command) == role


FLEET = [
    FleetProcess("beat", 5, None),
    FleetProcess("worker.images", 10, None),
    FleetProcess("worker.images", 11, 10),
    FleetProcess("worker.fetch", 20, None),
    FleetProcess("worker.fetch", 30, None),
]


@pytest.mark.parametrize(("wanted", "pid"), [("beat", 5), ("worker.images", 10), ("11", 11)])
def test_a_process_is_found_by_role_or_number(wanted: str, pid: int) -> None:
    assert find(FLEET, wanted).pid == pid


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("worker.fetch", r"There are several worker.fetch: choose one .*\(20, 30\)"),
        ("bot", "No process of the fleet here is called 'bot'; there are: beat, worker.fetch"),
        ("1", "No process of the fleet here is called '1'"),
    ],
)
def test_what_is_not_one_process_of_the_fleet_is_refused_with_what_there_is(
    wanted: str, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        find(FLEET, wanted)


def test_where_nothing_runs_that_is_said() -> None:
    with pytest.raises(ConfigError, match="none runs on this machine"):
        find([], "bot")


def test_the_top_functions_are_those_that_worked_themselves() -> None:
    profile = {
        "shared": {"frames": [{"name": "main", "file": "a.py"}, {"name": "work", "file": "b.py"}]},
        "profiles": [
            {"samples": [[0, 1], [0, 1], [0], []], "weights": [1, 1, 1, 1]},
            {"samples": [[0, 1]], "weights": [1]},
        ],
    }
    assert top_functions(profile) == [("work (b.py)", 0.75), ("main (a.py)", 0.25)]
