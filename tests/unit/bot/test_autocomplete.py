from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import autocomplete as module
from bot.autocomplete import KEPT_SECONDS, WARM_EVERY_SECONDS, Autocomplete
from dbsbm.cache import Category, Key
from tests.unit.bot.doubles import FakeCache

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
LEAGUES = Key.of(Category.LEAGUE_DATA, "leagues")


def games_key(league: str) -> Key:
    return Key.of(Category.GAME_DATA, "games", league)


def game(number: int, hours: float, status: str = "scheduled", **more: Any) -> dict[str, Any]:
    start = NOW + timedelta(hours=hours)
    entry = {"id": number, "home": "Chiefs", "away": "Bills", "starts_at": start}
    return entry | {"status": status} | more


class Bench:
    """Autocomplete on a cache, with hands on the clock."""

    def __init__(self, cache: FakeCache) -> None:
        self.cache = cache
        self.seconds = 0.0
        self.now = NOW
        self.warmed: list[Category] = []
        self.autocomplete = Autocomplete(
            cache,  # type: ignore[arg-type]
            self.warmed.append,
            clock=lambda: self.seconds,
            now=lambda: self.now,
        )

    async def games(self, typed: str = "", league: str | None = None) -> list[str]:
        return [choice.value for choice in await self.autocomplete.games(typed, league)]

    async def leagues(self, typed: str = "") -> list[str]:
        return [choice.value for choice in await self.autocomplete.leagues(typed)]


@pytest.fixture
def bench() -> Bench:
    nfl = {"key": "nfl", "name": "NFL", "sport": "football"}
    epl = {"key": "epl", "name": "Premier League", "sport": "soccer"}
    values = {
        LEAGUES: [nfl, epl],
        games_key("nfl"): [game(1, 30), game(2, 5), game(3, -1), game(4, 6, "postponed")],
        games_key("epl"): [game(5, 7, home="Málaga", away="Almería"), game(6, 1, "live")],
    }
    return Bench(FakeCache(values))


async def test_games_of_all_leagues_come_by_their_start(bench: Bench) -> None:
    assert await bench.games() == ["2", "5", "1"]


async def test_what_has_started_or_will_not_be_played_is_not_offered(bench: Bench) -> None:
    assert not {"3", "4", "6"} & set(await bench.games())


async def test_a_game_disappears_at_its_start_even_from_a_kept_list(bench: Bench) -> None:
    await bench.games()
    bench.now = NOW + timedelta(hours=5)
    assert await bench.games() == ["5", "1"]


async def test_a_chosen_league_narrows_the_games(bench: Bench) -> None:
    assert await bench.games(league="epl") == ["5"]


async def test_a_league_typed_but_not_chosen_narrows_by_its_words(bench: Bench) -> None:
    assert await bench.games(league="premier") == ["5"]


async def test_words_are_matched_without_accents(bench: Bench) -> None:
    assert await bench.games("malaga") == ["5"]


async def test_leagues_come_by_name(bench: Bench) -> None:
    assert await bench.leagues() == ["nfl", "epl"]
    assert await bench.leagues("socc") == ["epl"]


async def test_a_list_is_kept_over_key_presses_and_read_again_after_a_while(bench: Bench) -> None:
    for typed in ("", "b", "bi", "bil"):
        await bench.games(typed)
    assert len(bench.cache.reads) == 3
    bench.seconds += KEPT_SECONDS
    await bench.games()
    assert len(bench.cache.reads) == 6


async def test_members_who_type_at_once_share_one_read(bench: Bench) -> None:
    await asyncio.gather(*(bench.games() for _ in range(20)))
    assert len(bench.cache.reads) == 3


async def test_a_miss_offers_nothing_and_asks_for_warmth_once_in_a_while() -> None:
    bench = Bench(FakeCache())
    for _ in range(5):
        assert await bench.leagues() == []
    assert bench.warmed == [Category.LEAGUE_DATA]
    bench.seconds += WARM_EVERY_SECONDS
    await bench.leagues()
    assert bench.warmed == [Category.LEAGUE_DATA] * 2


async def test_one_league_that_is_not_cached_does_not_hide_the_others(bench: Bench) -> None:
    del bench.cache.values[games_key("nfl")]
    assert await bench.games() == ["5"]
    assert bench.warmed == [Category.GAME_DATA]


async def test_what_was_missing_is_offered_as_soon_as_it_is_there() -> None:
    bench = Bench(FakeCache())
    assert await bench.leagues() == []
    bench.cache.values[LEAGUES] = [{"key": "nfl", "name": "NFL", "sport": "football"}]
    assert await bench.leagues() == ["nfl"]


async def test_a_cache_that_hangs_offers_nothing_in_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.01)
    bench.cache.hangs = True
    assert await bench.games() == []
    bench.cache.hangs = False
    assert await bench.games() == ["2", "5", "1"]


async def test_a_malformed_entry_is_logged_and_offers_nothing(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.cache.values[games_key("nfl")] = [{"id": 1}]
    with caplog.at_level(logging.WARNING):
        assert await bench.games() == []
    assert [record.action for record in caplog.records] == ["bot.autocomplete"]
