"""What else an operator can run on the same server: MySQLTuner, Percona's tools and the sys views.

Their advice is taken at its word: a peer has named a fault where it names the cause and the object,
and no fix is asked of it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.harness import progress
from bench.rig.optimizer_judge import Heard
from bench.rig.optimizer_lab import PlantedLab
from bench.rig.optimizer_server import installed

PROGRAMS = {
    "mysqltuner": "mysqltuner",
    "mysqladmin": "mariadb-client",  # without which MySQLTuner does not start
    "pt-duplicate-key-checker": "percona-toolkit",
}
"""Program -> Debian's package that brings it."""
TOGETHER = "all peers"
TIMEOUT = 240
"""Seconds until a peer is given up."""

_DROP = re.compile(r"ALTER TABLE `?(\w+)`?\.`?(\w+)`?\s+DROP (?:INDEX|KEY) (.+?);", re.IGNORECASE)

Tool = Callable[[PlantedLab], list[Heard]]


def have_peers() -> None:
    """Install the peers' packages where that is possible."""
    packages = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if packages and not installed(packages):
        progress(f"peers that are missing count as silent: apt-get install {' '.join(packages)}")


def say(lab: PlantedLab) -> Mapping[str, list[Heard]]:
    """Return what each peer says of the server; a peer that is missing or fails says nothing."""
    said = {name: tool(lab) for name, tool in TOOLS.items()}
    return {**said, TOGETHER: [each for findings in said.values() for each in findings]}


def _index(rule: str, schema: str, table: str, index: str, *fix: str) -> Heard:
    name = f"{schema}.{table}".lower()
    return Heard(rule, f"{name}.{index}", name, frozenset(), index.lower(), fix=fix)


def _sys_views(lab: PlantedLab) -> list[Heard]:
    schemas = ", ".join(f"'{each}'" for each in lab.blueprint.schemas)
    redundant = lab.rows(
        "SELECT table_schema, table_name, redundant_index_name, sql_drop_index "
        f"FROM sys.schema_redundant_indexes WHERE table_schema IN ({schemas})"
    )
    unused = lab.rows(
        "SELECT object_schema, object_name, index_name FROM sys.schema_unused_indexes "
        f"WHERE object_schema IN ({schemas})"
    )
    full = lab.rows(
        "SELECT table_schema, table_name, column_name FROM sys.schema_auto_increment_columns "
        f"WHERE auto_increment_ratio > 0.8 AND table_schema IN ({schemas})"
    )
    return [
        *(_index("index.redundant", s, t, i, drop) for s, t, i, drop in redundant),
        *(
            _index("index.unused", s, t, i, f"ALTER TABLE `{s}`.`{t}` DROP INDEX `{i}`")
            for s, t, i in unused
        ),
        *(_index("schema.key_running_out", s, t, c) for s, t, c in full),
    ]


def _duplicate_key_checker(lab: PlantedLab) -> list[Heard]:
    said = _run(["pt-duplicate-key-checker", *_login(lab), "--databases", _databases(lab)])
    return _drops(said, "index.redundant")


def _index_usage(lab: PlantedLab) -> list[Heard]:
    """Give it the runs of the load that were kept, as a slow log."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "slow.log"
        log.write_text("".join(map(_logged, _kept(lab))))
        said = _run(["pt-index-usage", *_login(lab), "--databases", _databases(lab), str(log)])
    return _drops(said, "index.unused")


def _kept(lab: PlantedLab) -> Sequence[tuple[str, str]]:
    return [(each.schema, sql) for each, runs in lab.samples.items() for sql in runs]


def _logged(run: tuple[str, str]) -> str:
    schema, sql = run
    return (
        "# Time: 240101  1:00:00\n# User@Host: app[app] @ localhost []\n"
        "# Query_time: 0.1  Lock_time: 0.0  Rows_sent: 1  Rows_examined: 1\n"
        f"use {schema};\n{sql};\n"
    )


def _drops(said: str, rule: str) -> list[Heard]:
    found = []
    for schema, table, names in _DROP.findall(said):
        for name in re.findall(r"`?(\w+)`?", re.sub(r"DROP (?:INDEX|KEY)", "", names)):
            fix = f"ALTER TABLE `{schema}`.`{table}` DROP INDEX `{name}`"
            found.append(_index(rule, schema, table, name, fix))
    return found


_TUNER_LINES = (
    ("index.unused", r"Index: (?P<detail>\w+) on (?P<schema>\w+)\.(?P<table>\w+) is not used"),
    (
        "index.redundant",
        r"\+-- \d+: (?P<schema>\w+)\t(?P<table>\w+)\t(?P<detail>\w+)\t.*DROP INDEX",
    ),
    ("schema.no_primary_key", r"Table (?P<schema>\w+)\.(?P<table>\w+) has no index defined"),
)
"""What MySQLTuner says in lines that name an object; its other lines name none."""


def _mysqltuner(lab: PlantedLab) -> list[Heard]:
    user, password = lab.server.login
    login = ["--host", "127.0.0.1", "--port", str(lab.server.port), "--user", user]
    asked = [
        "--forcemem",
        "4096",
        "--forceswap",
        "0",
        "--dbstat",
        "--tbstat",
        "--idxstat",
        "--pfstat",
    ]
    said = _run(["mysqltuner", *login, "--pass", password, "--nocolor", "--skippassword", *asked])
    return read_mysqltuner(said, lab.blueprint.schemas)


def read_mysqltuner(said: str, schemas: Sequence[str]) -> list[Heard]:
    """Return what MySQLTuner's text says of objects in these schemas."""
    found = []
    for line in said.splitlines():
        for rule, pattern in _TUNER_LINES:
            if (match := re.search(pattern, line)) and match["schema"] in schemas:
                found.append(_mentioned(rule, **match.groupdict()))
    return found


def _mentioned(rule: str, schema: str, table: str, detail: str = "") -> Heard:
    if detail:
        fix = f"ALTER TABLE `{schema}`.`{table}` DROP INDEX `{detail}`"
        return _index(rule, schema, table, detail, fix)
    name = f"{schema}.{table}".lower()
    return Heard(rule, name, name, frozenset(), "")


def _login(lab: PlantedLab) -> list[str]:
    user, password = lab.server.login
    return [
        "--host",
        "127.0.0.1",
        "--port",
        str(lab.server.port),
        "--user",
        user,
        "--password",
        password,
    ]


def _databases(lab: PlantedLab) -> str:
    return ",".join(lab.blueprint.schemas)


def _run(command: Sequence[str]) -> str:
    if not shutil.which(command[0]):
        return ""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT, check=False, errors="replace"
        )
    except subprocess.TimeoutExpired:
        progress(f"{command[0]} took over {TIMEOUT} s and was given up")
        return ""
    if done.returncode != 0 and not done.stdout:
        progress(f"{command[0]} failed: {done.stderr.strip()[-200:]}")
    return done.stdout


TOOLS: Mapping[str, Tool] = {
    "MySQLTuner": _mysqltuner,
    "pt-duplicate-key-checker": _duplicate_key_checker,
    "pt-index-usage": _index_usage,
    "sys views": _sys_views,
}
"""Peer -> how it is asked."""
