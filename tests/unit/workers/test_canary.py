from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from workers import watchdog
from workers.watchdog import Canary


class Broker:
    """Answers each look from a script, while the clock runs as the script says."""

    def __init__(self, looks: list[tuple[float, bool]]) -> None:
        self.looks = looks
        self.time = 0.0
        self.recorded = 0

    def blpop(self, _keys: list[str], timeout: int) -> object:
        seconds, is_there = self.looks.pop(0) if self.looks else (float(timeout), False)
        self.time += seconds
        return ("key", b"1") if is_there else None

    def hset(self, *_args: Any) -> None:
        self.recorded += 1


class App:
    """Sends nothing."""

    def connection_for_write(self) -> Any:
        return threading.Lock()

    def send_task(self, *_args: Any, **options: Any) -> None:
        assert "expires" not in options  # a pause must not make it worthless


def sing(monkeypatch: pytest.MonkeyPatch, folder: Path, looks: list[tuple[float, bool]]) -> bool:
    broker = Broker(looks)
    clock = SimpleNamespace(monotonic=lambda: broker.time, time=lambda: 0.0)
    monkeypatch.setattr(watchdog, "time", clock)
    canary = Canary(App(), "images@host", broker, folder / "images@host")  # type: ignore[arg-type]
    sung = canary.sing(70.0, threading.Event())
    assert broker.recorded == int(sung)
    return sung


def test_a_canary_that_comes_through_is_recorded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert sing(monkeypatch, tmp_path, [(1.0, False), (0.1, True)])
    assert (tmp_path / "images@host").exists()


def test_a_canary_that_stays_away_is_missed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert not sing(monkeypatch, tmp_path, [])


def test_a_machine_that_was_paused_for_an_hour_is_no_dead_pool(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert sing(monkeypatch, tmp_path, [(3600.0, False), (0.1, True)])
