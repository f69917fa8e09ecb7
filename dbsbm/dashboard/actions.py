"""What an operator can do here: acknowledge an incident, or silence it for a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

from aiohttp import web

from dbsbm.db.engine import Database
from dbsbm.errors import UserError
from dbsbm.monitor.alerts import ledger

log = logging.getLogger(__name__)

_SILENCES = {"1h": timedelta(hours=1), "8h": timedelta(hours=8), "24h": timedelta(hours=24)}


class Actions:
    """Writes down what the operator decided.

    Args:
        database: Where incidents are.
        operator: Who decides.
        changed: Called after each change, so that nobody is shown what was before.
    """

    def __init__(self, database: Database, operator: str, changed: Callable[[], None]) -> None:
        self._database = database
        self._operator = f"{operator} (dashboard)"
        self._changed = changed

    async def acknowledge(self, request: web.Request) -> web.Response:
        """POST /data/incidents/ID/acknowledge: somebody looks after it."""
        number = _number(request)
        await asyncio.to_thread(ledger.acknowledge, self._database, number, self._operator)
        return self._done("incident.acknowledged", number)

    async def silence(self, request: web.Request) -> web.Response:
        """POST /data/incidents/ID/silence with `{"for": "1h"}`: nobody is told for a while."""
        number = _number(request)
        asked = (await request.json()).get("for")
        if asked not in _SILENCES:
            raise UserError(f"Silence it for one of: {', '.join(_SILENCES)}.")
        await asyncio.to_thread(
            ledger.silence, self._database, number, self._operator, _SILENCES[asked]
        )
        return self._done("incident.silenced", number)

    def _done(self, action: str, number: int) -> web.Response:
        self._changed()
        log.info("An incident was changed.", extra={"action": action, "incident": number})
        return web.json_response({"ok": True})


def _number(request: web.Request) -> int:
    text = request.match_info["id"]
    if not (text.isascii() and text.isdecimal()):
        raise UserError("There is no such incident: its number is wrong.")
    return int(text)
