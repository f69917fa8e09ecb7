from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.monitor.counting.recorder import NullRecorder
from dbsbm.monitor.readings.discord_calls import DiscordCall, discord_observer, discord_route
from tests.unit.monitor.readings.spy import SpyRecorder

TOKEN = "aW50ZXJhY3Rpb24hello.a-Token_in.the-clear123"


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/channels/123/messages", "/channels/{id}/messages"),
        ("/api/v10/channels/123/messages/9", "/channels/{id}/messages/{id}"),
        (f"/webhooks/11/{TOKEN}/messages/@original", "/webhooks/{id}/{token}/messages/@original"),
        (f"/interactions/1/{TOKEN}/callback", "/interactions/{id}/{token}/callback"),
        ("/users/@me?with=1", "/users/@me"),
        ("/applications/7/commands", "/applications/{id}/commands"),
        ("/channels/1/messages/2/reactions/%F0%9F%91%8D/@me", None),
    ],
)
def test_a_route_has_neither_ids_nor_tokens(path: str, route: str | None) -> None:
    expected = route or "/channels/{id}/messages/{id}/reactions/{…}/@me"
    assert discord_route("patch", path) == f"PATCH {expected}"


@given(st.text(alphabet=st.characters(exclude_characters="/?#%"), min_size=1).filter(str.strip))
def test_no_token_gets_into_a_route_whatever_it_looks_like(token: str) -> None:
    route = discord_route("POST", f"/webhooks/11/{token}/messages/@original")
    assert route == "POST /webhooks/{id}/{token}/messages/@original"


def test_only_what_counts_for_a_ban_is_counted_for_it() -> None:
    recorder = SpyRecorder()
    observe = discord_observer(recorder)
    assert observe is not None
    for status, shared in ((200, False), (404, False), (403, False), (429, True), (429, False)):
        observe(DiscordCall("GET /users/@me", status, 0.5, shared))
    observe(DiscordCall("GET /users/@me", None, 3.0))
    totals = recorder.totals()
    assert totals["discord.invalid|status=403"] == 1
    assert totals["discord.invalid|status=429"] == 1
    assert totals["discord.rest|outcome=429,route=GET /users/@me"] == 1.0
    assert totals["discord.rest|outcome=no_answer,route=GET /users/@me"] == 3.0


def test_nothing_observes_where_nothing_is_measured() -> None:
    assert discord_observer(NullRecorder()) is None
