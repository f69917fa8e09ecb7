"""The page's files: addressed by their content, compressed once, cached for a year."""

from __future__ import annotations

import gzip
import hashlib
import threading
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp import web

_FOREVER = "public, max-age=31536000, immutable"
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


class Asset:
    """One file. It is compressed when it is first asked for."""

    def __init__(self, file: Traversable) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._packed: bytes | None = None
        suffix = f".{file.name.rpartition('.')[2]}"
        self.content_type = _TYPES[suffix]

    @cached_property
    def plain(self) -> bytes:
        """Its content."""
        return self._file.read_bytes()

    @cached_property
    def digest(self) -> str:
        """A name that changes with its content."""
        return hashlib.blake2b(self.plain, digest_size=8).hexdigest()

    def packed(self) -> bytes:
        """Its content, compressed by gzip. Takes a moment the first time: call it in a thread."""
        with self._lock:
            if self._packed is None:
                self._packed = gzip.compress(self.plain, compresslevel=6, mtime=0)
            return self._packed


class Assets:
    """All files under `static`, and the chart library that the plotly package carries."""

    def __init__(self) -> None:
        own = {path: Asset(file) for path, file in _walk(files(__package__) / "static")}
        # Modules name each other relatively, so all of them share one prefix.
        digests = "".join(f"{path}{asset.digest}" for path, asset in sorted(own.items()))
        self.version = hashlib.blake2b(digests.encode(), digest_size=8).hexdigest()
        # Not imported: that would load a big package for the sake of one of its files.
        plotly = Asset(files("plotly") / "package_data" / "plotly.min.js")
        self.plotly_path = f"plotly-{plotly.digest}.min.js"
        self._assets = {f"{self.version}/{path}": asset for path, asset in own.items()}
        self._assets[self.plotly_path] = plotly

    def page(self, name: str) -> str:
        """An HTML page, with the addresses of its files filled in."""
        text = (files(__package__) / "static" / name).read_text("utf-8")
        text = text.replace("{{assets}}", f"/static/{self.version}")
        return text.replace("{{plotly}}", f"/static/{self.plotly_path}")

    def find(self, path: str) -> Asset | None:
        """The file behind `/static/`."""
        return self._assets.get(path)


def asset_response(request: web.Request, asset: Asset) -> web.Response:
    """The file, compressed where the browser takes that; blocking, so call it in a thread."""
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    body = asset.plain
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = asset.packed()
    return web.Response(
        body=body, headers=headers, content_type=asset.content_type, charset="utf-8"
    )


def _walk(folder: Traversable, prefix: str = "") -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for each in folder.iterdir():
        if each.is_dir():
            found += _walk(each, f"{prefix}{each.name}/")
        elif f".{each.name.rpartition('.')[2]}" in _TYPES:
            found.append((f"{prefix}{each.name}", each))
    return found
