"""Volumes: directories that containers see under a path of their own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from docker.errors import NotFound


class LocalVolume:
    """A directory with a name."""

    def __init__(self, name: str, path: Path, labels: Mapping[str, str], owner: LocalVolumes):
        self.name = self.id = name
        self.path = path
        self.attrs: dict[str, Any] = {"Name": name, "Labels": dict(labels)}
        self._owner = owner

    def remove(self, force: bool = False) -> None:
        """Remove the volume and its files; a second removal is an error unless forced."""
        self._owner.forget(self.name, force=force)
        shutil.rmtree(self.path, ignore_errors=True)


class LocalVolumes:
    """All volumes, each a directory below `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._volumes: dict[str, LocalVolume] = {}

    def create(self, name: str, *, labels: Mapping[str, str] | None = None) -> LocalVolume:
        """Create an empty volume."""
        path = self._root / name
        path.mkdir(parents=True)
        self._volumes[name] = LocalVolume(name, path, labels or {}, self)
        return self._volumes[name]

    def get(self, name: str) -> LocalVolume:
        """Return a volume by its name.

        Raises:
            NotFound: There is none of this name.
        """
        if name not in self._volumes:
            raise NotFound(f"no such volume: {name}")
        return self._volumes[name]

    def forget(self, name: str, *, force: bool) -> None:
        """Take a removed volume off the list."""
        if not force:
            self.get(name)
        self._volumes.pop(name, None)


class Mounts:
    """Which directory of this machine a path within the container stands for."""

    def __init__(self, directories: Mapping[str, Path]) -> None:
        self._directories = {PurePosixPath(bind): path for bind, path in directories.items()}

    def host_path(self, path: str) -> Path:
        """Return where the container's `path` lies on this machine.

        Raises:
            NotFound: No volume covers it: a local container has no other files of its own.
        """
        inside = PurePosixPath(path)
        for bind in sorted(self._directories, key=lambda bind: -len(bind.parts)):
            if inside.is_relative_to(bind):
                return self._directories[bind] / inside.relative_to(bind)
        raise NotFound(f"{path} is in no volume of this container")

    def translate(self, search_path: str) -> str:
        """Return a colon-separated list of directories with the container's paths replaced."""
        return ":".join(self._translate_one(part) for part in search_path.split(":"))

    def _translate_one(self, path: str) -> str:
        try:
            return str(self.host_path(path))
        except NotFound:
            return path
