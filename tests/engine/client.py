"""The look-alike of `docker.DockerClient`, and the choice between the two."""

from __future__ import annotations

import contextlib
import gc
import os
import warnings
from pathlib import Path

import docker
from docker.errors import DockerException

from tests.engine.containers import LocalContainers
from tests.engine.images import LocalImages
from tests.engine.networks import LocalNetworks
from tests.engine.volumes import LocalVolumes

CHOICES = ("auto", "docker", "local")


class LocalClient:
    """An engine whose containers are processes of this machine, with files below `root`."""

    def __init__(self, root: Path) -> None:
        self.images = LocalImages()
        self.networks = LocalNetworks()
        self.volumes = LocalVolumes(root / "volumes")
        self.containers = LocalContainers(root / "containers", self.images, self.volumes)

    def ping(self) -> bool:
        """Answer, as an engine that is there does."""
        return True

    def close(self) -> None:
        """Remove every container that is left."""
        for container in self.containers.list(all=True):
            container.remove(force=True)


def connect(root: Path) -> docker.DockerClient | LocalClient:
    """Return the engine that TEST_ENGINE asks for.

    `docker` is a real engine, `local` is this package, and `auto` (the default) is the real
    one where it answers.

    Args:
        root: Where the local engine keeps its files.

    Raises:
        ValueError: TEST_ENGINE is none of the three.
        DockerException: `docker` was asked for and does not answer.
    """
    choice = os.environ.get("TEST_ENGINE", "auto")
    if choice not in CHOICES:
        raise ValueError(f"TEST_ENGINE is {choice!r}: set it to one of {', '.join(CHOICES)}")
    real = None if choice == "local" else _docker()
    if real is None and choice == "docker":
        where = os.environ.get("DOCKER_HOST", "its usual socket")
        raise DockerException(f"TEST_ENGINE is docker, and no engine answers at {where}")
    return real or LocalClient(root)


def _docker() -> docker.DockerClient | None:
    with warnings.catch_warnings():
        # docker-py leaves its socket to the garbage collector when nobody answers.
        warnings.simplefilter("ignore", ResourceWarning)
        with contextlib.suppress(DockerException):
            client = docker.from_env(timeout=10)
            client.ping()
            return client
        gc.collect()
    return None
