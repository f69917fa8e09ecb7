"""JSON in and out, in the exact shape Discord's clients expect."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

Json = dict[str, Any]

dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def json_response(data: object, status: int = 200) -> web.Response:
    """Answer with JSON under a bare `application/json`.

    discord.py compares the header as a whole: with a charset appended it would take the body
    for plain text.
    """
    return web.Response(body=dumps(data).encode(), status=status, content_type="application/json")
