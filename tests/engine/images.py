"""Images: which program a container of this name runs when there are no real images."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from docker.errors import ImageNotFound


@dataclass(frozen=True)
class LocalImage:
    """A name and what it stands for.

    Attributes:
        tag: The name that it was built, pulled or asked for by.
        working_directory: Where its containers run, as a path within the container.
        command: What its containers run when they are given no command.
    """

    tag: str
    working_directory: str
    command: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """A name of its own, made from the tag as a real one is from the layers."""
        return f"sha256:{hashlib.sha256(self.tag.encode()).hexdigest()}"

    @property
    def tags(self) -> list[str]:
        """The names that it is known by."""
        return [self.tag]


class LocalImages:
    """The images that containers may be made of: Redis's, and whatever is built."""

    def __init__(self) -> None:
        self._images: dict[str, LocalImage] = {}

    def get(self, name: str) -> LocalImage:
        """Return the image of a tag or an id.

        Raises:
            ImageNotFound: It is neither a Redis image nor one that was built here.
        """
        if name.split(":", maxsplit=1)[0] in {"redis", "valkey/valkey"}:
            return self._add(LocalImage(name, "/data", ("redis-server",)))
        if name not in self._images:
            raise ImageNotFound(f"the local engine knows Redis and what was built, not {name}")
        return self._images[name]

    def pull(self, repository: str, tag: str = "latest") -> LocalImage:
        """Return the image, as one that had to be downloaded."""
        return self.get(f"{repository}:{tag}")

    def build(
        self, *, path: str, tag: str = "", rm: bool = True, buildargs: dict[str, str] | None = None
    ) -> tuple[LocalImage, Iterator[dict[str, str]]]:
        """Return an image whose programs are those of the environment that runs the tests.

        Args:
            path: The build's directory; names the image when there is no tag.
            tag: The image's name.
            rm: Accepted because callers pass it; nothing is left to remove.
            buildargs: Accepted likewise; versions are those that are installed.
        """
        return self._add(LocalImage(tag or path, "/app")), iter(())

    def _add(self, image: LocalImage) -> LocalImage:
        self._images[image.tag] = self._images[image.id] = image
        return image
