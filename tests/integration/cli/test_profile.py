"""A process of the fleet is looked into while it works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbsbm import cli
from dbsbm.cli import profile
from dbsbm.cli.profile import memory, spy
from dbsbm.cli.profile.processes import FleetProcess
from dbsbm.errors import ConfigError, TransientError
from dbsbm.monitor.readings.memory import answer_file, request_file
from dbsbm.settings import Settings
from tests.servers import ValkeyServer

BUSY = """
import sys, redis, pathlib
from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings.memory import watch_memory

recorder = Recorder(redis.Redis.from_url(sys.argv[1]), flush_seconds=0.05)
watch_memory(recorder, pathlib.Path(sys.argv[2]))
recorder.start()
kept = []

def burn_time_here():
    total = 0
    for number in range(10_000):
        total += number * number
    return total

print("ready", flush=True)
while True:
    burn_time_here()
    if len(kept) < 1_000:
        kept.append(bytearray(100_000))
"""


@pytest.fixture
def busy(valkey_broker: ValkeyServer, tmp_path: Path) -> Iterator[FleetProcess]:
    with subprocess.Popen(
        [sys.executable, "-c", BUSY, valkey_broker.url, str(tmp_path)],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield FleetProcess("worker.images", process.pid, None)
        process.kill()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, secret_key="k" * 40, data_dir=tmp_path)


def test_the_functions_that_take_the_time_come_first(
    busy: FleetProcess,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(profile, "running", lambda _root: [busy])
    monkeypatch.setattr(profile, "load_settings", lambda: settings)
    assert cli.main(["profile", "worker.images", "--seconds", "1"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[2].startswith("burn_time_here (")
    [file] = (tmp_path / "profiles").iterdir()
    assert str(file) in told[-1]
    assert json.loads(file.read_text())["$schema"].endswith(
        "speedscope.app/file-format-schema.json"
    )


def test_what_memory_grew_by_is_told_line_by_line_and_nothing_stays_behind(
    busy: FleetProcess, settings: Settings, tmp_path: Path
) -> None:
    told = memory.look(busy, 1.0, tmp_path / "out.json", settings)
    picture = json.loads((tmp_path / "out.json").read_text())
    [largest, *_] = picture["grown"]
    assert picture["pid"] == busy.pid
    assert (largest["file"], largest["blocks"] > 0) == ("<string>", True)
    assert picture["grown_bytes"] >= largest["bytes"] > 100_000
    assert {"dict", "function", "type"} <= {each["type"] for each in picture["objects"]}
    assert "<string>:" in told
    assert not request_file(tmp_path, busy.pid).exists()
    assert not answer_file(tmp_path, busy.pid).exists()


def test_a_process_that_does_not_answer_is_not_waited_for_for_ever(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_PATIENCE_SECONDS", 0.2)
    nobody = FleetProcess("bot", 999_999_999, None)
    with pytest.raises(TransientError, match="did not come to take the request up: it is stuck"):
        memory.look(nobody, 1.0, tmp_path / "out.json", settings)
    assert not request_file(tmp_path, nobody.pid).exists()


def test_where_nothing_is_measured_nobody_is_asked(settings: Settings, tmp_path: Path) -> None:
    off = settings.model_copy(update={"enable_performance_monitoring": False})
    with pytest.raises(ConfigError, match="ENABLE_PERFORMANCE_MONITORING is off"):
        memory.look(FleetProcess("bot", 1, None), 1.0, tmp_path / "out.json", off)


@pytest.mark.parametrize(
    ("said", "error", "sentence"),
    [
        ("Error: Permission Denied: Try running again", ConfigError, "run the command as root"),
        ("Error: Operation not permitted (os error 1)", ConfigError, "SYS_PTRACE"),
        ("", TransientError, "py-spy said nothing"),
        ("Error: Broken\n\nStack backtrace:\n  7: main", TransientError, r"sampled: Broken\.$"),
    ],
)
def test_what_py_spy_says_becomes_one_sentence(
    said: str, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        raise spy._refusal(FleetProcess("bot", 7, None), said)


def test_a_living_process_of_which_nothing_can_be_read_is_another_user_s() -> None:
    said = "Error: No python processes found in process 7 or any of its subprocesses"
    with pytest.raises(ConfigError, match="run the command as root"):
        raise spy._refusal(FleetProcess("bot", os.getpid(), None), said)


def test_a_process_that_is_gone_is_said_to_be(settings: Settings, tmp_path: Path) -> None:
    gone = FleetProcess("bot", 4_194_304 + 1, None)
    with pytest.raises(TransientError, match=r"bot \(4194305\) could not be sampled: "):
        spy.look(gone, 1.0, tmp_path / "out.json", settings)
    assert not (tmp_path / "out.json").exists()


def test_a_file_that_cannot_be_written_is_one_sentence(
    busy: FleetProcess,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(profile, "running", lambda _root: [busy])
    monkeypatch.setattr(profile, "load_settings", lambda: settings)
    assert cli.main(["profile", "worker.images", "--output", "/proc/nowhere/x.json"]) == 2
    assert "give another place with --output" in capsys.readouterr().err
