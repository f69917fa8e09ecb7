"""The collection of containers: creating, starting and finding them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from docker.errors import APIError, NotFound

from tests.engine.container import LocalContainer, Specification
from tests.engine.images import LocalImages
from tests.engine.programs import REDIS_PORT, is_redis
from tests.engine.volumes import LocalVolumes, Mounts
from tests.servers import free_port


class LocalContainers:
    """All containers that were created and not removed."""

    def __init__(self, root: Path, images: LocalImages, volumes: LocalVolumes) -> None:
        self._root = root
        self._images = images
        self._volumes = volumes
        self._containers: dict[str, LocalContainer] = {}

    def run(self, image: str, **options: Any) -> LocalContainer:
        """Create a container and start it; the options are those of `create`."""
        container = self.create(image, **options)
        container.start()
        return container

    def create(
        self,
        image: str,
        *,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
        volumes: Mapping[str, Mapping[str, str]] | None = None,
        working_dir: str | None = None,
        ports: Mapping[str, int | None] | None = None,
        network: str = "bridge",
        labels: Mapping[str, str] | None = None,
        name: str | None = None,
        detach: bool = True,
    ) -> LocalContainer:
        """Create a container without starting it.

        Args:
            image: A tag or an id.
            command: What it runs; the image's own command when None.
            environment: Variables beside PATH, HOME, LANG and TMPDIR.
            volumes: Names of volumes, or directories of this machine, and where they are bound.
            working_dir: A path within the container; the image's own when None.
            ports: At most Redis's port, which gets a free one on 127.0.0.1.
            network: The name of its network.
            labels: Labels, kept as they are.
            name: Its name; derived from the id when None.
            detach: Accepted because callers pass it; a container never holds up its creator.

        Raises:
            ImageNotFound: There is no such image.
            APIError: The name is taken, or another port than Redis's is published.
        """
        of_image = self._images.get(image)
        command = command or of_image.command
        identifier = uuid.uuid4().hex * 2
        directory = self._root / identifier[:12]
        directory.mkdir(parents=True)
        working_directory = working_dir or of_image.working_directory
        specification = Specification(
            id=identifier,
            command=command,
            environment=environment or {},
            mounts=self._mounts(directory, working_directory, volumes or {}),
            working_directory=working_directory,
            network=network,
            labels=labels or {},
            name=self._free_name(name or f"local-{identifier[:12]}"),
            published=_publish(ports or {}, command),
        )
        self._containers[identifier] = container = LocalContainer(
            specification, directory, self._forget
        )
        return container

    def _free_name(self, name: str) -> str:
        if any(container.name == name for container in self._containers.values()):
            raise APIError(f"the container name {name} is in use")
        return name

    def _mounts(
        self, directory: Path, working_directory: str, volumes: Mapping[str, Mapping[str, str]]
    ) -> Mounts:
        private = directory / "files"
        private.mkdir()
        bound = {mount["bind"]: self._source(source) for source, mount in volumes.items()}
        return Mounts({working_directory: private, **bound})

    def _source(self, name: str) -> Path:
        return Path(name) if Path(name).is_absolute() else self._volumes.get(name).path

    def get(self, name: str) -> LocalContainer:
        """Return a container by its id or its name, as it is now.

        Raises:
            NotFound: There is none, or it was removed.
        """
        for container in self._containers.values():
            if name in (container.id, container.name):
                container.reload()
                return container
        raise NotFound(f"no such container: {name}")

    def list(
        self,
        all: bool = False,  # noqa: A002 - docker-py's name
        ignore_removed: bool = False,
    ) -> Sequence[LocalContainer]:
        """Return the running containers, or all that were not removed."""
        containers = [self.get(identifier) for identifier in self._containers]
        return [one for one in containers if all or one.status == "running"]

    def _forget(self, identifier: str) -> None:
        self._containers.pop(identifier, None)


def _publish(ports: Mapping[str, int | None], command: Sequence[str]) -> int | None:
    if not ports:
        return None
    if list(ports) != [f"{REDIS_PORT}/tcp"] or not is_redis(command):
        raise APIError(f"the local engine publishes Redis's port alone, not {list(ports)}")
    return ports[f"{REDIS_PORT}/tcp"] or free_port()
