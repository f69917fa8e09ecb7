"""When `.venv` is made, renewed, repaired, and left alone. Installing is played, not done."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools import environment, marker
from devtools.environment import BASE, DEV
from devtools.errors import DevError
from devtools.paths import REQUIREMENTS, python_of


class Installer:
    """Remembers what it was asked to install, and fails as it is told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails: BaseException | None = None
        self.fails_while_changing = False

    def __call__(self, venv: Path, lock: Path, *, before_change) -> None:
        self.asked.append(lock.name)
        if self.fails and not self.fails_while_changing:
            raise self.fails
        before_change()
        if self.fails:
            raise self.fails


@pytest.fixture
def installer() -> Installer:
    return Installer()


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    return tmp_path / "a project" / ".venv"


@pytest.fixture(autouse=True)
def _project_folder(venv: Path) -> None:
    venv.parent.mkdir()


def test_a_missing_environment_is_made_once(venv, installer):
    python = environment.ensure(BASE, venv=venv, install=installer)
    again = environment.ensure(BASE, venv=venv, install=installer)
    assert installer.asked == [BASE]
    assert python == again == python_of(venv)
    assert python.exists()


def test_the_developers_environment_holds_the_fleets_too(venv, installer):
    environment.ensure(DEV, venv=venv, install=installer)
    environment.ensure(BASE, venv=venv, install=installer)
    assert installer.asked == [DEV]


def test_a_fleets_environment_grows_into_the_developers(venv, installer):
    environment.ensure(BASE, venv=venv, install=installer)
    environment.ensure(DEV, venv=venv, install=installer)
    assert installer.asked == [BASE, DEV]


def test_a_changed_lock_is_installed_over_what_is_there(venv, installer):
    environment.ensure(BASE, venv=venv, install=installer)
    mine = venv / "kept"
    mine.touch()
    marker.write(venv, marker.READY, {BASE: "hash of an older lock"})
    environment.ensure(BASE, venv=venv, install=installer)
    assert installer.asked == [BASE, BASE]
    assert mine.exists()


def test_the_tools_are_renewed_together_with_the_packages_they_look_at(venv, installer):
    environment.ensure(DEV, venv=venv, install=installer)
    marker.write(venv, marker.READY, {BASE: "older", DEV: "older"})
    environment.ensure(BASE, venv=venv, install=installer)
    assert installer.asked == [DEV, DEV]


@pytest.mark.parametrize("end", [KeyboardInterrupt(), DevError("the disk is full")])
def test_an_environment_left_half_made_is_made_anew(venv, installer, end):
    installer.fails, installer.fails_while_changing = end, True
    with pytest.raises(type(end)):
        environment.ensure(BASE, venv=venv, install=installer)
    broken = venv / "half a package"
    broken.touch()
    installer.fails = None
    environment.ensure(BASE, venv=venv, install=installer)
    assert not broken.exists()
    assert marker.read(venv).state == marker.READY


def test_a_renewal_that_fails_before_it_changes_anything_costs_nothing(venv, installer):
    environment.ensure(BASE, venv=venv, install=installer)
    kept = {BASE: "hash of an older lock"}
    marker.write(venv, marker.READY, kept)
    installer.fails = DevError("no network")
    with pytest.raises(DevError):
        environment.ensure(BASE, venv=venv, install=installer)
    note = marker.read(venv)
    assert (note.state, note.locks) == (marker.READY, kept)


def test_an_environment_of_another_python_is_made_anew(venv, installer):
    environment.ensure(BASE, venv=venv, install=installer)
    note = (venv / "dbsbm-environment.json").read_text()
    version = marker.read(venv).python
    (venv / "dbsbm-environment.json").write_text(note.replace(version, "3.99.1"))
    old = venv / "old"
    old.touch()
    environment.ensure(BASE, venv=venv, install=installer)
    assert installer.asked == [BASE, BASE]
    assert not old.exists()


def test_an_environment_that_somebody_else_made_is_kept_and_filled(venv, installer):
    environment.ensure(BASE, venv=venv, install=installer)
    (venv / "dbsbm-environment.json").unlink()
    theirs = venv / "theirs"
    theirs.touch()
    environment.ensure(BASE, venv=venv, install=installer)
    assert installer.asked == [BASE, BASE]
    assert theirs.exists()


def test_a_place_that_cannot_be_written_is_named(venv, installer):
    venv.touch()
    with pytest.raises(DevError, match=r"Cannot make .*\.venv: "):
        environment.ensure(BASE, venv=venv, install=installer)


def test_the_developers_lock_pins_what_the_fleets_lock_pins():
    def pins(name: str) -> set[str]:
        lines = (REQUIREMENTS / name).read_text().splitlines()
        return {line.split(" ")[0] for line in lines if "==" in line}

    assert pins(BASE) <= pins(DEV)


@pytest.mark.parametrize("name", [BASE, DEV])
def test_a_lock_names_no_address(name):
    text = (REQUIREMENTS / name).read_text()
    assert "://" not in text
    assert "--hash=sha256:" in text
