"""The login form."""

from __future__ import annotations

import html
import logging
import math
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import web

from dbsbm.dashboard.access.guard import FORM_COOKIE, SESSION_COOKIE, keep
from dbsbm.dashboard.access.operator import Operator
from dbsbm.dashboard.access.sessions import FORM_LIFETIME, LIFETIME, Sessions
from dbsbm.dashboard.access.throttle import Throttle

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Login:
    """Shows the form, checks what it brings, and ends sessions.

    Attributes:
        operator: Who may log in.
        sessions: Signs what the browser keeps.
        page: The form's HTML with `{token}`, `{next}` and `{problem}` to be filled in.
        throttle: Slows guessers down.
    """

    operator: Operator
    sessions: Sessions
    page: str
    throttle: Throttle = field(default_factory=Throttle)

    async def show(self, request: web.Request) -> web.Response:
        """GET /login."""
        return self._form(request, _safe_path(request.query.get("next", "/")))

    async def enter(self, request: web.Request) -> web.Response:
        """POST /login: a session for the right name and password."""
        fields = await request.post()
        goal, token = _safe_path(str(fields.get("next", "/"))), str(fields.get("token", ""))
        held = self.sessions.read(request.cookies.get(FORM_COOKIE), "form", time.time())
        if held is None or not self.sessions.is_csrf_token(held, token):
            return self._form(request, goal, "The form was too old. Try again.", status=403)
        address, now = request.remote or "", time.monotonic()
        if pause := self.throttle.wait(address, now):
            problem = f"Too many wrong passwords. Try again in {math.ceil(pause)} s."
            answer = self._form(request, goal, problem, status=429)
            answer.headers["Retry-After"] = str(math.ceil(pause))
            return answer
        if not self.operator.is_me(str(fields.get("user", "")), str(fields.get("password", ""))):
            self.throttle.failed(address, now)
            log.warning("A login failed.", extra={"action": "dashboard.login_failed"})
            return self._form(request, goal, "Name or password is wrong.", status=403)
        self.throttle.succeeded(address)
        return self._enter(request, goal)

    async def leave(self, _request: web.Request) -> web.Response:
        """POST /logout: the browser forgets its session."""
        answer = web.json_response({"goal": "/login"})
        answer.del_cookie(SESSION_COOKIE, path="/")
        return answer

    def _enter(self, request: web.Request, goal: str) -> web.Response:
        answer = web.Response(status=303, headers={"Location": goal})
        _, cookie = self.sessions.issue("session", time.time())
        keep(answer, request, SESSION_COOKIE, cookie, LIFETIME)
        answer.del_cookie(FORM_COOKIE, path="/")
        return answer

    def _form(
        self, request: web.Request, goal: str, problem: str = "", *, status: int = 200
    ) -> web.Response:
        held, cookie = self.sessions.issue("form", time.time())
        filled = {"token": self.sessions.csrf_token(held), "next": goal, "problem": problem}
        page = self.page
        for name, value in filled.items():
            page = page.replace(f"{{{{{name}}}}}", html.escape(value))
        answer = web.Response(text=page, content_type="text/html", status=status)
        keep(answer, request, FORM_COOKIE, cookie, FORM_LIFETIME)
        return answer


def _safe_path(goal: str) -> str:
    """A path of this server, whatever the link said: a login must not lead elsewhere."""
    parts = urlsplit(goal.replace("\\", "/"))
    is_here = not parts.scheme and not parts.netloc and parts.path.startswith("/")
    printable = goal.isprintable() and not parts.path.startswith("//")
    return goal if is_here and printable and "\\" not in goal else "/"
