"""Whose load a caller may join: only one whose outdating it would have heard of."""

from __future__ import annotations

import pytest

from dbsbm.cache.categories import Category
from dbsbm.cache.engine.core import Core
from dbsbm.cache.keys import Key
from dbsbm.cache.server.channel import BELIEF

KEY = Key(Category.USER_DATA, "u")


class Channel:
    """Watches a server, and was proven at a time of the test's choice."""

    def __init__(self) -> None:
        self.now = 100.0
        self.believed_until = self.now + BELIEF
        self.settled_at = 0.0
        self.is_running = True

    def start(self) -> None:
        """Run already."""


@pytest.fixture
def channel() -> Channel:
    return Channel()


@pytest.fixture
def core(channel: Channel) -> Core:
    return Core(channel=channel, clock=lambda: channel.now)


def test_a_process_that_was_stopped_joins_no_load_from_before(core: Core, channel: Channel) -> None:
    from_before, _ = core.join(KEY, ())
    channel.now += BELIEF + 0.1
    anew, leads = core.join(KEY, ())
    assert leads
    assert anew is not from_before


def test_a_long_load_is_joined_while_changes_of_it_would_be_heard(
    core: Core, channel: Channel
) -> None:
    long_load, _ = core.join(KEY, ())
    channel.now += 10
    channel.believed_until = channel.now + BELIEF
    assert core.join(KEY, ()) == (long_load, False)


def test_a_load_that_has_just_begun_is_joined_before_the_channel_is_proven(
    core: Core, channel: Channel
) -> None:
    channel.believed_until = float("-inf")
    load, _ = core.join(KEY, ())
    channel.now += BELIEF / 2
    assert core.join(KEY, ()) == (load, False)


def test_without_a_channel_no_change_would_be_heard_later_either(
    core: Core, channel: Channel
) -> None:
    channel.is_running = False
    load, _ = core.join(KEY, ())
    channel.now += 10
    assert core.join(KEY, ()) == (load, False)


def test_a_load_past_its_limit_is_taken_for_lost(core: Core, channel: Channel) -> None:
    channel.is_running = False
    lost, _ = core.join(KEY, ())
    channel.now += core.load_limit(KEY)
    assert core.join(KEY, ())[0] is not lost
