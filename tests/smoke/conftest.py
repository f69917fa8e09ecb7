"""One whole fleet for all smoke tests: real processes, started once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bench.rig.commands import first_game
from bench.rig.fleet import FleetUnderTest
from bench.rig.plan import Plan
from dbsbm.sandbox.discord.client import Place
from tests.servers import wait_until

ADMIN = Place(member="maya.okafor")
MEMBER = Place(member="amira.haddad")

# Often enough that every job has run before a test looks for it.
SCHEDULE = {"metric-sample": 3, "cache-cleanup": 3, "games-refresh": 0, "cache-warm": 0}


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetUnderTest]:
    """The fleet, in a folder with a space in its name."""
    plan = Plan(schedule=SCHEDULE, crowd=20, standin="tests.smoke.standin")
    with FleetUnderTest(tmp_path_factory.mktemp("a fleet"), plan) as running:
        yield running


@pytest.fixture(scope="session")
def game(fleet: FleetUnderTest) -> str:
    """A game that takes bets."""
    return first_game(fleet.discord)


class Forger:
    """Does what Discord's own client would not; see `standin`."""

    def __init__(self, fleet: FleetUnderTest, http: httpx.Client) -> None:
        self._fleet = fleet
        self._http = http

    def run(self, command: str, options: dict[str, Any], at: Place) -> str:
        """Send a command whose options and permissions nobody checks; returns its id."""
        body = {**at.fields(), "command": command, "options": options}
        return str(self._post("", body)["id"])

    def send_again(self, interaction: str) -> None:
        """Send an interaction once more, as a gateway that resumes may do."""
        assert self._post(f"/{interaction}/again", {})["sessions"] == 1

    def token(self, interaction: str) -> str:
        """The token of an interaction."""
        answer = self._http.get(f"/forged/interactions/{interaction}")
        return str(answer.raise_for_status().json()["token"])

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._http.post(f"/forged/interactions{path}", json=body)
        return dict(answer.raise_for_status().json())


@pytest.fixture(scope="session")
def forger(fleet: FleetUnderTest) -> Iterator[Forger]:
    """A client that is not Discord's."""
    with httpx.Client(base_url=fleet.instance.standin_url, trust_env=False) as http:
        yield Forger(fleet, http)


class Flower:
    """Flower's API, as an operator asks it."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Every task that Flower knows, by id."""
        answer = self._http.get("/api/tasks", params={"limit": 5000})
        return dict(answer.raise_for_status().json())

    def workers(self) -> str:
        """All that Flower says of the workers."""
        return self._http.get("/api/workers").raise_for_status().text

    def wait_for(self, *names: str) -> None:
        """Wait until tasks of all these names have succeeded."""

        def missing() -> set[str]:
            done = {t["name"] for t in self.tasks().values() if t["state"] == "SUCCESS"}
            return set(names) - done

        wait_until(lambda: not missing(), 30, lambda: f"these succeed in Flower: {missing()}")


@pytest.fixture(scope="session")
def flower(fleet: FleetUnderTest) -> Iterator[Flower]:
    """Flower, with its password."""
    login = (fleet.instance.flower_user, fleet.environment["FLOWER_PASSWORD"])
    with httpx.Client(base_url=fleet.instance.flower_url, auth=login, trust_env=False) as http:
        yield Flower(http)
