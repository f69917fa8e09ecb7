"""What members read comes from the cache, and never from before the last commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from dbsbm.bootstrap import Services
from dbsbm.cache import Category
from dbsbm.commands.grade import grade_due
from dbsbm.commands.period import Period
from dbsbm.db.models import Bet, Game, Guild, Member, Team
from dbsbm.errors import PermanentError
from tests.integration.db.rows import a_bet, a_game
from tests.integration.services import Sent, services_on
from tests.servers import ValkeyServer

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
FINAL = {"status": "final", "home_score": 3, "away_score": 1, "result_version": 1}
_interactions = count(7000)


@pytest.fixture
def workers(
    migrated_url: str, valkey_broker: ValkeyServer, valkey_cache: ValkeyServer, tmp_path: Path
) -> Iterator[tuple[Services, Services]]:
    """The services of two workers on the same database and cache."""
    places = {"database": migrated_url, "broker": valkey_broker.url, "cache": valkey_cache.url}
    with (
        services_on(**places, data_dir=tmp_path, sent=Sent()) as first,
        services_on(**places, data_dir=tmp_path, sent=Sent()) as second,
    ):
        yield first, second


def an_open_bet(services: Services, guild: int = 1, user: int = 1) -> int:
    def place(session: Session) -> int:
        if session.get(Member, (guild, user)) is None:
            bet = a_bet(session, game=a_game(session, number=next(_interactions)), user_id=user)
            session.add(
                Member(
                    guild_id=guild, user_id=user, display_name="A", created_at=NOW, updated_at=NOW
                )
            )
            bet.interaction_id = next(_interactions)
            return bet.id
        game = a_game(session, number=next(_interactions))
        return a_bet(session, game=game, user_id=user, interaction_id=next(_interactions)).id

    return services.database.transact(place)


def end_games(services: Services) -> None:
    services.database.transact(lambda session: session.execute(update(Game).values(**FINAL)))


@contextmanager
def statements(services: Services) -> Iterator[list[str]]:
    """The statements that the services send to the database meanwhile."""
    sent: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(services.database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(services.database.engine, "before_cursor_execute", note)


def test_a_settled_bet_is_in_the_record_and_the_ranking_of_every_process_at_once(
    workers: tuple[Services, Services],
) -> None:
    writer, reader = workers
    an_open_bet(writer)
    assert reader.standings.ranking(1, None) == []
    assert str(reader.standings.record(1, 1, Period.ALL)) == "0-0-0"
    assert reader.standings.at_stake(1, 1).bets == 1
    end_games(writer)
    grade_due(writer.database)
    assert str(reader.standings.record(1, 1, Period.ALL)) == "1-0-0"
    assert [row.profit for row in reader.standings.ranking(1, None)] == [Decimal("1.5")]
    assert reader.standings.at_stake(1, 1).bets == 0


def test_what_was_read_before_is_read_again_without_the_database(
    workers: tuple[Services, Services],
) -> None:
    first, second = workers
    an_open_bet(first)
    # The first call of a function learns what results are made of, the second is kept.
    for _ in range(2):
        first.standings.ranking(1, None)
        first.standings.record(1, 1, Period.ALL)
    with statements(second) as sent:
        assert second.standings.ranking(1, None) == first.standings.ranking(1, None)
        assert second.standings.record(1, 1, Period.ALL) == first.standings.record(1, 1, Period.ALL)
    assert sent == []


def test_a_bet_of_one_member_leaves_the_records_of_the_others(
    workers: tuple[Services, Services],
) -> None:
    services, _ = workers
    an_open_bet(services, user=1)
    an_open_bet(services, user=2)
    for user in (1, 2, 1, 2):
        services.standings.at_stake(1, user)
    an_open_bet(services, user=1)
    with statements(services) as sent:
        assert services.standings.at_stake(1, 2).bets == 1
    assert sent == []
    assert services.standings.at_stake(1, 1).bets == 2


def test_a_bet_that_is_placed_leaves_the_records_of_what_is_settled(
    workers: tuple[Services, Services],
) -> None:
    services, _ = workers
    an_open_bet(services)
    end_games(services)
    grade_due(services.database)
    for _ in range(2):
        services.standings.record(1, 1, Period.ALL)
        services.standings.ranking(1, None)
    an_open_bet(services)
    with statements(services) as sent:
        for period in Period:
            assert str(services.standings.record(1, 1, period)) == "1-0-0"
        assert services.standings.ranking(1, None)[0].wins == 1
    assert sent == []
    end_games(services)
    grade_due(services.database)
    assert str(services.standings.record(1, 1, Period.MONTH)) == "2-0-0"
    assert services.standings.ranking(1, None)[0].wins == 2


def test_a_slip_is_drawn_again_from_the_cache_and_anew_when_what_it_says_has_changed(
    workers: tuple[Services, Services],
) -> None:
    writer, reader = workers
    bet_id = an_open_bet(writer)
    other = an_open_bet(writer)
    first = reader.gallery.image(bet_id)
    reader.gallery.image(other)
    reader.gallery.image(bet_id)
    with statements(reader) as sent:
        assert reader.gallery.image(bet_id) == first
    assert sent == []
    end_games(writer)
    grade_due(writer.database)
    settled = reader.gallery.image(bet_id)
    assert settled != first
    writer.database.transact(lambda session: session.execute(update(Team).values(name="Renamed")))
    renamed = reader.gallery.image(bet_id)
    assert renamed not in {first, settled}
    writer.database.transact(
        lambda session: session.execute(update(Guild).values(odds_format="decimal"))
    )
    assert reader.gallery.image(bet_id) not in {first, settled, renamed}


def test_there_is_no_slip_of_no_bet_until_there_is_one(
    workers: tuple[Services, Services],
) -> None:
    writer, reader = workers
    bet_id = an_open_bet(writer)
    for _ in range(3):
        with pytest.raises(PermanentError, match=f"There is no bet {bet_id + 1} to draw"):
            reader.gallery.image(bet_id + 1)
    assert an_open_bet(writer) == bet_id + 1
    assert reader.gallery.image(bet_id + 1)


def test_a_board_shows_a_score_as_soon_as_it_is_stored(
    workers: tuple[Services, Services],
) -> None:
    writer, reader = workers
    writer.database.transact(a_game)
    assert reader.board.games("nfl")[0]["home_score"] is None
    end_games(writer)
    assert reader.board.games("nfl")[0]["home_score"] == 3
    writer.database.transact(lambda session: session.execute(update(Bet).values(note="x")))
    with statements(reader) as sent:
        assert reader.board.games("nfl")[0]["home_score"] == 3
    assert sent == []


def test_hits_of_standings_are_counted_under_their_category(
    workers: tuple[Services, Services],
) -> None:
    services, _ = workers
    an_open_bet(services)
    for _ in range(4):
        services.standings.ranking(1, None)
    counted = services.cache.stats.snapshot()[Category.GUILD_DATA]
    assert counted.hits >= 2
    assert counted.misses >= 1
