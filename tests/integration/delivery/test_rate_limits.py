from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from dbsbm.delivery.rest import LONGEST_PAUSE, DiscordRest
from dbsbm.errors import TransientError
from tests.integration.delivery.discord_script import Script, serve

OK = (200, {"id": "77"})


@pytest.fixture
def discord() -> Iterator[Script]:
    with serve(Script([OK])) as script:
        yield script


@pytest.fixture
def rest(discord: Script) -> Iterator[DiscordRest]:
    rest = DiscordRest(discord.url, SecretStr("bot-token"))
    yield rest
    rest.close()


def post(rest: DiscordRest, channel: int = 3) -> int:
    return rest.post_message(channel, {"content": "hi"}, None, nonce="n")


def edit(rest: DiscordRest) -> int:
    return rest.edit_reply(5, SecretStr("token"), {"content": "hi"}, None)


def test_a_global_limit_holds_every_route(rest: DiscordRest, discord: Script) -> None:
    discord.answers[:] = [(429, {"retry_after": 60, "global": True}), OK]
    with pytest.raises(TransientError) as caught:
        post(rest)
    assert caught.value.retry_after == pytest.approx(60, abs=5)
    with pytest.raises(TransientError):
        post(rest, channel=4)
    with pytest.raises(TransientError):
        edit(rest)
    assert len(discord.requests) == 1


def test_a_limit_of_one_route_holds_that_one_alone(rest: DiscordRest, discord: Script) -> None:
    discord.answers[:] = [(429, {"retry_after": 60, "global": False}), OK]
    with pytest.raises(TransientError):
        post(rest)
    assert post(rest, channel=4) == edit(rest) == 77


def test_the_gate_before_discord_says_how_long_in_a_header(
    rest: DiscordRest, discord: Script
) -> None:
    discord.headers["Retry-After"] = "900"
    discord.answers[:] = [(429, {}), OK]
    with pytest.raises(TransientError) as caught:
        post(rest)
    assert caught.value.retry_after == pytest.approx(900, abs=5)
    with pytest.raises(TransientError):
        post(rest, channel=4)
    assert len(discord.requests) == 1


@pytest.mark.parametrize("pause", [1e15, "Infinity"])
def test_a_pause_beyond_all_reason_is_an_hour(
    rest: DiscordRest, discord: Script, pause: object
) -> None:
    discord.answers[:] = [(429, {"retry_after": pause, "global": False}), OK]
    with pytest.raises(TransientError) as caught:
        post(rest)
    assert caught.value.retry_after == pytest.approx(LONGEST_PAUSE, abs=5)


@pytest.mark.parametrize("pause", [-5, None, "soon", "NaN"])
def test_a_pause_that_cannot_be_read_is_a_moment(
    rest: DiscordRest, discord: Script, pause: object
) -> None:
    discord.answers[:] = [(429, {"retry_after": pause, "global": False}), OK]
    assert post(rest) == 77


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": "x"}, ["id"]])
def test_an_answer_that_is_no_message_is_asked_again_later(
    rest: DiscordRest, discord: Script, body: Any
) -> None:
    discord.answers[:] = [(200, body)]
    with pytest.raises(TransientError, match="no message"):
        post(rest)
