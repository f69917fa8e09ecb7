"""`/leaderboard`: a guild's members by units."""

from __future__ import annotations

from collections.abc import Sequence

from dbsbm.betting.units import signed
from dbsbm.commands.period import Period
from dbsbm.commands.reply import Reply
from dbsbm.commands.text import escaped
from dbsbm.db.queries.standings import PLACES, Standing

GOLD = 0xF1C40F
SHOWN = 10
MEDALS = {1: "🥇", 2: "🥈", 3: "🥉"}


def show(guild_name: str, period: Period, ranking: Sequence[Standing], user_id: int) -> Reply:
    """The first ten of a ranking as one embed, and below them who asked, where that is further."""
    lines = [_line(standing) for standing in ranking[:SHOWN]]
    own = next((standing for standing in ranking[SHOWN:] if standing.user_id == user_id), None)
    if own is not None:
        lines += ["…", _line(own)]
    embed = {
        "title": f"{escaped(guild_name) or 'Leaderboard'}, {period.label}"[:256],
        "description": "\n".join(lines)[:4096] or "No settled bets yet.",
        "color": GOLD,
        "footer": {"text": _footer(len(ranking))},
    }
    return Reply(embeds=(embed,))


def _line(standing: Standing) -> str:
    place = MEDALS.get(standing.place, f"`{standing.place:>2}.`")
    record = f"{standing.wins}-{standing.losses}-{standing.pushes}"
    units = f"**{signed(standing.profit)}** units"
    return f"{place} {escaped(standing.name)}  {units}  {record}"


def _footer(members: int) -> str:
    if members >= PLACES:
        return f"the first {PLACES} by units; wins-losses-pushes"
    return "by units; wins-losses-pushes; void bets do not count"
