"""Where a value comes from: the environment, then .env, then the files of mounted secrets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dbsbm.errors import ConfigError
from dbsbm.settings import Settings


def test_the_environment_wins_over_the_file(load: Callable[..., Settings], env_file: Path) -> None:
    env_file.write_text("LOG_LEVEL=DEBUG\nRETENTION_DAYS=7\n")

    settings = load(LOG_LEVEL="ERROR")

    assert (settings.log_level, settings.retention_days) == ("ERROR", 7)


def test_the_file_wins_over_a_mounted_secret(
    load: Callable[..., Settings], env_file: Path, secrets_folder: Path
) -> None:
    env_file.write_text("DISCORD_TOKEN=from-the-file\n")
    (secrets_folder / "discord_token").write_text("from-the-mount\n")

    token = load().discord_token

    assert token is not None
    assert token.get_secret_value() == "from-the-file"


def test_a_mounted_secret_is_read_without_its_newline(
    load: Callable[..., Settings], secrets_folder: Path
) -> None:
    (secrets_folder / "broker_url").write_text("redis://:password@broker:6379/0\n")

    assert load().broker.get_secret_value() == "redis://:password@broker:6379/0"


def test_an_empty_mounted_secret_counts_as_not_set(
    load: Callable[..., Settings], secrets_folder: Path
) -> None:
    for name in (
        "redis_password",
        "discord_token",
        "apisports_key",
        "flower_password",
        "dashboard_password",
    ):
        (secrets_folder / name).write_text("\n")

    settings = load()

    assert settings.apisports_key is settings.discord_token is None
    assert settings.redis_password is settings.flower_password is None
    assert settings.dashboard_password is None
    with pytest.raises(ConfigError, match="APISPORTS_KEY is missing"):
        load(PROVIDERS="apisports")


def test_an_empty_variable_counts_as_not_set(load: Callable[..., Settings]) -> None:
    settings = load(LOG_LEVEL="", DATABASE_URL="", DISCORD_TOKEN="", LEAGUES="")

    assert settings.log_level == "INFO"
    assert settings.discord_token is None
    assert settings.database.get_secret_value().startswith("sqlite:///")
    assert settings.leagues == Settings.model_fields["leagues"].default


def test_lists_may_have_spaces_and_capitals(load: Callable[..., Settings]) -> None:
    settings = load(LEAGUES=" NFL, nba ,", PROVIDERS="ESPN", LOG_LEVEL="debug")

    assert settings.leagues == ("nfl", "nba")
    assert settings.providers == ("espn",)
    assert settings.log_level == "DEBUG"


def test_schedule_overrides_are_seconds_by_job(load: Callable[..., Settings]) -> None:
    settings = load(SCHEDULE_OVERRIDES='{"cache-cleanup": 600, "grading": 0}')

    assert settings.schedule_overrides == {"cache-cleanup": 600.0, "grading": 0.0}


def test_settings_cannot_be_changed_once_read(load: Callable[..., Settings]) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().log_level = "DEBUG"  # type: ignore[misc]
