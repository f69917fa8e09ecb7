"""What tests ask the server itself."""

from __future__ import annotations

from tests.servers import ValkeyServer


def calls(server: ValkeyServer, command: str) -> int:
    """Return how often a command was called since the statistics were reset."""
    stats = server.client().info("commandstats")
    return int(stats.get(f"cmdstat_{command}", {}).get("calls", 0))


def commands(server: ValkeyServer) -> set[str]:
    """Return the commands that were called since the statistics were reset."""
    return {name.removeprefix("cmdstat_") for name in server.client().info("commandstats")}
