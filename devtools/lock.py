"""`./dev lock`: resolve pyproject.toml into requirements/, every package with its hashes."""

from __future__ import annotations

import subprocess
import venv

from devtools.environment import BASE, DEV
from devtools.errors import DevError
from devtools.paths import LOCK_VENV, REQUIREMENTS, ROOT, python_of
from devtools.progress import Progress

_OPTIONS = (
    *("--universal", "--python-version", "3.11", "--generate-hashes"),
    # Where packages come from is the business of whoever installs them.
    *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"),
    "--quiet",
)


def main(arguments: list[str]) -> int:
    """Write both lock files. Further arguments go to uv, such as `--upgrade`.

    Raises:
        DevError: uv could not be installed, or found no set of versions that fit.
    """
    _bring_uv()
    requirements = REQUIREMENTS.relative_to(ROOT)
    dev, base = (str(requirements / name) for name in (DEV, BASE))
    _compile(dev, ["--group", "dev", *arguments])
    _compile(base, ["--constraint", dev, *arguments])
    return 0


def _bring_uv() -> None:
    with Progress("Installing uv in .venv-lock"):
        if not python_of(LOCK_VENV).exists():
            venv.create(LOCK_VENV, with_pip=True)
        _run(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"])


def _compile(output: str, options: list[str]) -> None:
    with Progress(f"Resolving {output}"):
        command = ["-m", "uv", "pip", "compile", "pyproject.toml", *_OPTIONS, *options]
        _run([*command, "--output-file", output])


def _run(arguments: list[str]) -> None:
    command = [str(python_of(LOCK_VENV)), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = done.stderr.strip() or done.stdout.strip()
        raise DevError(f"The dependencies were not resolved. What uv or pip said:\n{words}")
