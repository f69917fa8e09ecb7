"""What would be installed: the core package, complete, and nothing beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = "from setuptools import build_meta; build_meta.build_wheel('dist')"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of a wheel built from a copy, as building leaves its traces in the tree."""
    copy = tmp_path_factory.mktemp("copy")
    for name in ("dbsbm", "bot", "tasks", "workers", "devtools", "bench"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in [*ROOT.glob("*.py"), *ROOT.glob("*.toml"), ROOT / "README.md", ROOT / "LICENSE"]:
        shutil.copy(file, copy)
    # As in a working copy in which the product has run.
    (copy / "dbsbm" / "__pycache__").mkdir()
    (copy / "dbsbm" / "__pycache__" / "errors.cpython-311.pyc").touch()

    done = subprocess.run(
        [sys.executable, "-c", BUILD], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (built,) = (copy / "dist").iterdir()
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_the_core_package_and_nothing_else(wheel: set[str]) -> None:
    top = {name.split("/")[0] for name in wheel}

    assert {name for name in top if not name.endswith(".dist-info")} == {"dbsbm"}
    assert not any("__pycache__" in name for name in wheel)


def test_the_wheel_holds_every_file_of_the_core_package(wheel: set[str]) -> None:
    files = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "dbsbm").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }

    assert any(name.endswith(".ttf") for name in files)
    assert any(name.endswith("page/index.html") for name in files)
    assert files - wheel == set()
