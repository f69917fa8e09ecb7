"""Free loopback ports that stay free while a server is down."""

from __future__ import annotations

import random
import socket

# Below the ephemeral range of Linux and macOS. A port inside it can be taken by any outgoing
# connection while a test's server is down, and a client that retries on loopback can even
# connect to itself there.
_LOWEST, _HIGHEST = 20_000, 32_000
_handed_out: set[int] = set()
_random = random.Random()


def free_port() -> int:
    """Return a TCP port on 127.0.0.1 that nothing listens on and this process never gave out.

    Raises:
        AssertionError: No port of the range is free.
    """
    for port in _random.sample(range(_LOWEST, _HIGHEST), _HIGHEST - _LOWEST):
        if port not in _handed_out and _can_bind(port):
            _handed_out.add(port)
            return port
    raise AssertionError(f"no free port on 127.0.0.1 between {_LOWEST} and {_HIGHEST}")


def _can_bind(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
