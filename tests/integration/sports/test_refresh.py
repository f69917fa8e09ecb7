from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from dbsbm.bootstrap import Services
from dbsbm.db.models import Game, League
from dbsbm.errors import UserError
from dbsbm.maintenance import warmers
from dbsbm.providers.errors import ProviderError
from dbsbm.sandbox.providers import SandboxControl
from tests.integration.services import Sent, services_on
from tests.integration.sports.sandbox import sandbox
from tests.servers import ValkeyServer

ALWAYS = timedelta(0)


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    with sandbox() as url:
        yield url


@pytest.fixture
def control(sandbox_url: str) -> Iterator[SandboxControl]:
    with SandboxControl(sandbox_url) as control:
        control.clear_faults()
        yield control


@pytest.fixture
def services(
    sandbox_url: str,
    migrated_url: str,
    valkey_broker: ValkeyServer,
    valkey_cache: ValkeyServer,
    tmp_path: Path,
) -> Iterator[Services]:
    with services_on(
        database=migrated_url,
        broker=valkey_broker.url,
        cache=valkey_cache.url,
        data_dir=tmp_path,
        sent=Sent(),
        espn_base_url=f"{sandbox_url}/espn",
        leagues="nba,epl",
    ) as services:
        yield services


def games(services: Services) -> int:
    with services.database.read() as session:
        return session.scalar(select(func.count()).select_from(Game)) or 0


def test_a_refresh_stores_three_days_of_games_and_fills_the_board(services: Services) -> None:
    done = services.refresher.refresh("nba", priority="user")
    assert (done.asked, done.provider) == (3, "espn")
    assert games(services) == done.games > 0
    assert {"scheduled", "live"} <= {game["status"] for game in services.board.games("nba")}


def test_a_second_look_asks_nobody(services: Services) -> None:
    services.refresher.refresh("nba", priority="user")
    assert services.refresher.refresh("nba", priority="user").asked == 0


def test_a_league_that_is_not_followed_is_refused(services: Services) -> None:
    with pytest.raises(UserError, match="nba, epl"):
        services.refresher.refresh("quidditch", priority="user")


def test_a_provider_that_sends_html_leaves_what_is_known(
    services: Services, control: SandboxControl
) -> None:
    services.refresher.refresh("nba", priority="user")
    before = services.board.games("nba")
    control.fault("espn", "html", count=5)
    with pytest.raises(ProviderError):
        services.refresher.refresh("nba", priority="user", max_age=ALWAYS)
    assert services.board.games("nba") == before


def test_what_is_due_is_refreshed_and_a_failing_league_does_not_stop_the_others(
    services: Services, control: SandboxControl
) -> None:
    control.fault("espn", "http_500", count=1)
    assert set(services.refresher.refresh_due()) == {"epl"}


def test_warming_fills_every_category_it_names(services: Services) -> None:
    written = {name: warmer() for name, warmer in warmers.of(services).items()}
    assert (written["game_data"], written["team_data"]) == (2, 2)
    services.refresher.refresh("epl", priority="user")
    with services.database.read() as session:
        assert set(session.scalars(select(League.key))) == {"nba", "epl"}
    assert warmers.of(services)["league_data"]() == 1
