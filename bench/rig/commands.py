"""What members type: the commands that benchmarks and smoke tests send."""

from __future__ import annotations

from typing import Any

from dbsbm.sandbox.discord.client import Place, StandinClient
from dbsbm.sandbox.discord.client_views import InteractionState, SentFile
from tests.servers import wait_until

LEAGUE = "nfl"
UNKNOWN_BET = {"bet": 2**40}
"""Options of a `/slip` that goes all the way to a worker and back, and draws nothing."""


def bet_on(game: str, note: str) -> dict[str, Any]:
    """Options of a `/bet` on the home team."""
    return {
        "game": game,
        "market": "moneyline",
        "side": "home",
        "odds": "-110",
        "units": 1,
        "note": note,
    }


def first_game(discord: StandinClient) -> str:
    """Have the fleet fetch its games, and return one that `/bet` offers.

    Raises:
        AssertionError: None was offered in time.
    """
    answer = discord.ask("games", {"league": LEAGUE})
    assert answer.state == "answered", f"/games: {answer.error}"
    offers = wait_until(
        lambda: discord.autocomplete("bet", "game", "", {"league": LEAGUE}).choices,
        30,
        "a game is offered for /bet",
    )
    # The last one: none that begins while the bench runs.
    return str(offers[-1]["value"])


def slip_of(answer: InteractionState) -> SentFile | None:
    """The slip that an answer carries, if there is one."""
    files = [] if answer.original is None else answer.original.files
    return files[0] if files else None


def place(discord: StandinClient, game: str, note: str, at: Place) -> InteractionState:
    """Place a bet and wait for its slip.

    Raises:
        AssertionError: The answer came without one.
    """
    answer = discord.ask("bet", bet_on(game, note), at, within=60)
    assert slip_of(answer) is not None, f"/bet: {answer.error or answer.original}"
    return answer
