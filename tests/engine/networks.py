"""Networks: names only, as every local container is on the loopback interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from docker.errors import NotFound


@dataclass
class LocalNetwork:
    """A name that containers may be attached to."""

    name: str
    attrs: dict[str, Any] = field(default_factory=dict)
    removed: bool = False

    @property
    def id(self) -> str:
        """Its name: unique, as pytest-docker-tools draws it at random."""
        return self.name

    def remove(self) -> None:
        """Let the name go; containers still attached keep running."""
        self.removed = True


class LocalNetworks:
    """All networks by name."""

    def __init__(self) -> None:
        self._networks: dict[str, LocalNetwork] = {}

    def create(self, name: str, *, labels: Mapping[str, str] | None = None) -> LocalNetwork:
        """Create a network."""
        self._networks[name] = LocalNetwork(name, {"Labels": dict(labels or {})})
        return self._networks[name]

    def get(self, name: str) -> LocalNetwork:
        """Return a network by its name.

        Raises:
            NotFound: There is none, or it was removed.
        """
        network = self._networks.get(name)
        if network is None or network.removed:
            raise NotFound(f"no such network: {name}")
        return network
