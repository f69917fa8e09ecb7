"""Settings read from what a test says, and from nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dbsbm import settings as module
from dbsbm.settings import Settings, load_settings

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / "dot-env"


@pytest.fixture
def secrets_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    return folder


@pytest.fixture
def load(
    monkeypatch: pytest.MonkeyPatch, env_file: Path, secrets_folder: Path
) -> Callable[..., Settings]:
    """Load the settings from these variables, the test's .env file and its secrets' folder."""
    for name in Settings.model_fields:
        for spelling in (name, name.upper()):
            monkeypatch.delenv(spelling, raising=False)

    def load_from(**variables: str) -> Settings:
        for name, value in {"SECRET_KEY": SECRET, **variables}.items():
            monkeypatch.setenv(name, value)
        return load_settings()

    config = {**Settings.model_config, "env_file": env_file, "secrets_dir": secrets_folder}
    narrowed = type("Settings", (Settings,), {"model_config": config})
    monkeypatch.setattr(module, "Settings", narrowed)
    assert os.environ.get("SECRET_KEY") is None
    return load_from
