from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dbsbm.db.engine import Database
from dbsbm.errors import TransientError
from tasks import slips
from tests.integration.delivery.test_deliver import promise


def render(
    monkeypatch: pytest.MonkeyPatch, database: Database, image: Any
) -> list[tuple[str, dict[str, Any], str]]:
    sent: list[tuple[str, dict[str, Any], str]] = []
    fake = SimpleNamespace(
        database=database,
        gallery=SimpleNamespace(image=image),
        send=lambda *message: sent.append(message),
    )
    monkeypatch.setattr(slips, "services", lambda: fake)
    monkeypatch.setattr(slips, "trace", lambda: "trace")
    effect_id = promise(database, bet_id=3)
    try:
        slips.render.run(effect_id)
    finally:
        assert all(message[1] == {"effect_id": effect_id} for message in sent)
    return sent


def fail(error: Exception) -> Any:
    def image(_bet_id: int) -> bytes:
        raise error

    return image


def test_a_slip_that_cannot_be_drawn_is_still_answered(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    sent = render(monkeypatch, database, fail(ValueError("no such word")))
    assert [message[0] for message in sent] == ["tasks.discord.deliver"]


def test_a_slip_that_cannot_be_drawn_now_is_drawn_later(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    with pytest.raises(TransientError):
        render(monkeypatch, database, fail(TransientError("the database is away")))
