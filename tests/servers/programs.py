"""Finding a program on this machine, or installing it with apt where that is possible."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

# Where distributions put programs that only an administrator starts.
_DIRECTORIES = ("/usr/sbin", "/usr/libexec", "/usr/local/sbin", "/usr/local/libexec")


class NoServerError(Exception):
    """There is no such program, and none could be installed; the text says what to do."""


def find_program(*names: str) -> Path | None:
    """Return the first of `names` found on the PATH or among the administrator's programs."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_DIRECTORIES])
    found = (shutil.which(name, path=path) for name in names)
    return next((Path(program) for program in found if program), None)


def have_program(names: tuple[str, ...], *, packages: tuple[str, ...], how_to: str) -> Path:
    """Return a program, installing it first where it is missing and that is possible.

    Args:
        names: What it may be called, the best first.
        packages: Debian's packages that bring it.
        how_to: What a person can do, for the error.

    Raises:
        NoServerError: There is none and it cannot be installed here.
    """
    program = find_program(*names) or _install(names, packages, how_to)
    if program is None:
        raise NoServerError(how_to)
    return program


def _install(names: tuple[str, ...], packages: tuple[str, ...], how_to: str) -> Path | None:
    """Install as root with apt, one test process at a time, or return None."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    with (Path(tempfile.gettempdir()) / "dbsbm-tests-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if find_program(*names) is None:
            _apt_get_install(packages, how_to)
        return find_program(*names)


def _apt_get_install(packages: tuple[str, ...], how_to: str) -> None:
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ([*apt, "update"], install):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoServerError(f"{' '.join(command)} failed: {done.stderr.strip()}. {how_to}")
