"""Finding a MariaDB or MySQL server program, or installing one where that is possible."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

_SERVERS = ("mariadbd", "mysqld")
# Where distributions put programs that only an administrator starts.
_DIRECTORIES = ("/usr/sbin", "/usr/libexec", "/usr/local/sbin", "/usr/local/libexec")
# The programs alone: no system account, and no service that apt would start.
_DEBIAN_PACKAGES = ("mariadb-server-core", "mariadb-client-core")

HOW_TO = (
    "These tests need a MariaDB or MySQL server: put `mariadbd` on the PATH (Debian: apt-get "
    f"install {' '.join(_DEBIAN_PACKAGES)}; macOS: brew install mariadb), or set TEST_DATABASE_URL "
    "to a server where databases may be created (mysql+pymysql://user:password@host/)."
)


class NoServerError(Exception):
    """There is no server program, and none could be installed; the text says what to do."""


def find_program(*names: str) -> Path | None:
    """Return the first of `names` found on the PATH or among the administrator's programs."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_DIRECTORIES])
    found = (shutil.which(name, path=path) for name in names)
    return next((Path(program) for program in found if program), None)


def server_program() -> Path:
    """Return the server program, installing it first where that is possible.

    Raises:
        NoServerError: There is none and it cannot be installed here.
    """
    program = find_program(*_SERVERS) or _install()
    if program is None:
        raise NoServerError(HOW_TO)
    return program


def _install() -> Path | None:
    """Install MariaDB as root with apt, one test process at a time, or return None."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    with (Path(tempfile.gettempdir()) / "dbsbm-tests-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return find_program(*_SERVERS) or _apt_get_install()


def _apt_get_install() -> Path | None:
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    install = [*apt, "install", "-y", "--no-install-recommends", *_DEBIAN_PACKAGES]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ([*apt, "update"], install):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoServerError(f"{' '.join(command)} failed: {done.stderr.strip()}. {HOW_TO}")
    return find_program(*_SERVERS)
