"""Importing is free: no connection, no process, no environment; and the halves stay apart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

IMPORT_ALL = """
import importlib, pkgutil, sys

def refuse(event, arguments):
    if event in {"socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen",
                 "os.fork", "os.putenv"}:
        raise AssertionError(f"importing does {event} {arguments}")

sys.addaudithook(refuse)
import dbsbm
for module in pkgutil.walk_packages(dbsbm.__path__, "dbsbm."):
    # A program, and Alembic's script, which Alembic alone can run.
    if not module.name.endswith(("__main__", "migrations.env")):
        importlib.import_module(module.name)
print(*sorted(sys.modules), sep="\\n")
"""


def run(code: str) -> set[str]:
    """Run code in a process without any environment; what it prints, line by line."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines())


def test_the_product_imports_without_connection_environment_celery_or_discord() -> None:
    modules = run(IMPORT_ALL)

    assert {"dbsbm.bootstrap", "dbsbm.sandbox.discord.app", "dbsbm.slips.draw"} <= modules
    assert not modules & {"celery", "kombu", "discord", "tasks", "workers", "bot"}


def test_the_bot_imports_neither_the_tasks_nor_what_only_workers_need() -> None:
    modules = run("import sys, bot.client, bot.__main__; print(*sys.modules, sep='\\n')")

    assert {"discord", "celery", "bot.fleet"} <= modules
    assert not modules & {"tasks", "workers", "sqlalchemy", "alembic", "PIL", "httpx", "pymysql"}


def test_the_tasks_import_without_environment() -> None:
    modules = run(
        "import sys, importlib, celeryconfig\n"
        "for name in celeryconfig.imports: importlib.import_module(name)\n"
        "print(*sys.modules, sep='\\n')"
    )

    assert {"tasks.bets", "tasks.retention"} <= modules
    assert not modules & {"discord", "workers", "bot", "flower"}
