from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Celery
from celery.signals import before_task_publish
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.wire.stamp import stamp, waited
from tasks.stamps import stamp_messages

SECONDS = st.floats(-1e6, 1e6)


@given(sent=st.floats(1e9, 2e9), wait=st.floats(0, 1e5), delay=st.floats(0, 1e4))
def test_a_wait_is_what_passed_beyond_the_delay_that_was_asked_for(
    sent: float, wait: float, delay: float
) -> None:
    found = waited(stamp(sent, delay), sent + delay + wait)
    assert found == pytest.approx(wait, abs=1e-3)


def test_a_message_that_came_early_waited_not_at_all() -> None:
    assert waited(stamp(100.0, delay=30.0), 110.0) == 0.0


@pytest.mark.parametrize("headers", [{}, {"sent_at": None}, {"sent_at": "yesterday"}])
def test_a_message_without_a_stamp_has_no_wait(headers: dict[str, Any]) -> None:
    assert waited(headers, 1.0) is None


@pytest.fixture
def app() -> Iterator[Celery]:
    app = Celery("stamps", broker="memory://", set_as_current=False)
    stamp_messages(lambda: 5000.0)
    yield app
    # It is for all apps of this process: what other tests send would have waited since 1970.
    assert before_task_publish.disconnect(dispatch_uid="dbsbm.stamp")


def headers_of(app: Celery, **options: Any) -> dict[str, Any]:
    with app.connection_for_write() as connection:
        app.send_task("t", connection=connection, queue="stamps", **options)
        message = connection.default_channel.basic_get("stamps", no_ack=True)
    assert message is not None
    return dict(message.headers)


def test_every_message_is_stamped_by_the_broker_s_clock(app: Celery) -> None:
    assert headers_of(app)["sent_at"] == 5000.0


@pytest.mark.parametrize("delay", [30.0, 7200.0])
def test_an_eta_or_countdown_is_no_wait(app: Celery, delay: float) -> None:
    assert headers_of(app, countdown=delay)["sent_at"] == pytest.approx(5000.0 + delay, abs=5)
    eta = datetime.now(UTC) + timedelta(seconds=delay)
    assert headers_of(app, eta=eta)["sent_at"] == pytest.approx(5000.0 + delay, abs=5)


def test_a_retry_is_stamped_anew(app: Celery) -> None:
    # A retry carries its original's headers.
    assert headers_of(app, headers={"sent_at": 17.0})["sent_at"] == 5000.0
