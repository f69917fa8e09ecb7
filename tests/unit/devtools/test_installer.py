"""Pip's many words, and the sentence that a person reads."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from devtools import installer
from devtools.errors import DevError
from devtools.paths import python_of

NO_NETWORK = """\
WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'
ERROR: Could not find a version that satisfies the requirement vine==5.1.0 (from versions: none)
ERROR: No matching distribution found for vine==5.1.0
"""
CHANGED = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n"
NO_BUILD = "ERROR: No matching distribution found for pillow==13.0.0\n"
FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"
OTHER = "ERROR: Something new\n"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    file = tmp_path / "base.txt"
    file.write_text("vine==5.1.0 \\\n    --hash=sha256:aa\nkombu==5.7.0 \\\n    --hash=sha256:bb\n")
    return file


@pytest.fixture
def venv_with_pip(tmp_path: Path):
    """An environment whose `python -m pip` prints what a test says, and keeps its arguments."""

    def make(says: str, code: int = 0) -> Path:
        venv = tmp_path / "with space" / ".venv"
        python = python_of(venv)
        python.parent.mkdir(parents=True)
        script = venv / "pip.py"
        script.write_text(
            "import json, sys\n"
            "if sys.argv[1:3] == ['-m', 'pip']:\n"
            f"    json.dump(sys.argv, open({str(venv / 'argv.json')!r}, 'w'))\n"
            f"    print({says!r}, end='')\n"
            f"    sys.exit({code})\n"
        )
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
        python.chmod(0o755)
        return venv

    return make


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        (NO_NETWORK, "the package index cannot be reached; connect to the network"),
        (CHANGED, "a package is not the one that was locked"),
        (NO_BUILD, "the package index has no build of a locked package"),
        (FULL, "the disk is full"),
        (OTHER, "Something new"),
        ("", "pip ended without saying why"),
    ],
)
def test_a_failure_is_one_sentence_that_names_its_cause(venv_with_pip, lock, says, sentence):
    venv = venv_with_pip(says, code=1)
    with pytest.raises(DevError) as failure:
        installer.install(venv, lock, before_change=lambda: None)
    assert sentence in str(failure.value)
    assert "\n" not in str(failure.value)
    assert says in (venv / "install.log").read_text()


def test_nothing_but_locked_wheels_is_installed(venv_with_pip, lock):
    venv = venv_with_pip("")
    installer.install(venv, lock, before_change=lambda: None)
    argv = json.loads((venv / "argv.json").read_text())
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(argv)
    assert str(lock) in argv


def test_the_change_is_announced_before_packages_are_unpacked(venv_with_pip, lock):
    announced: list[str] = []
    venv = venv_with_pip("Collecting vine==5.1.0\nInstalling collected packages: vine\n")
    installer.install(venv, lock, before_change=lambda: announced.append("now"))
    assert announced == ["now"]


def test_progress_counts_packages_and_leaves_pips_words_out(venv_with_pip, lock, capsys):
    venv = venv_with_pip("Looking in indexes: secret\nCollecting vine==5.1.0\n")
    installer.install(venv, lock, before_change=lambda: None)
    shown = capsys.readouterr().err
    assert "Installing base.txt" in shown
    assert "secret" not in shown
