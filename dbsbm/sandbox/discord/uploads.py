"""Reading a REST body: plain JSON, or multipart with `payload_json` and `files[n]`."""

from __future__ import annotations

import json
import re
from typing import Any

from aiohttp import BodyPartReader, web

from dbsbm.sandbox.discord.cdn import Upload
from dbsbm.sandbox.discord.errors import ApiError
from dbsbm.sandbox.discord.jsonio import Json

MAX_FILES = 10
_FILE_PART = re.compile(r"(?:files\[(\d+)\]|file(\d*))")


async def read_json(request: web.Request) -> Any:
    """Return the JSON body; an empty one reads as an empty object.

    Raises:
        ApiError: The body is not JSON.
    """
    return _parse(await request.read())


async def read_body(request: web.Request, upload_bytes: int) -> tuple[Json, list[Upload]]:
    """Return the JSON object and the files of a request.

    Args:
        request: The request.
        upload_bytes: Largest size of one file.

    Raises:
        ApiError: The body is malformed, or a file is too large.
    """
    if not request.content_type.startswith("multipart/"):
        return _as_object(await read_json(request)), []
    payload: Json = {}
    uploads: list[Upload] = []
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise _malformed()
            if part.name == "payload_json":
                payload = _as_object(_parse(await part.read(decode=True)))
            elif match := _FILE_PART.fullmatch(part.name or ""):
                uploads.append(await _upload(part, match, upload_bytes))
    except ValueError as error:
        raise _malformed() from error
    if len(uploads) > MAX_FILES:
        raise ApiError(
            400, 30015, f"Maximum number of attachments in a message reached ({MAX_FILES})"
        )
    return payload, uploads


async def _upload(part: BodyPartReader, match: re.Match[str], limit: int) -> Upload:
    data = await part.read(decode=True)
    if len(data) > limit:
        raise ApiError(413, 40005, "Request entity too large")
    return Upload(int(match[1] or match[2] or 0), part.filename or "file", bytes(data))


def described(entries: list[Json], uploads: list[Upload]) -> list[Upload]:
    """Give each file the name and alt text that the `attachments` list holds for it."""
    by_index = {str(entry.get("id")): entry for entry in entries}
    result = []
    for upload in uploads:
        entry = by_index.get(str(upload.index), {})
        name = entry.get("filename") or upload.filename
        result.append(Upload(upload.index, str(name), upload.data, entry.get("description")))
    return result


def _parse(raw: bytes | bytearray) -> Any:
    if not raw:
        return {}
    try:
        return json.loads(raw)
    except ValueError as error:
        raise _malformed() from error


def _as_object(value: object) -> Json:
    if not isinstance(value, dict):
        raise _malformed()
    return value


def _malformed() -> ApiError:
    return ApiError(400, 50109, "The request body contains invalid JSON.")
