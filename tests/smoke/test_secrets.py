"""Nothing that must stay secret can be read where operators and other users look."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import psutil
from pydantic import SecretStr

from bench.rig.commands import bet_on, place
from bench.rig.fleet import FleetUnderTest
from dbsbm.wire.inbox import MESSAGES, Entry
from dbsbm.wire.seal import Sealer
from tests.servers import wait_until
from tests.smoke.conftest import ADMIN, MEMBER, Flower, Forger


def secrets_of(fleet: FleetUnderTest) -> dict[str, str]:
    keys = fleet.instance.keys
    return {
        "SECRET_KEY": fleet.environment["SECRET_KEY"],
        "FLOWER_PASSWORD": fleet.environment["FLOWER_PASSWORD"],
        "the bot's token": keys.standin_token,
        "the password of broker and cache": keys.valkey_password,
    }


def places(fleet: FleetUnderTest, flower: Flower) -> Iterator[tuple[str, str]]:
    """What others may read: logs, Flower's answers, and command lines."""
    for log in fleet.logs():
        yield log.name, log.read_text(errors="replace")
    yield "Flower", str(flower.tasks()) + flower.workers()
    supervisor = psutil.Process(fleet.supervisor_pid)
    for process in [supervisor, *supervisor.children(recursive=True)]:
        yield f"the command line of {process.pid}", "\0".join(process.cmdline())


def test_no_secret_and_no_interaction_token_is_in_a_log_in_flower_or_in_a_command_line(
    fleet: FleetUnderTest, game: str, forger: Forger, flower: Flower
) -> None:
    answered = place(fleet.discord, game, "nothing to hide", MEMBER).id
    refused = fleet.discord.ask("slip", {"bet": 987654}, MEMBER).id
    warmed = fleet.discord.ask("warm", {"categories": "team_data"}, ADMIN).id
    secrets = secrets_of(fleet) | {
        f"the token of {each}": forger.token(each) for each in (answered, refused, warmed)
    }
    flower.wait_for("tasks.slips.show", "tasks.cache.warm_command", "tasks.discord.deliver")
    assert all(len(secret) >= 12 for secret in secrets.values())

    found = [
        f"{name} is in {place}"
        for place, text in places(fleet, flower)
        for name, secret in secrets.items()
        if secret in text
    ]
    assert found == []


def test_a_command_that_waits_holds_its_token_sealed(
    fleet: FleetUnderTest, game: str, forger: Forger
) -> None:
    with fleet.frozen("front"):
        waiting = fleet.discord.run("bet", bet_on(game, "sealed"), MEMBER)
        message = wait_until(lambda: fleet.broker.hget(MESSAGES, waiting))
        entry = Entry.from_json(int(waiting), message)
        token = forger.token(waiting)
        body = base64.b64decode(json.loads(entry.message)["body"]).decode()
        assert token not in body
        command = json.loads(body)[1]["command"]
        sealer = Sealer(SecretStr(fleet.environment["SECRET_KEY"]))
        assert sealer.open(command["reply_token"]).get_secret_value() == token
    assert fleet.discord.wait(waiting).state == "answered"
