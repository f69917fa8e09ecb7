"""Peers: other projects' packages, in environments of their own, run as programs.

A peer never becomes a dependency of the product. Each has its exact versions in its own directory
below `.venv-bench`, as some cannot live with others (or with ours) in one environment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.harness import progress

ENVIRONMENTS = Path(__file__).parents[1] / ".venv-bench"


class PeerError(Exception):
    """A peer could not be installed or run; the text says which, and what it printed."""


@dataclass(frozen=True)
class Peer:
    """One environment of peers.

    Attributes:
        name: The environment's name, which is its directory's.
        packages: What is installed, each pinned: `"cashews[redis]==7.6.0"`.
        root: Where the environments are.
    """

    name: str
    packages: tuple[str, ...]
    root: Path = ENVIRONMENTS

    def __post_init__(self) -> None:
        loose = [package for package in self.packages if "==" not in package]
        if loose:
            raise ValueError(f"a peer's numbers need its exact version: pin {', '.join(loose)}")

    def run(self, script: Path, *arguments: str, timeout: float = 300) -> Any:
        """Run a script with the peer's Python and return the JSON of its last line.

        Args:
            script: A program that measures and prints; it can import the peer, and nothing of ours.
            arguments: Its command line.
            timeout: Seconds until it is given up.

        Raises:
            PeerError: It could not be installed, failed, took too long or printed no JSON.
        """
        command = [str(self.python()), str(script), *arguments]
        lines = self._output(command, script.name, timeout=timeout).splitlines() or [""]
        try:
            return json.loads(lines[-1])
        except ValueError as error:
            raise PeerError(f"{script.name} must print JSON last, not {lines[-1]!r}") from error

    def python(self) -> Path:
        """Return the environment's Python, creating the environment when it is not there yet.

        Raises:
            PeerError: The packages could not be installed.
        """
        directory = self.root / self.name
        python = directory / "bin" / "python"
        installed = directory / "installed"
        wanted = "\n".join([sys.version, *self.packages])
        # Written last, so that an installation that was broken off is made again.
        if not (installed.exists() and installed.read_text() == wanted):
            self._install(directory, python)
            installed.write_text(wanted)
        return python

    def _install(self, directory: Path, python: Path) -> None:
        what = f"installing {', '.join(self.packages)}"
        progress(f"{self.name}: {what} into {directory}")
        shutil.rmtree(directory, ignore_errors=True)
        venv.create(directory, with_pip=bool(self.packages))
        (self.root / ".gitignore").write_text("*\n")
        if self.packages:
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            self._output([*pip, *self.packages], what, timeout=900)

    def _output(self, command: Sequence[str], what: str, *, timeout: float) -> str:
        """Run a command without our own import path and return its output."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        try:
            done = subprocess.run(
                command,
                env=environment,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=True,
            )
        except subprocess.TimeoutExpired as error:
            raise PeerError(f"{self.name}: {what} took over {timeout:g} s") from error
        except subprocess.CalledProcessError as error:
            ending = error.stderr.strip()[-2000:]
            raise PeerError(f"{self.name}: {what} failed: {ending}") from error
        return done.stdout
