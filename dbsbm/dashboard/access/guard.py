"""Nothing but the login form is shown to whoever is not logged in."""

from __future__ import annotations

import time
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from dbsbm.dashboard.access.sessions import Pass, Sessions

SESSION_COOKIE = "dbsbm_dashboard"
FORM_COOKIE = "dbsbm_dashboard_form"
HELD: web.RequestKey[Pass] = web.RequestKey("dashboard_session", Pass)

# `/metrics` asks for a token of its own: programs have no cookies.
_OPEN = frozenset({"/healthz", "/login", "/metrics"})
_OPEN_FOLDER = "/static/"


def guard(sessions: Sessions) -> Middleware:
    """A middleware that lets logged-in requests pass, with their session in `request[HELD]`.

    Others are sent to the form, or, where a script asked for data, told so with 401.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in _OPEN or request.path.startswith(_OPEN_FOLDER):
            return await handler(request)
        held = sessions.read(request.cookies.get(SESSION_COOKIE), "session", time.time())
        if held is None:
            return _refusal(request)
        if request.method == "POST" and not _has_token(sessions, held, request):
            raise web.HTTPForbidden(text="The page is too old: reload it.")
        request[HELD] = held
        return await handler(request)

    return check


def keep(response: web.Response, request: web.Request, name: str, value: str, age: float) -> None:
    """Give the browser a cookie that no script reads and no other site's request carries."""
    response.set_cookie(
        name,
        value,
        max_age=int(age),
        path="/",
        httponly=True,
        samesite="Strict",
        secure=request.secure or None,
    )


def _refusal(request: web.Request) -> web.Response:
    if request.path.startswith("/data/") or request.method != "GET":
        return web.json_response({"error": "Your session has ended: log in again."}, status=401)
    return web.Response(status=303, headers={"Location": f"/login?next={quote(request.path_qs)}"})


def _has_token(sessions: Sessions, held: Pass, request: web.Request) -> bool:
    return sessions.is_csrf_token(held, request.headers.get("X-CSRF-Token", ""))
