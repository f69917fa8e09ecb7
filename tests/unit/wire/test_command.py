"""The one shape of a command between bot and workers."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given

from dbsbm.wire.command import Command, MalformedCommand
from tests.unit.wire.commands import COMMANDS, command


@given(given_command=COMMANDS)
def test_a_command_survives_the_wire(given_command: Command) -> None:
    wire = json.dumps(given_command.to_json())

    assert Command.from_json(json.loads(wire)) == given_command


@pytest.mark.parametrize("field", command().to_json())
def test_a_command_without_a_field_is_malformed(field: str) -> None:
    data = command().to_json()
    del data[field]

    with pytest.raises(MalformedCommand, match=field):
        Command.from_json(data)


def test_a_command_of_a_newer_version_is_malformed_and_its_values_stay_private() -> None:
    data = command(reply_token="the-token").to_json() | {"future": "the-future"}

    with pytest.raises(MalformedCommand, match="future") as caught:
        Command.from_json(data)
    assert "the-token" not in str(caught.value)
    assert "the-future" not in str(caught.value)


def test_the_repr_leaves_the_token_and_what_the_member_typed_out() -> None:
    shown = repr(command(reply_token="the-token", options={"note": "my-note"}))

    assert "the-token" not in shown
    assert "my-note" not in shown
    assert "bet 1300000000000000001" in shown
    assert str(command()) == repr(command())


@pytest.mark.parametrize(
    "created_at", ["2026-11-22T20:00:00+00:00", "2026-11-22T15:00:00-05:00", "2026-11-22T20:00:00Z"]
)
def test_the_moment_of_a_command_is_an_aware_time_in_utc(created_at: str) -> None:
    created = command(created_at=created_at).created

    assert created == datetime(2026, 11, 22, 20, tzinfo=UTC)
    assert created.tzinfo is UTC
