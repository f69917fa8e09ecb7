"""What every answer tells the browser not to do."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

# Charts place their parts by style attributes, which CSP counts as inline styles; no script is
# inline, and nothing comes from another host.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: forms would then be posted from the origin `null`.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers to an answer that is about to begin; numbers are stored by no cache."""
    response.headers.update(_HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.pop("Server", None)


@web.middleware
async def only_from_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what another site's page makes a browser send."""
    if request.method not in {"GET", "HEAD"} and not _is_same_origin(request):
        raise web.HTTPForbidden(text="This request came from another site.")
    return await handler(request)


def _is_same_origin(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    is_here = origin is None or origin.partition("://")[2] == request.host
    return is_here and site in {"same-origin", "none"}
