"""One report a day, whatever happens on the way, and pictures for whoever asks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dbsbm.bootstrap import Services
from dbsbm.db.models import Effect
from dbsbm.monitor.counting.series import read_series
from tasks import commands as command_tasks
from tasks import reports
from tests.integration.commands.requests import a_command
from tests.integration.delivery.standin import LONGER_THAN_A_NONCE, TOKEN, ServedDiscord
from tests.integration.monitor.report.hours import fill
from tests.integration.services import Sent, services_on
from tests.servers import ValkeyServer


@pytest.fixture
def place(
    migrated_sqlite_url: str,
    discord: ServedDiscord,
    valkey_broker: ValkeyServer,
    valkey_cache: ValkeyServer,
    tmp_path: Path,
) -> dict[str, Any]:
    return {
        "database": migrated_sqlite_url,
        "broker": valkey_broker.url,
        "cache": valkey_cache.url,
        "data_dir": tmp_path,
        "discord_token": TOKEN,
        "discord_api_url": discord.api_url,
    }


@pytest.fixture
def fleet(
    place: dict[str, Any], discord: ServedDiscord, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    with services_on(**place, sent=Sent(), alert_channel_id=discord.channel_id) as services:
        use(monkeypatch, services)
        yield services


def use(monkeypatch: pytest.MonkeyPatch, services: Services) -> None:
    """Have the tasks run on these services."""
    for module in (reports, command_tasks):
        monkeypatch.setattr(module, "services", lambda: services)
        monkeypatch.setattr(module, "trace", lambda: "the-trace")


def effects(services: Services) -> list[Effect]:
    with services.database.read() as session:
        return list(session.scalars(select(Effect)))


def test_a_day_has_one_report_however_often_it_is_asked_for(
    fleet: Services, discord: ServedDiscord
) -> None:
    fill(fleet.database, datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
    outcomes = [reports.report_of_the_day.run()["outcome"] for _ in range(2)]
    [effect] = effects(fleet)
    posted = [reports.post.run(effect.id) for _ in range(2)]

    assert outcomes == ["promised", "done already"]
    assert posted == ["posted", "done already"]
    [message] = discord.messages()
    [embed] = message.raw["embeds"]
    assert embed["title"].startswith("Daily report, ")
    assert embed["fields"][0]["name"] == "Response times"
    [file] = message.files
    assert (file.content_type, file.width) == ("image/png", 1000)


def test_a_worker_that_died_after_the_post_leaves_one_message(
    fleet: Services,
    discord: ServedDiscord,
    valkey_broker: ValkeyServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reports.report_of_the_day.run()
    [effect] = effects(fleet)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr("dbsbm.delivery.daily_report.outbox.finish", die)
        with pytest.raises(Killed):
            reports.post.run(effect.id)
    assert [each.state for each in effects(fleet)] == ["pending"]
    # The broker lost its memory meanwhile, and Discord has forgotten the nonce.
    broker = valkey_broker.client()
    assert broker.delete(*broker.keys("dbsbm:posted:*")) == 1
    discord.ahead = LONGER_THAN_A_NONCE

    assert reports.post.run(effect.id) == "posted"
    assert len(discord.messages()) == 1
    assert [each.state for each in effects(fleet)] == ["done"]


def test_a_report_that_cannot_be_drawn_is_posted_without_its_picture(
    fleet: Services, discord: ServedDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(*_: object) -> bytes:
        raise ValueError("no such font")

    monkeypatch.setattr("dbsbm.bootstrap.draw_overview", draw)
    fill(fleet.database, datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
    reports.report_of_the_day.run()
    assert reports.post.run(effects(fleet)[0].id) == "posted"
    [message] = discord.messages()
    assert not message.files


def test_without_a_channel_one_line_says_so(
    place: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with services_on(**place, sent=Sent()) as services:
        use(monkeypatch, services)
        with caplog.at_level(logging.INFO, logger="tasks.reports"):
            assert reports.report_of_the_day.run() == {"outcome": "not set"}
        assert effects(services) == []
    said = [record.getMessage() for record in caplog.records if record.name == "tasks.reports"]
    assert said == ["There is no report of the day: ALERT_CHANNEL_ID is not set."]


def test_who_asks_gets_figures_and_a_picture_once(fleet: Services, discord: ServedDiscord) -> None:
    fill(fleet.database, datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
    # Long ago: the answer then goes into the channel, where a stand-in shows it without a member.
    command = a_command(
        "performance",
        options={"range": "24h"},
        channel_id=discord.channel_id,
        created_at="2026-01-01T00:00:00+00:00",
    )
    outcomes = [reports.show_performance.run(command.to_json()) for _ in range(2)]
    [effect] = effects(fleet)

    assert outcomes == ["done", "duplicate"]
    assert effect.task == "tasks.reports.deliver"
    assert [reports.deliver.run(effect.id) for _ in range(2)] == ["channel", "done already"]
    [message] = discord.messages()
    assert message.raw["embeds"][0]["title"] == "Performance, last 24 hours"
    [file] = message.files
    assert (file.filename, file.width) == ("performance.png", 1000)
    measured = {
        read_series(text)[1]
        for by_series in fleet.recorder.collect().minutes.values()
        for text, _ in by_series
    }
    assert "discord.answer" in measured


def test_a_range_that_nobody_offers_is_refused(fleet: Services) -> None:
    command = a_command("performance", options={"range": "5parsecs"})
    assert reports.show_performance.run(command.to_json()) == "refused"
    [effect] = effects(fleet)
    assert effect.payload["content"].startswith("There is no range `5parsecs`; choose one of 1h,")
