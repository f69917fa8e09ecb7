"""What an operator can do here: acknowledge an incident, or silence it for a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from aiohttp import web

from dbsbm.errors import UserError

log = logging.getLogger(__name__)

_SILENCES = {"1h": timedelta(hours=1), "8h": timedelta(hours=8), "24h": timedelta(hours=24)}


class Desk(Protocol):
    """Where decisions about incidents are written down.

    Both methods block, and raise UserError where there is no such incident or it is over.
    """

    def acknowledge(self, incident_id: int, *, by: str) -> None:
        """Somebody looks after it."""

    def silence(self, incident_id: int, *, by: str, lasts: timedelta) -> None:
        """Nobody is told of its rule and series for a while."""


class Actions:
    """Passes on what the operator decided.

    Args:
        desk: Writes it down.
        operator: Who decides.
        changed: Called after each change, so that nobody is shown what was before.
    """

    def __init__(self, desk: Desk, operator: str, changed: Callable[[], None]) -> None:
        self._desk = desk
        self._operator = f"{operator} (dashboard)"
        self._changed = changed

    async def acknowledge(self, request: web.Request) -> web.Response:
        """POST /data/incidents/ID/acknowledge: somebody looks after it."""
        number = _number(request)
        await asyncio.to_thread(self._desk.acknowledge, number, by=self._operator)
        return self._done("incident.acknowledged", number)

    async def silence(self, request: web.Request) -> web.Response:
        """POST /data/incidents/ID/silence with `{"for": "1h"}`: nobody is told for a while."""
        number = _number(request)
        asked = await _asked(request)
        if asked not in _SILENCES:
            raise UserError(f"Silence it for one of: {', '.join(_SILENCES)}.")
        lasts = _SILENCES[asked]
        await asyncio.to_thread(self._desk.silence, number, by=self._operator, lasts=lasts)
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


async def _asked(request: web.Request) -> str:
    """For how long a request's JSON wants quiet; empty where it does not say."""
    try:
        content = await request.json()
    except ValueError:
        return ""
    return str(content.get("for", "")) if isinstance(content, dict) else ""
