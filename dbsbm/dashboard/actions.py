"""What an operator can do here: acknowledge an incident, or silence it for a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from aiohttp import web
from sqlalchemy.orm import Session

from dbsbm.dashboard.reading.tables import row_number
from dbsbm.db.engine import Database
from dbsbm.db.models import Incident
from dbsbm.errors import UserError
from dbsbm.monitor.alerts import incidents, silences

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
        number, by = row_number(request.match_info["id"]), self._operator

        def write(session: Session) -> None:
            incidents.acknowledge(session, number, by=by, trace_id=str(uuid4()))

        await asyncio.to_thread(self._database.transact, write)
        return self._done("incident.acknowledged", number)

    async def silence(self, request: web.Request) -> web.Response:
        """POST /data/incidents/ID/silence with `{"for": "1h"}`: nobody is told for a while."""
        number, by = row_number(request.match_info["id"]), self._operator
        asked = await _asked(request)
        if asked not in _SILENCES:
            raise UserError(f"Silence it for one of: {', '.join(_SILENCES)}.")

        def write(session: Session) -> None:
            incident = session.get(Incident, number)
            if incident is None:
                raise UserError(
                    "There is no such incident: those that ended 400 days ago are gone."
                )
            silences.add(
                session,
                incident.rule,
                length=_SILENCES[asked],
                by=by,
                reason=f"incident {number}",
                series=incident.series,
                trace_id=str(uuid4()),
            )

        await asyncio.to_thread(self._database.transact, write)
        return self._done("incident.silenced", number)

    def _done(self, action: str, number: int) -> web.Response:
        self._changed()
        log.info("An incident was changed.", extra={"action": action, "incident": number})
        return web.json_response({"ok": True})


async def _asked(request: web.Request) -> str:
    """For how long a request's JSON wants quiet; empty where it does not say."""
    try:
        content = await request.json()
    except ValueError:
        return ""
    return str(content.get("for", "")) if isinstance(content, dict) else ""
