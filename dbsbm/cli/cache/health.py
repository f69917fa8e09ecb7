"""`cache health`: is the cache's server well, and do the processes hear it? Exit code 1 if not."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from dbsbm.cache.operating.health import CacheHealth, check
from dbsbm.cache.operating.totals import read_processes
from dbsbm.cache.policy.mirror import is_published
from dbsbm.cli.cache.server import add_json, open_client
from dbsbm.cli.output import say, say_json, spell_bytes

EXIT_UNHEALTHY = 1


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    with open_client() as client:
        health = check(client)
        channels = _channels(read_processes(client)) if health.reachable else {}
        mirrored = is_published(client) if health.reachable else None
    if arguments.json:
        say_json(_as_json(health, channels, mirrored))
    else:
        say("\n".join(_lines(health, channels, mirrored)))
    return EXIT_UNHEALTHY if health.problems else 0


def _channels(processes: Any) -> Mapping[str, int]:
    """How many living processes say what of their channel to the server."""
    return Counter(str(process.gauges.get("channel", "none")) for process in processes)


def _as_json(
    health: CacheHealth, channels: Mapping[str, int], mirrored: bool | None
) -> dict[str, Any]:
    return {
        "healthy": not health.problems,
        **asdict(health),
        "channels": channels,
        "policies_mirrored": mirrored,
        "problems": health.problems,
        "advice": health.advice,
    }


def _lines(health: CacheHealth, channels: Mapping[str, int], mirrored: bool | None) -> list[str]:
    found = [*health.problems, *health.advice]
    if not health.reachable:
        return found
    used, limit = spell_bytes(health.used_memory or 0), health.max_memory
    facts = [
        ("server", f"{health.server} {health.version}"),
        ("latency", f"{(health.latency or 0) * 1000:.2f} ms"),
        ("memory", f"{used} of {spell_bytes(limit) if limit else 'no limit'}"),
        ("when full", health.policy),
        ("keys", health.keys),
        ("evicted", f"{health.evicted_keys} since it started"),
        ("stores", "no" if health.refused_write else "yes"),
        ("tells of changes", {True: "yes", False: "no", None: "not tried"}[health.tracking]),
        ("policies", "mirrored" if mirrored else "not mirrored: the table of the code"),
        ("channels", ", ".join(f"{count} {state}" for state, count in channels.items()) or "none"),
    ]
    width = max(len(name) for name, _ in facts)
    return [*(f"{name:<{width}}  {fact}" for name, fact in facts), *found]
