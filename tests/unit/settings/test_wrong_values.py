"""A wrong value stops the start with a sentence that names the variable and hides the value."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dbsbm.errors import ConfigError
from dbsbm.settings import Settings

PASSWORD = "hunter2-hunter2"

WRONG = {
    "APISPORTS_DAILY_LIMIT": "0",
    "BROKER_URL": f"amqp://user:{PASSWORD}@rabbit/",
    "CACHE_URL": f"redis://:{PASSWORD}@:6379/0",
    "DATABASE_URL": f"postgresql://user:{PASSWORD}@db/name",
    "DB_MAX_OVERFLOW": "-1",
    "DB_POOL_SIZE": "0",
    "DB_POOL_TIMEOUT": "0",
    "DISCORD_API_URL": "discord.com/api",
    "DISCORD_CDN_URL": "cdn",
    "ENABLE_PERFORMANCE_MONITORING": "maybe",
    "ESPN_BASE_URL": "ftp://espn",
    "FLOWER_PORT": "0",
    "DASHBOARD_PORT": "65536",
    "LOG_FORMAT": "xml",
    "LOG_LEVEL": "chatty",
    "PERFORMANCE_LOG_LEVEL": "chatty",
    "PROVIDERS": "espn,bloomberg",
    "REDIS_DB": "-1",
    "REDIS_PORT": "65536",
    "RETENTION_DAYS": "0",
    "SANDBOX_DATA": "perhaps",
    "SCHEDULE_OVERRIDES": '{"cache-cleanup": ',
    "SECRET_KEY": PASSWORD,
    "SLOW_QUERY_SECONDS": "0",
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_value_is_named_and_not_shown(load: Callable[..., Settings], name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(**{name: WRONG[name]})

    text = str(caught.value)
    assert name in text
    assert PASSWORD not in text
    assert text.startswith("Settings: ")
    assert text.endswith(".")
    assert "\n" not in text


@pytest.mark.parametrize(
    "address",
    [
        "redis://user:hunter2/hunter2@host:6379/0",
        "redis:///0",
        "unix://",
        "redis://host:65536/0",
    ],
)
def test_a_redis_address_that_cannot_be_meant_is_refused(
    load: Callable[..., Settings], address: str
) -> None:
    with pytest.raises(ConfigError, match="BROKER_URL must look like redis://") as caught:
        load(BROKER_URL=address)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "mysql+pymysql://user:hunter2/hunter2@host:3306/name",
        "mysql+pymysql://user:hunter2#hunter2@host/name",
        "mysql+pymysql://user:hunter2@hunter2@host/name",
        "mysql+pymysql://user:hunter2@host:port/name",
        "mysql+pymysql://user:hunter2@host",
        "mysql+pymysql://",
        "sqlite://",
        "sqlite:/var/lib/dbsbm.db",
    ],
)
def test_a_database_address_that_cannot_be_meant_is_refused(
    load: Callable[..., Settings], address: str
) -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL must look like mysql") as caught:
        load(DATABASE_URL=address)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "mysql+pymysql://user:p%40ss%2Fword@host/name",
        "mysql+pymysql://user@[::1]:3306/name?charset=utf8mb4",
        "sqlite:///relative.db",
        "sqlite:////var/lib/dbsbm.db",
    ],
)
def test_a_database_address_is_taken_as_it_is(load: Callable[..., Settings], address: str) -> None:
    assert load(DATABASE_URL=address).database.get_secret_value() == address


def test_a_socket_is_a_redis_address(load: Callable[..., Settings]) -> None:
    assert load(CACHE_URL="unix:///run/valkey.sock").cache.get_secret_value().startswith("unix:")


def test_every_wrong_variable_is_in_the_one_sentence(load: Callable[..., Settings]) -> None:
    with pytest.raises(ConfigError) as caught:
        load(LOG_LEVEL="chatty", FLOWER_PORT="none", SECRET_KEY="short")

    assert all(name in str(caught.value) for name in ("LOG_LEVEL", "FLOWER_PORT", "SECRET_KEY"))


def test_a_wrong_value_leaves_no_trace_of_itself_in_the_exception_chain(
    load: Callable[..., Settings],
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(DATABASE_URL=WRONG["DATABASE_URL"])

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_missing_secret_key_is_named(
    load: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="SECRET_KEY is missing; set it"):
        load(SECRET_KEY="")


def test_a_provider_without_its_key_is_named(load: Callable[..., Settings]) -> None:
    with pytest.raises(ConfigError, match="APISPORTS_KEY is missing, and PROVIDERS names"):
        load(PROVIDERS="espn,apisports")


def test_a_schedule_override_must_be_an_object_of_seconds(load: Callable[..., Settings]) -> None:
    with pytest.raises(ConfigError, match="SCHEDULE_OVERRIDES"):
        load(SCHEDULE_OVERRIDES='["cache-cleanup"]')
    with pytest.raises(ConfigError, match="SCHEDULE_OVERRIDES"):
        load(SCHEDULE_OVERRIDES='{"cache-cleanup": "often"}')


def test_no_secret_shows_in_the_repr(load: Callable[..., Settings]) -> None:
    settings = load(
        SECRET_KEY=PASSWORD * 3,
        DISCORD_TOKEN=PASSWORD,
        APISPORTS_KEY=PASSWORD,
        REDIS_HOST="redis",
        REDIS_PASSWORD=PASSWORD,
        FLOWER_PASSWORD=PASSWORD,
        DASHBOARD_PASSWORD=PASSWORD,
        DATABASE_URL=f"mysql+pymysql://user:{PASSWORD}@db/name",
        BROKER_URL=f"redis://:{PASSWORD}@broker/0",
        CACHE_URL=f"redis://:{PASSWORD}@cache/0",
    )

    shown = f"{settings!r} {settings} {settings.broker!r} {settings.cache} {settings.database!r}"
    assert PASSWORD not in shown
    assert PASSWORD not in settings.model_dump_json()
