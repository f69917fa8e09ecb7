"""`/metrics`: the page that Prometheus reads, for whoever has its token."""

from __future__ import annotations

import asyncio
import hmac

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import SecretStr

from dbsbm.monitor.exposition import CONTENT_TYPE, Exposition

_SCHEME = "Bearer "
_ASK = {"WWW-Authenticate": "Bearer"}


def metrics_page(exposition: Exposition, token: SecretStr | None) -> Handler:
    """Serve the page to a program, which cannot log in: it sends the token instead.

    Args:
        exposition: Makes the page.
        token: What has to be sent; None shows the page to nobody.
    """

    async def serve(request: web.Request) -> web.Response:
        if token is None:
            raise web.HTTPNotFound(text="METRICS_TOKEN is not set, so nobody may read metrics.")
        if not _is_token(request.headers.get("Authorization", ""), token):
            raise web.HTTPUnauthorized(text="Send METRICS_TOKEN as a bearer token.", headers=_ASK)
        page = await asyncio.to_thread(exposition.text)
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE})

    return serve


def _is_token(given: str, token: SecretStr) -> bool:
    wanted = (_SCHEME + token.get_secret_value()).encode()
    return hmac.compare_digest(given.encode(errors="replace"), wanted)
