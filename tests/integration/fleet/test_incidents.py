"""An incident comes from what was measured to Discord through real workers, as one message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from dbsbm.db.models import Effect, Incident, MetricPoint
from dbsbm.delivery.incidents.message import GREEN, RED
from tests.integration.dashboard.past import Past
from tests.integration.delivery.standin import TOKEN, ServedDiscord
from tests.integration.fleet.conftest import Fleet
from tests.servers import ChildProcess

EVALUATE, TELL = "tasks.monitor.alerts", "tasks.discord.incident"
RULES = """
[rules.broken-things]
form = "count"
severity = "page"
metric = "things.broken"
statistic = "total"
above = 3
resolve = 0
window = "1h"
keep_firing = "0s"
effect = "Things are broken."
"""


@pytest.fixture
def alert_channel() -> Iterator[ServedDiscord]:
    with ServedDiscord().listening() as served:
        yield served


@pytest.fixture
def watched(fleet: Fleet, alert_channel: ServedDiscord, tmp_path: Path) -> Fleet:
    """A fleet whose incidents are told in the channel."""
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    fleet.env |= {
        "ALERT_CHANNEL_ID": str(alert_channel.channel_id),
        "ALERT_RULES": str(rules),
        "DISCORD_API_URL": alert_channel.api_url,
        "DISCORD_TOKEN": TOKEN,
    }
    return fleet


def test_an_incident_is_one_message_from_the_rule_that_fires_until_it_is_over(
    watched: Fleet, alert_channel: ServedDiscord
) -> None:
    watched.worker(profile="maintenance")
    past = Past(watched.database)
    past.add(datetime.now(UTC) - timedelta(minutes=5), "things.broken", 4)
    past.store()
    watched.send(EVALUATE)
    watched.wait_for(lambda: watched.client.llen("deliver"))
    # What was sent after the commit gets lost: the relay finds the promise.
    watched.client.delete("deliver")
    watched.make_due()
    watched.worker(profile="interactive")
    watched.send("tasks.outbox.relay")
    watched.wait_for(lambda: watched.client.llen("deliver"))
    assert alert_channel.messages() == []

    # Other copies are there too, and the worker has two children that take them at once.
    (effect,) = watched.rows(Effect)
    sent = [watched.send(TELL, effect_id=effect.id) for _ in range(3)]
    teller = watched.worker(profile="deliver")
    watched.wait_for(lambda: _done(teller, sent))
    watched.wait_for(lambda: [each.state for each in watched.rows(Effect)] == ["done"])
    (posted,) = alert_channel.messages()
    assert (posted.embeds[0]["title"], posted.embeds[0]["color"]) == ("Things are broken.", RED)

    watched.database.transact(lambda session: session.execute(delete(MetricPoint)))
    watched.send(EVALUATE)
    watched.wait_for(lambda: [each.state for each in watched.rows(Effect)] == ["done", "done"])
    (edited,) = alert_channel.messages()
    assert (edited.id, edited.embeds[0]["color"]) == (posted.id, GREEN)
    (incident,) = watched.rows(Incident)
    assert (incident.state, incident.message_id) == ("resolved", int(posted.id))

    asked = alert_channel.counts()
    again = [watched.send(TELL, effect_id=each.id) for each in watched.rows(Effect)]
    watched.wait_for(lambda: _done(teller, again))
    assert alert_channel.counts() == asked
    assert alert_channel.messages() == [edited]


def _done(worker: ChildProcess, tasks: list[str]) -> bool:
    log = worker.log()
    return all(f"[{task}] succeeded" in log for task in tasks)
