"""Files into and out of a container, as the tar archives that Docker's API speaks."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from docker.errors import NotFound


def unpack(data: bytes | BinaryIO, directory: Path) -> None:
    """Write the files of an archive, compressed or not, below a directory."""
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    with tarfile.open(fileobj=stream) as archive:
        archive.extractall(directory, filter="data")


def pack(path: Path) -> tuple[Iterator[bytes], dict[str, object]]:
    """Return a file or a directory as chunks of an archive, and its description.

    Raises:
        NotFound: There is nothing at the path.
    """
    if not path.exists():
        raise NotFound(f"no such file: {path}")
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.add(path, arcname=path.name)
    return iter([stream.getvalue()]), {"name": path.name, "size": path.stat().st_size}
