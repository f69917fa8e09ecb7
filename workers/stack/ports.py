"""Ports on loopback that nothing listens on."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

# Below the ephemeral range of Linux and macOS: an outgoing connection cannot take a port of ours
# while its server is being restarted.
_LOWEST, _HIGHEST = 20_000, 32_000


def is_free(port: int) -> bool:
    """True where a server could listen on 127.0.0.1 at this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections that have just ended do not keep a port busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports() -> Iterator[int]:
    """Free ports, each once, in no order that another stack would follow."""
    for port in random.sample(range(_LOWEST, _HIGHEST), _HIGHEST - _LOWEST):
        if is_free(port):
            yield port
