from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from dbsbm.optimizer.unattended.auto import Round
from tasks import optimizer


@pytest.mark.parametrize(
    ("mode", "rounds"),
    [
        ("off", []),
        ("advise", [{"dry": True, "hurried": True}]),
        ("apply", [{"dry": False, "hurried": True}]),
    ],
)
def test_a_round_of_a_task_does_what_is_allowed_and_fits_into_the_tasks_time(
    monkeypatch: pytest.MonkeyPatch, mode: str, rounds: list[dict[str, bool]]
) -> None:
    done: list[dict[str, bool]] = []

    def work(_database: Any, _address: Any, **how: bool) -> Round:
        done.append(how)
        return Round()

    settings = SimpleNamespace(optimizer_auto=mode, database=SecretStr("mysql://x/y"))
    fleet = SimpleNamespace(
        settings=settings, database=SimpleNamespace(dialect="mysql"), cache_client=None
    )
    monkeypatch.setattr(optimizer, "services", lambda: fleet)
    monkeypatch.setattr(optimizer, "set_lifetimes", lambda *_, **__: [])
    monkeypatch.setattr(optimizer, "work", work)
    assert optimizer.auto()["mode"] == mode
    assert done == rounds
