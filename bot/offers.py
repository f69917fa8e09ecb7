"""What autocomplete can offer, prepared so that a key press costs little: labels and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Self

from discord.app_commands import Choice

from dbsbm.betting.games import GameStatus
from dbsbm.providers.keys import fold_name

MOST_CHOICES = 25
LONGEST_LABEL = 100
_LONGEST_LEAGUE = 20


@dataclass(frozen=True, slots=True)
class Offer:
    """One entry of a list.

    Attributes:
        label: What the member sees, 100 characters at most.
        value: What the command gets.
        words: What typed words are compared with, folded.
    """

    label: str
    value: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class LeagueOffer(Offer):
    """A league, by its key."""

    @classmethod
    def of(cls, league: Mapping[str, Any]) -> Self:
        """Prepare an entry of the cache's `league_data`."""
        words = words_of(league["name"]) | words_of(league["key"]) | words_of(league["sport"])
        return cls(clip(league["name"], LONGEST_LABEL), league["key"], words)


@dataclass(frozen=True, slots=True)
class GameOffer(Offer):
    """A game, by our id, with its start."""

    starts_at: datetime

    @classmethod
    def of(cls, league: LeagueOffer, game: Mapping[str, Any]) -> Self:
        """Prepare an entry of the cache's `game_data`."""
        when = _when(game["starts_at"])
        words = words_of(game["away"]) | words_of(game["home"]) | words_of(when) | league.words
        label = game_label(game["away"], game["home"], when, league.label)
        return cls(label, str(game["id"]), words | words_of(label), game["starts_at"])


def is_scheduled(game: Mapping[str, Any]) -> bool:
    """Tell whether a game has not started, as far as the cache knows."""
    return bool(game["status"] == GameStatus.SCHEDULED)


def fits(typed: str, offer: Offer) -> bool:
    """Tell whether every typed word begins a word of the offer, whatever its case and accents."""
    return all(any(word.startswith(part) for word in offer.words) for part in words_of(typed))


def choices(offers: Iterable[Offer], typed: str) -> list[Choice[str]]:
    """The first offers that fit, as many as Discord takes."""
    fitting = (Choice(name=o.label, value=o.value) for o in offers if fits(typed, o))
    return [choice for choice, _ in zip(fitting, range(MOST_CHOICES), strict=False)]


def game_label(away: str, home: str, when: str, league: str) -> str:
    """Name a game in 100 characters: `Away @ Home · Sun 30 Nov 18:00 UTC · NFL`.

    Discord renders time stamps in the member's own zone in messages, but not in choices.
    """
    tail = f" \u00b7 {when} \u00b7 {clip(league, _LONGEST_LEAGUE)}"
    room = (LONGEST_LABEL - len(tail) - len(" @ ")) // 2
    return f"{clip(away, room)} @ {clip(home, room)}{tail}"


def clip(text: str, longest: int) -> str:
    """Return a text in one line, cut with an ellipsis where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}\u2026"


@lru_cache(maxsize=8192)
def words_of(text: str) -> frozenset[str]:
    """The folded words of a text. Kept: the same teams come again with every board."""
    return frozenset(fold_name(text).split())


def _when(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc:%a} {utc.day} {utc:%b %H:%M} UTC"
