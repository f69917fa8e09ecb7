"""Finding a MariaDB or MySQL server program, or installing one where that is possible."""

from __future__ import annotations

from pathlib import Path

from tests.servers.programs import have_program

_SERVERS = ("mariadbd", "mysqld")
# The programs alone: no system account, and no service that apt would start.
_DEBIAN_PACKAGES = ("mariadb-server-core", "mariadb-client-core")

HOW_TO = (
    "These tests need a MariaDB or MySQL server: put `mariadbd` on the PATH (Debian: apt-get "
    f"install {' '.join(_DEBIAN_PACKAGES)}; macOS: brew install mariadb), or set TEST_DATABASE_URL "
    "to a server where databases may be created (mysql+pymysql://user:password@host/)."
)


def server_program() -> Path:
    """Return the server program, installing it first where that is possible.

    Raises:
        NoServerError: There is none and it cannot be installed here.
    """
    return have_program(_SERVERS, packages=_DEBIAN_PACKAGES, how_to=HOW_TO)
