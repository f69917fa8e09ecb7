"""The web application: its paths, and what stands before them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import SecretStr

from dbsbm.dashboard.access.guard import HELD, guard
from dbsbm.dashboard.access.headers import add_headers, only_from_here
from dbsbm.dashboard.access.login import Login
from dbsbm.dashboard.access.operator import Operator
from dbsbm.dashboard.access.sessions import Sessions
from dbsbm.dashboard.actions import Actions
from dbsbm.dashboard.assets import Assets, asset_response
from dbsbm.dashboard.data import Data, Pace
from dbsbm.dashboard.live import LiveNews
from dbsbm.dashboard.reading.tables import Sources
from dbsbm.errors import TransientError, UserError

log = logging.getLogger(__name__)

NEWS = web.AppKey("dashboard_news", LiveNews)
"""The application's live news, for whoever wants to know how many pages listen."""

_REQUEST_BYTES = 16 * 1024
_RETRY = {"Retry-After": "5"}


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in.

    Attributes:
        user: The one account's name.
        password: Its password.
        secret_key: What sessions are signed with, beside the password.
    """

    user: str
    password: SecretStr
    secret_key: SecretStr


def make_app(
    access: Access, sources: Sources, *, pace: Pace | None = None, threads: int = 4
) -> web.Application:
    """Compose the dashboard. Opens no connection.

    Args:
        access: Who may come in.
        sources: What is read.
        pace: How often.
        threads: Reads at a time; the database's pool must have as many connections.
    """
    sessions = Sessions(access.secret_key, access.password)
    assets = Assets()
    login = Login(Operator(access.user, access.password), sessions, assets.page("login.html"))
    data = Data(sources, pace or Pace(), threads)
    actions = Actions(sources.database, access.user, data.forget)
    app = web.Application(
        middlewares=[_errors, only_from_here, guard(sessions)], client_max_size=_REQUEST_BYTES
    )
    app[NEWS] = data.news
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(lambda _app: data.news.close())
    # Only after the last connection: pages ask once more when their stream ends.
    app.on_cleanup.append(lambda _app: data.close())
    app.add_routes(
        [
            web.get("/healthz", _healthz),
            web.get("/static/{path:.+}", _static(assets)),
            web.get("/login", login.show),
            web.post("/login", login.enter),
            web.post("/logout", login.leave),
            web.get("/data/health", data.health),
            web.get("/data/live", data.live),
            web.get("/data/view/{path:.+}", data.view),
            web.get("/data/chart/{id}", data.chart),
            web.get("/data/table/{id}", data.table),
            web.post("/data/incidents/{id}/acknowledge", actions.acknowledge),
            web.post("/data/incidents/{id}/silence", actions.silence),
            # The page itself finds out from the path what to show.
            web.get("/{path:(?!data/|static/).*}", _shell(assets, sessions, access.user)),
        ]
    )
    return app


async def _healthz(_request: web.Request) -> web.Response:
    """It answers, so it is alive; of the fleet this says nothing, and nobody has to log in."""
    return web.json_response({"ok": True})


def _static(assets: Assets) -> Handler:
    async def serve(request: web.Request) -> web.StreamResponse:
        asset = assets.find(request.match_info["path"])
        if asset is None:
            raise web.HTTPNotFound(text="There is no such file: reload the page.")
        return await asyncio.to_thread(asset_response, request, asset)

    return serve


def _shell(assets: Assets, sessions: Sessions, user: str) -> Handler:
    page = assets.page("index.html").replace("{{user}}", _escaped(user))

    async def serve(request: web.Request) -> web.StreamResponse:
        token = sessions.csrf_token(request[HELD])
        return web.Response(text=page.replace("{{token}}", token), content_type="text/html")

    return serve


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What goes wrong is a sentence and a status; a traceback is for the log alone."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except UserError as error:
        return _problem(str(error), 404)
    except TransientError as error:
        return _problem(str(error), 503, _RETRY)
    except TimeoutError:
        return _problem("The database is too slow: it did not answer in time.", 503, _RETRY)
    except Exception:
        log.exception("A page failed.", extra={"action": "dashboard.failed"})
        return _problem("This could not be shown: the dashboard's log says why.", 500)


def _problem(text: str, status: int, headers: dict[str, str] | None = None) -> web.Response:
    content: dict[str, Any] = {"error": text}
    return web.json_response(content, status=status, headers=headers)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
