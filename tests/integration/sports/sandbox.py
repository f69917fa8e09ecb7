"""The sandbox provider server as a process of its own."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.servers import ChildProcess, free_port, wait_until

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def sandbox() -> Iterator[str]:
    """Start the server; its address."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = ChildProcess(
            [sys.executable, "-m", "dbsbm.sandbox.providers", "--port", str(port)],
            cwd=ROOT,
            log=Path(folder) / "sandbox.log",
        )
        process.start()
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(url), message="the provider sandbox did not start")
        yield url
        process.stop()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/sandbox/stats").is_success
    except httpx.TransportError:
        return False
