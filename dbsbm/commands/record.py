"""`/record`: how a member has done."""

from __future__ import annotations

from dbsbm.betting.record import Record
from dbsbm.betting.units import plain, signed
from dbsbm.commands.period import Period
from dbsbm.commands.reply import Reply
from dbsbm.commands.text import escaped
from dbsbm.db.queries.standings import Open

GREEN, RED, GREY = 0x57F287, 0xED4245, 0x99AAB5


def show(name: str, period: Period, record: Record, stake: Open) -> Reply:
    """The record as one embed. Void bets do not appear in it."""
    color = GREEN if record.profit > 0 else RED if record.profit < 0 else GREY
    embed = {
        "title": f"{escaped(name)}, {period.label}"[:256],
        "color": color,
        "fields": [
            _field("Record", str(record)),
            _field("Units", signed(record.profit)),
            _field("Return", "none yet" if record.roi is None else f"{record.roi:+.1%}"),
            _field("Win rate", "none yet" if record.win_rate is None else f"{record.win_rate:.1%}"),
            _field("Streak", _streak(record.streak)),
            _field("Open", _open(stake)),
        ],
        "footer": {"text": "wins-losses-pushes; void bets do not count"},
    }
    if not (record.wins or record.losses or record.pushes):
        embed["description"] = "No settled bets yet."
    return Reply(embeds=(embed,))


def _streak(streak: int) -> str:
    if not streak:
        return "none yet"
    return f"{abs(streak)} {'won' if streak > 0 else 'lost'} in a row"


def _open(stake: Open) -> str:
    bets = "1 bet" if stake.bets == 1 else f"{stake.bets} bets"
    return f"{bets}, {plain(stake.risked)} {'unit' if stake.risked == 1 else 'units'}"


def _field(name: str, value: str) -> dict[str, str | bool]:
    return {"name": name, "value": value, "inline": True}
