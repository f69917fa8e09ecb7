"""Every command is there, and none pays for what the others import."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from dbsbm.cli import main

HEAVY = {"sqlalchemy", "redis", "pydantic", "aiohttp"}


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def commands(capsys: pytest.CaptureFixture[str], *words: str) -> Iterator[tuple[str, ...]]:
    """Each command below `words`, and below each of them."""
    choices = re.search(r"^ +\{([\w,]+)\}$", help_of(capsys, *words), re.MULTILINE)
    for name in choices[1].split(",") if choices else ():
        yield (*words, name)
        yield from commands(capsys, *words, name)


def test_every_command_says_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    found = set(commands(capsys))

    assert ("optimizer", "history") in found
    assert ("cache", "policy", "set") in found
    assert len(found) > 40


@pytest.mark.parametrize("command", ["", "optimizer", "cache"])
def test_a_list_of_commands_imports_none_of_them(command: str) -> None:
    code = (
        "import sys; from dbsbm.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: print('|', *sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, *command.split(), "--help"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert not HEAVY & set(done.stdout.partition("|")[2].split())
