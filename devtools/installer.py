"""Installs a lock file with pip, and turns what pip prints into one sentence when it fails."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from devtools.errors import DevError
from devtools.paths import python_of
from devtools.progress import Progress

_ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    # Settings a person may have for their own pip, and that do not go with a virtual environment.
    "PIP_USER": "0",
    "PIP_REQUIRE_VIRTUALENV": "0",
}

_NO_NETWORK = (
    "Failed to establish a new connection|Name or service not known|NameResolutionError"
    "|NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ConnectionResetError"
    "|ProtocolError|Network is unreachable|nodename nor servname"
)
# What pip says -> what it means. The first that is found counts.
_CAUSES = (
    ("DO NOT MATCH THE HASHES", "a package is not the one that was locked: somebody changed it"),
    ("No space left on device", "the disk is full"),
    (
        _NO_NETWORK,
        "the package index cannot be reached; connect to the network and run this again",
    ),
    ("SSLError|CERTIFICATE_VERIFY_FAILED", "the package index's certificate is not trusted here"),
    (
        "No matching distribution found",
        "the package index has no build of a locked package for this Python or this machine",
    ),
)


def install(venv: Path, lock: Path, *, before_change: Callable[[], None]) -> None:
    """Install every package of `lock` into `venv`.

    Args:
        venv: A virtual environment, with or without pip.
        lock: Requirements with a hash for each.
        before_change: Called when all is downloaded and `venv` is about to change.

    Raises:
        DevError: A package could not be installed; the text says why and names pip's own words.
    """
    _bring_pip(venv)
    with Progress(f"Installing {lock.name}") as progress:
        lines = _run_pip(venv, lock, progress, before_change)
        log = venv / "install.log"
        log.write_text("".join(lines), "utf-8")
        if not lines or not lines[-1].startswith("exit 0"):
            raise DevError(f"Installing packages failed: {_explain(lines)} (pip's words: {log}).")
    _compile(venv)


def _bring_pip(venv: Path) -> None:
    python = python_of(venv)
    if _succeeds([python, "-c", "import pip"]):
        return
    if not _succeeds([python, "-c", "import ensurepip"]):
        raise DevError(
            "This Python has no pip to make an environment with: install it "
            "(Debian, Ubuntu: apt-get install python3-venv) and run this again."
        )
    with Progress("Making a virtual environment in .venv"):
        if not _succeeds([python, "-m", "ensurepip", "--default-pip"]):
            raise DevError(f"Python's own installer of pip failed: {python} -m ensurepip says why.")


def _succeeds(command: list[str | Path]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run_pip(
    venv: Path, lock: Path, progress: Progress, before_change: Callable[[], None]
) -> list[str]:
    """Run pip to its end and return what it printed, with a last line `exit CODE`."""
    total = sum(1 for line in lock.read_text("utf-8").splitlines() if re.match(r"[\w.-]+==", line))
    lines: list[str] = []
    for line in _output(_command(venv, lock)):
        lines.append(line)
        if line.startswith("Collecting "):
            fetched = sum(1 for each in lines if each.startswith(("Collecting ", "Ignoring ")))
            progress.detail(f"{fetched} of {total} packages fetched")
        elif line.startswith("Installing collected packages"):
            before_change()
            progress.detail("unpacking")
    return lines


def _command(venv: Path, lock: Path) -> list[str]:
    return [
        *(str(python_of(venv)), "-m", "pip", "install"),
        *("--require-hashes", "--requirement", str(lock)),
        # The lock file is complete, and building a package would run code that nobody locked.
        *("--no-deps", "--only-binary", ":all:"),
        *("--no-compile", "--retries", "2", "--timeout", "20"),
    ]


def _output(command: list[str]) -> Iterator[str]:
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, **_ENVIRONMENT},
    ) as process:
        assert process.stdout is not None
        yield from process.stdout
    yield f"exit {process.returncode}\n"


def _explain(lines: Iterable[str]) -> str:
    text = "".join(lines)
    for pattern, meaning in _CAUSES:
        if re.search(pattern, text):
            return meaning
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return errors[-1] if errors else "pip ended without saying why"


def _compile(venv: Path) -> None:
    """Compile on all cores: otherwise every process of the fleet does it at its first start.

    Not so Plotly's Python, which is half of all and never imported: its JavaScript is what is used.
    """
    skipped = r"[/\\]site-packages[/\\]plotly[/\\]"
    with Progress("Compiling packages"):
        _succeeds(
            [python_of(venv), "-m", "compileall", "-q", "-j", "0", "-x", skipped, venv / "lib"]
        )
