from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dbsbm.providers.apisports.seasons import current_season, league_id

TODAY = date(2026, 11, 20)


def years(*starts: tuple[int, str], current: int | None = None) -> dict[str, Any]:
    """Seasons in the layout of football's API."""
    return {
        "league": {"id": 39},
        "seasons": [
            {"year": year, "start": start, **({"current": year == current} if current else {})}
            for year, start in starts
        ],
    }


def test_the_flagged_season_counts() -> None:
    item = years((2025, "2025-08-15"), (2026, "2026-08-14"), current=2026)

    assert current_season(item, TODAY) == "2026"


def test_without_a_flag_the_latest_begun_season_counts() -> None:
    seasons = [
        {"season": "2025-2026", "start": "2025-10-02"},
        {"season": "2026-2027", "start": "2026-10-01"},
        {"season": "2027-2028", "start": "2027-10-01"},
    ]

    assert current_season({"id": 12, "seasons": seasons}, TODAY) == "2026-2027"


def test_a_season_about_to_begin_counts_already() -> None:
    item = years((2026, "2026-02-20"), (2027, "2026-12-20"))

    assert current_season(item, TODAY) == "2027"


def test_a_league_with_future_seasons_only_has_the_next_one() -> None:
    assert current_season(years((2028, "2028-02-20")), TODAY) == "2028"


@pytest.mark.parametrize(
    "seasons", [None, [], [{}], [{"start": "2026-01-01"}], [None], {"season": 2026}]
)
def test_a_league_without_seasons_has_none(seasons: Any) -> None:
    assert current_season({"id": 1, "seasons": seasons}, TODAY) is None


def test_a_season_without_dates_still_has_its_label() -> None:
    assert current_season({"id": 1, "seasons": [{"season": 2026, "start": None}]}, TODAY) == "2026"


def test_a_league_is_known_in_both_layouts() -> None:
    assert league_id({"league": {"id": 39}}) == "39"
    assert league_id({"id": 12, "seasons": []}) == "12"
    assert league_id({}) is None
