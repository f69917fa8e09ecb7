from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

import bot.__main__ as process
from bot.client import Bot
from bot.dispatcher import Dispatcher
from bot.loop_watch import LoopWatch
from bot.measures import Measures, open_measures
from dbsbm.settings import Settings
from dbsbm.wire.seal import Sealer
from tests.servers import wait_until_async
from tests.unit.bot.doubles import FakeFleet, FakeInteraction
from tests.unit.monitor.readings.spy import SpyRecorder

SEALER = Sealer(SecretStr("a secret key of more than 32 characters"))


@pytest.fixture
def recorder() -> SpyRecorder:
    return SpyRecorder()


@pytest.mark.parametrize("age", [timedelta(0), timedelta(seconds=30)])
async def test_an_acknowledgement_is_timed_by_its_command(
    recorder: SpyRecorder, age: timedelta
) -> None:
    dispatcher = Dispatcher(FakeFleet(), SEALER, Measures(recorder).acknowledged)  # type: ignore[arg-type]
    interaction: Any = FakeInteraction(age=age)
    await dispatcher.dispatch(interaction, "tasks.bets.place", {}, ephemeral=False)
    found = recorder.told()
    assert found["discord.ack|command=bet"].count == 1
    assert 0 <= found["discord.ack|command=bet"].total < 60


async def test_an_acknowledgement_that_discord_refuses_is_counted_and_not_timed(
    recorder: SpyRecorder,
) -> None:
    dispatcher = Dispatcher(FakeFleet(), SEALER, Measures(recorder).acknowledged)  # type: ignore[arg-type]
    interaction: Any = FakeInteraction()
    interaction.refuse_ack = True
    await dispatcher.dispatch(interaction, "tasks.bets.place", {}, ephemeral=False)
    assert recorder.totals() == {"discord.ack_failures|command=bet": 1}


async def test_every_beat_of_the_loop_tells_how_late_it_was(recorder: SpyRecorder) -> None:
    watch = LoopWatch(on_lag=Measures(recorder).late)
    watch.start()
    await wait_until_async(lambda: watch._beats >= 2)
    await watch.stop()
    found = recorder.told()["bot.loop_lag|"]
    assert found.count >= 2
    assert found.low >= 0


SET: dict[str, Any] = {
    "_env_file": None,
    "secret_key": "k" * 40,
    "broker_url": "redis://127.0.0.1:1/0",
    "cache_url": "redis://127.0.0.1:1/1",
    "discord_token": "a.b.c",
}


async def test_where_nothing_is_measured_nothing_is_attached(tmp_path: Any) -> None:
    settings = Settings(**(SET | {"enable_performance_monitoring": False, "data_dir": tmp_path}))
    assert open_measures(settings) is None
    dispatcher = Dispatcher(FakeFleet(), SEALER, None)  # type: ignore[arg-type]
    bot = Bot(dispatcher, None, tmp_path, None)  # type: ignore[arg-type]
    assert bot.http.http_trace is None
    assert bot._watch._on_lag is None
    assert dispatcher._on_acknowledged is None


async def test_the_parts_of_the_process_are_put_together_with_its_measures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, recorder: SpyRecorder
) -> None:
    served: list[Bot] = []

    async def serve(bot: Bot, _token: SecretStr) -> None:
        served.append(bot)

    monkeypatch.setattr(process, "_serve", serve)
    monkeypatch.setattr(process, "open_measures", lambda _settings: Measures(recorder))
    settings = Settings(**(SET | {"data_dir": tmp_path}))
    await asyncio.wait_for(process._run(settings, SecretStr("a.b.c")), 30)
    [bot] = served
    assert bot.http.http_trace is not None
    assert bot._watch._on_lag is not None
    assert bot._dispatcher._on_acknowledged is not None
    assert recorder._closed
