"""Uploaded files, kept in memory and served back the way Discord's CDN does."""

from __future__ import annotations

import io
import mimetypes
import re
from collections import OrderedDict
from dataclasses import dataclass

from aiohttp import web
from PIL import Image, UnidentifiedImageError

from dbsbm.sandbox.discord.ids import Snowflakes
from dbsbm.sandbox.discord.jsonio import Json

_UNSAFE_IN_NAMES = re.compile(r"[^\w.\-]+")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came in a request.

    Attributes:
        index: The n of its `files[n]` part.
        filename: Name the bot gave it.
        data: Its bytes.
        description: Alt text.
    """

    index: int
    filename: str
    data: bytes
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A stored file of a message. Width and height are in pixels, for images only."""

    id: str
    filename: str
    size: int
    content_type: str
    path: str
    width: int | None
    height: int | None
    description: str | None = None

    def payload(self, base_url: str) -> Json:
        """Return the attachment object."""
        attachment: Json = {
            "id": self.id,
            "filename": self.filename,
            "size": self.size,
            "content_type": self.content_type,
            "url": base_url + self.path,
            "proxy_url": base_url + self.path,
            "flags": 0,
        }
        if self.description is not None:
            attachment["description"] = self.description
        if self.width is not None:
            attachment |= {"width": self.width, "height": self.height}
        return attachment

    def media(self, base_url: str) -> Json:
        """Return what an embed or a gallery holds once its `attachment://` link is resolved."""
        url = base_url + self.path
        media: Json = {"url": url, "proxy_url": url, "content_type": self.content_type}
        return (
            media if self.width is None else {**media, "width": self.width, "height": self.height}
        )


class AttachmentStore:
    """The newest files, up to a number of bytes; older ones are forgotten.

    Args:
        snowflakes: Gives the ids.
        capacity: Bytes kept in all.
    """

    def __init__(self, snowflakes: Snowflakes, capacity: int) -> None:
        self._snowflakes = snowflakes
        self._capacity = capacity
        self._files: OrderedDict[str, tuple[Attachment, bytes]] = OrderedDict()
        self.bytes_held = 0

    def put(self, channel_id: str, upload: Upload) -> Attachment:
        """Keep a file and return how messages refer to it."""
        filename = _UNSAFE_IN_NAMES.sub("_", upload.filename) or "file"
        file_id = self._snowflakes.new()
        content_type = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        width, height = _image_size(content_type, upload.data)
        attachment = Attachment(
            id=file_id,
            filename=filename,
            size=len(upload.data),
            content_type=content_type,
            path=f"/attachments/{channel_id}/{file_id}/{filename}",
            width=width,
            height=height,
            description=upload.description,
        )
        self._files[attachment.path] = (attachment, upload.data)
        self.bytes_held += attachment.size
        self._evict()
        return attachment

    def _evict(self) -> None:
        while self.bytes_held > self._capacity:
            _, (oldest, _) = self._files.popitem(last=False)
            self.bytes_held -= oldest.size

    async def serve(self, request: web.Request) -> web.Response:
        """Answer a GET of a file; nothing but an image is ever shown inside the page's origin."""
        try:
            attachment, data = self._files[request.path]
        except KeyError:
            return web.Response(status=404, text="This content is no longer available.")
        is_image = attachment.content_type.startswith("image/") and attachment.width is not None
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Disposition": "inline" if is_image else "attachment",
            "Cache-Control": "private, max-age=86400, immutable",
        }
        return web.Response(body=data, content_type=attachment.content_type, headers=headers)


def _image_size(content_type: str, data: bytes) -> tuple[int | None, int | None]:
    if not content_type.startswith("image/"):
        return None, None
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, OSError, ValueError):
        return None, None
