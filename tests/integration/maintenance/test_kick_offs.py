from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dbsbm.bootstrap import Services
from dbsbm.cache.marks import READ, UNREAD
from dbsbm.cache.operating.hotlog import SLOT_SECONDS
from dbsbm.commands import warm
from dbsbm.db.models import CacheHotLog, Game
from dbsbm.maintenance import kick_offs, warmers
from dbsbm.maintenance.game_reads import Reading, observe
from tests.integration.db.rows import a_game
from tests.integration.services import Sent, services_on
from tests.servers import ValkeyServer

KIND = next(iter(kick_offs.KINDS))
WEEK = timedelta(days=7)


@pytest.fixture
def services(
    migrated_url: str, valkey_broker: ValkeyServer, valkey_cache: ValkeyServer, tmp_path: Path
) -> Iterator[Services]:
    places = {"database": migrated_url, "broker": valkey_broker.url, "cache": valkey_cache.url}
    with services_on(**places, data_dir=tmp_path, sent=Sent()) as services:
        yield services


def wire(services: Services, game: int) -> str:
    _ = services.gallery
    with services.database.read() as session:
        return services.query_cache.functions[KIND].key(session, game).wire


def played(services: Services, *, coming: bool = True) -> int:
    """Games of last week that many read about, and one that starts now; returns its id."""
    now = datetime.now(UTC)
    game_id = 0

    def store(session: Session) -> list[int]:
        past = [
            a_game(session, number=number, starts_at=now - WEEK + timedelta(minutes=number)).id
            for number in range(1, 6)
        ]
        if coming:
            past.append(a_game(session, number=9, starts_at=now + timedelta(minutes=10)).id)
        return past

    *past, game_id = services.database.transact(store)
    since = (now - WEEK).timestamp()
    entries = [[KIND, game, since - 1200 + SLOT_SECONDS * n, 20.0] for game in past for n in (0, 1)]
    row = CacheHotLog(id=2, taken_at=now, entries=entries)
    services.database.transact(lambda session: session.merge(row) and None)
    return game_id


def counted(services: Services, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    counts: dict[str, float] = {}

    def add(name: str, value: float = 1, **_labels: Any) -> None:
        counts[name] = counts.get(name, 0) + value

    monkeypatch.setattr(services.recorder, "add", add)
    return counts


def test_what_will_be_read_of_a_game_is_there_before_it_starts_and_its_reader_is_noticed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    game, counts = played(services), counted(services, monkeypatch)
    assert warm.warm(["kick_offs"], warmers.of(services)) == {"kick_offs": 1}
    client, key = services.cache_client, wire(services, game)
    assert client.getrange(key, 0, 0) == UNREAD
    assert kick_offs.warm(services) == 0
    loads = services.cache.stats.snapshot()[kick_offs.KINDS[KIND]].loads
    with services.database.read() as session:
        services.query_cache.functions[KIND](session, game)
    assert services.cache.stats.snapshot()[kick_offs.KINDS[KIND]].loads == loads
    assert client.getrange(key, 0, 0) == READ
    kick_offs.warm(services)
    assert counts == {"cache.warmed": 1}
    with services.database.read() as session:
        assert session.get_one(CacheHotLog, 3).entries == []


def test_what_nobody_came_to_read_is_counted(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    game, counts = played(services), counted(services, monkeypatch)
    kick_offs.warm(services)
    services.database.transact(lambda session: session.delete(session.get_one(Game, game)))
    services.cache_client.unlink(wire(services, game))
    kick_offs.warm(services)
    kick_offs.warm(services)
    assert counts == {"cache.warmed": 1, "cache.warmed_unread": 1}


def test_without_a_past_nothing_is_loaded(services: Services) -> None:
    services.database.transact(
        lambda session: a_game(session, starts_at=datetime.now(UTC) + timedelta(minutes=10)).id
    )
    assert kick_offs.warm(services) == 0


def test_reads_around_a_start_are_remembered_once_and_others_are_not(services: Services) -> None:
    now = datetime.now(UTC)
    near, far = services.database.transact(
        lambda session: (
            a_game(session, number=1, starts_at=now).id,
            a_game(session, number=2, starts_at=now + timedelta(hours=5)).id,
        )
    )
    slot = int(services.cache_client.time()[0]) // SLOT_SECONDS - 1
    reads: dict[Any, float] = {wire(services, near): 12, wire(services, far): 7, "other": 90}
    services.cache_client.zadd(f"dbsbm:hot:{slot}", reads)
    expected = [Reading(KIND, near, slot * SLOT_SECONDS, 12.0)]
    for _ in range(2):
        assert observe(services, kick_offs.KINDS)[0] == expected


def test_a_cache_that_is_away_is_left_alone(
    services: Services, fresh_valkey_cache: ValkeyServer
) -> None:
    services.cache_client.connection_pool.connection_kwargs["port"] = fresh_valkey_cache.port
    fresh_valkey_cache.kill()
    assert kick_offs.warm(services) == 0
