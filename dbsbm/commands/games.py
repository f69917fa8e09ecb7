"""`/games`: the board of a league."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dbsbm.commands.reply import Reply
from dbsbm.commands.text import escaped

GREEN = 0x57F287
MOST_LINES = 15


def show(league_name: str, games: Sequence[dict[str, Any]], *, stale: str | None = None) -> Reply:
    """The games of a board as one embed: live ones first, then what comes, then what is over.

    Args:
        league_name: Shown as the title.
        games: Entries of `dbsbm.sports.board`.
        stale: A sentence where the provider did not answer and the board is an older one.
    """
    order = {"live": 0, "suspended": 0, "scheduled": 1}
    ordered = sorted(games, key=lambda g: (order.get(g["status"], 2), g["starts_at"]))
    lines = [_line(game) for game in ordered[:MOST_LINES]]
    if len(ordered) > MOST_LINES:
        lines.append(f"-# and {len(ordered) - MOST_LINES} more")
    embed = {
        "title": league_name[:256],
        "description": "\n".join(lines)[:4096] or "No games in the next three days.",
        "color": GREEN,
    }
    return Reply(content=stale or "", embeds=(embed,))


def _line(game: dict[str, Any]) -> str:
    teams = f"{escaped(game['away'])} @ {escaped(game['home'])}"
    score = f"**{game['away_score']}\u2013{game['home_score']}**"
    moment = int(game["starts_at"].timestamp())
    match game["status"]:
        case "live" | "suspended":
            return f"🔴 {teams}  {score}  {game['detail'] or ''}".rstrip()
        case "final":
            return f"🏁 {teams}  {score}  {game['detail'] or 'Final'}"
        case "scheduled":
            return f"🕒 <t:{moment}:t> {teams}{_price(game)}  <t:{moment}:R>"
        case other:
            return f"▫️ {teams}  {other}"


def _price(game: dict[str, Any]) -> str:
    """The home team's moneyline as its book prints it, where there is one."""
    for price in game["odds"] or ():
        if price["market"] == "moneyline" and price["side"] == "home":
            return f"  (home {price['quoted']})"
    return ""
