"""The words and figures a slip shows: odds, lines, money, times and states. No drawing here."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from dbsbm.betting.odds import Odds, OddsStyle
from dbsbm.slips.graphemes import clean, clusters
from dbsbm.slips.model import StraightSlip, Team, plain

MINUS = "\u2212"  # as wide as the plus sign, unlike the hyphen

STATUS_WORDS = {
    "open": "OPEN",
    "won": "WON",
    "lost": "LOST",
    "push": "PUSH",
    "half_won": "HALF WON",
    "half_lost": "HALF LOST",
    "void": "VOID",
}

# Spelled out, for strftime follows the locale of the machine and a slip must not.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_SPORT_ICONS = {
    "americanfootball": "🏈",
    "aussierules": "🏉",
    "badminton": "🏸",
    "baseball": "⚾",
    "basketball": "🏀",
    "boxing": "🥊",
    "cricket": "🏏",
    "darts": "🎯",
    "esports": "🎮",
    "fieldhockey": "🏑",
    "football": "🏈",
    "golf": "⛳",
    "handball": "🤾",
    "hockey": "🏒",
    "icehockey": "🏒",
    "lacrosse": "🥍",
    "mma": "🥊",
    "motorsport": "🏁",
    "racing": "🏁",
    "rugby": "🏉",
    "rugbyleague": "🏉",
    "rugbyunion": "🏉",
    "soccer": "⚽",
    "softball": "🥎",
    "tabletennis": "🏓",
    "tennis": "🎾",
    "volleyball": "🏐",
}
_MAX_INITIALS = 5


def odds(slip: StraightSlip) -> str:
    """Return the price in the slip's odds format: "+150", "2.50" or "3/2"."""
    if slip.odds_format == "american":
        return _signed(Decimal(slip.odds_american))
    return Odds(slip.odds_decimal).format(OddsStyle(slip.odds_format))


def line(slip: StraightSlip) -> str:
    """Return the handicap with its sign, the total without one, or nothing for a moneyline."""
    if slip.line is None:
        return ""
    return _signed(slip.line) if slip.market == "spread" else plain(slip.line)


def subject(slip: StraightSlip) -> str:
    """Return what was picked, without the line: a team's name, or Draw, Over or Under."""
    sides = {"home": team_name(slip.home, "Home"), "away": team_name(slip.away, "Away")}
    return sides.get(slip.pick, slip.pick.capitalize())


def team_name(team: Team, side: str) -> str:
    """Return the team's name, its abbreviation if it has none, or the side it plays on."""
    return next((text for text in (team.name, team.abbreviation) if clean(text)), side)


def initials(team: Team, side: str) -> list[str]:
    """Return what the badge may say, from best to shortest: the abbreviation or first letters."""
    short = clusters(clean(team.abbreviation)) or _first_letters(team.name) or clusters(side)
    longest = min(len(short), _MAX_INITIALS)
    return ["".join(short[:count]).upper() for count in range(longest, 0, -1)]


def units(amount: Decimal) -> str:
    """Return an amount of units: "1.50u"."""
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,}u"


def result(slip: StraightSlip) -> str:
    """Return what the bet brought: "+1.36u". Empty while open or where the stake came back."""
    gained = {
        "won": slip.to_win,
        "half_won": slip.to_win / 2,
        "lost": -slip.risk,
        "half_lost": -slip.risk / 2,
    }.get(slip.status)
    if gained is None:
        return ""
    return f"{MINUS if gained < 0 else '+'}{units(abs(gained))}"


def day(moment: datetime) -> str:
    """Return the day in UTC: "Sat 12 Oct"."""
    utc = moment.astimezone(UTC)
    return f"{_DAYS[utc.weekday()]} {utc.day} {_MONTHS[utc.month - 1]}"


def clock(moment: datetime) -> str:
    """Return the time of day in UTC: "19:30 UTC"."""
    return f"{moment.astimezone(UTC):%H:%M} UTC"


def stamp(moment: datetime) -> str:
    """Return day, year and time in UTC: "12 Oct 2026, 19:30 UTC"."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {_MONTHS[utc.month - 1]} {utc.year}, {clock(utc)}"


def sport_icon(sport: str) -> str:
    """Return the emoji of a sport named in any spelling, or nothing for one without."""
    return _SPORT_ICONS.get(re.sub("[^a-z]", "", sport.lower()), "")


def _first_letters(name: str) -> list[str]:
    words = [clusters(word) for word in clean(name).split()]
    return words[0][:3] if len(words) == 1 else [word[0] for word in words[:3]]


def _signed(value: Decimal) -> str:
    sign = "" if not value else MINUS if value < 0 else "+"
    return sign + plain(abs(value))
