"""Answers in the layouts of API-Sports, written for these tests; teams and books are invented."""

from __future__ import annotations

from typing import Any

HOME, AWAY = {"id": 11, "name": "Wexley Meteors"}, {"id": 12, "name": "Étoile de Brévent"}
TEAMS = {"home": HOME, "away": AWAY}
START = 1_795_199_400
"""2026-11-20 18:30 UTC."""


def fixture(
    short: str = "NS",
    *,
    elapsed: int | None = None,
    goals: tuple[int | None, int | None] = (None, None),
    fulltime: tuple[int | None, int | None] = (None, None),
) -> dict[str, Any]:
    """A soccer game."""
    return {
        "fixture": {
            "id": 1074402,
            "timezone": "Europe/London",
            "date": "2026-11-20T18:30:00+00:00",
            "timestamp": START,
            "status": {"long": "Long name", "short": short, "elapsed": elapsed},
        },
        "league": {"id": 39, "season": 2026},
        "teams": TEAMS,
        "goals": {"home": goals[0], "away": goals[1]},
        "score": {"fulltime": {"home": fulltime[0], "away": fulltime[1]}},
    }


def flat(short: str, scores: dict[str, Any], *, long: str = "", timer: str | None = None) -> Any:
    """A game of basketball, baseball or hockey."""
    return {
        "id": 1911,
        "date": "2026-11-20T18:30:00+00:00",
        "timestamp": START,
        "status": {"long": long, "short": short, "timer": timer},
        "league": {"id": 12, "season": "2026-2027"},
        "teams": TEAMS,
        "scores": scores,
    }


def quarters(total: int | None) -> dict[str, Any]:
    """One side's basketball score."""
    return {"quarter_1": 20, "over_time": None, "total": total}


def nested(short: str, long: str, home: int | None, away: int | None) -> dict[str, Any]:
    """A game of American football."""
    return {
        "game": {
            "id": 13457,
            "date": {
                "timezone": "America/New_York",
                "date": "2026-11-20",
                "time": "13:30",
                "timestamp": START,
            },
            "status": {"short": short, "long": long, "timer": None},
        },
        "league": {"id": 1, "season": "2026"},
        "teams": TEAMS,
        "scores": {"home": {"total": home, "overtime": None}, "away": {"total": away}},
    }


def innings(total: int | None, played: int) -> dict[str, Any]:
    """One side's baseball score after so many innings."""
    runs = {str(n): 0 if n <= played else None for n in range(1, 10)}
    return {"hits": 3, "errors": 0, "innings": {**runs, "extra": None}, "total": total}


def odds(
    game_field: str, game_id: int, bets: dict[str, list[tuple[Any, str]]], book: str = "Northline"
) -> dict[str, Any]:
    """One item of an odds answer."""
    return {
        game_field: {"id": game_id},
        "bookmakers": [
            {
                "id": 1,
                "name": book,
                "bets": [
                    {
                        "id": number,
                        "name": name,
                        "values": [{"value": value, "odd": odd} for value, odd in values],
                    }
                    for number, (name, values) in enumerate(bets.items())
                ],
            }
        ],
    }
