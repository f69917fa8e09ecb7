"""`python -m dbsbm.sandbox.discord` as its users start it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx

TOKEN = "a-secret-token"


def _start(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    return subprocess.Popen(
        [sys.executable, "-m", "dbsbm.sandbox.discord", "--token-file", str(token), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd())},
    )


def test_it_prints_its_address_serves_its_page_and_ends_on_sigterm(tmp_path):
    process = _start(tmp_path, "--port", "0")
    line = process.stdout.readline()
    url = line.split()[-1]
    with httpx.Client(base_url=url, trust_env=False) as http:
        page, health = http.get("/"), http.get("/standin/health")
    process.send_signal(signal.SIGTERM)
    rest, errors = process.communicate(timeout=10)

    assert line == f"Discord stand-in: {url}\n"
    assert "Local stand-in for Discord" in page.text
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert health.json() == {"ok": True, "bot_connected": False}
    assert (process.returncode, rest, errors) == (0, "", "")


def test_it_ends_at_once_with_a_browser_and_a_bot_still_connected(tmp_path):
    process = _start(tmp_path, "--port", "0")
    url = process.stdout.readline().split()[-1]
    with (
        httpx.Client(base_url=url, trust_env=False) as http,
        http.stream("GET", "/standin/events") as events,
    ):
        lines = events.iter_lines()
        assert next(lines) == "retry: 1000"
        process.send_signal(signal.SIGTERM)
        assert '{"type":"stopping"}' in "".join(lines)
    process.communicate(timeout=10)

    assert process.returncode == 0


def test_a_taken_port_a_missing_file_and_an_open_address_end_in_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refusals = [
            _start(tmp_path, "--port", port),
            _start(tmp_path, "--token-file", str(tmp_path / "missing")),
            _start(tmp_path, "--host", "0.0.0.0"),
        ]
        outcomes = [(p.communicate(timeout=10)[1], p.returncode) for p in refusals]

    assert [code for _, code in outcomes] == [2, 2, 2]
    for sentence, words in zip(outcomes, ("address", "missing", "--allow-remote"), strict=True):
        assert words in sentence[0]
        assert sentence[0].count("\n") == 1
        assert TOKEN not in sentence[0]
