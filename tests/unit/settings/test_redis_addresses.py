"""REDIS_HOST and its companions stand in for the addresses that are not set."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dbsbm.errors import ConfigError
from dbsbm.settings import Settings


def addresses(settings: Settings) -> tuple[str, str]:
    return settings.broker.get_secret_value(), settings.cache.get_secret_value()


def test_without_any_address_the_missing_variable_is_named(load: Callable[..., Settings]) -> None:
    settings = load()

    with pytest.raises(ConfigError, match="BROKER_URL is missing: set it, or set REDIS_HOST"):
        _ = settings.broker
    with pytest.raises(ConfigError, match="CACHE_URL is missing: set it, or set REDIS_HOST"):
        _ = settings.cache


def test_one_redis_serves_the_cache_and_on_the_next_database_the_broker(
    load: Callable[..., Settings],
) -> None:
    settings = load(REDIS_HOST="redis.local", REDIS_PORT="6380", REDIS_DB="3")

    assert addresses(settings) == ("redis://redis.local:6380/4", "redis://redis.local:6380/3")
    assert settings.is_shared_redis


def test_an_address_of_its_own_goes_first(load: Callable[..., Settings]) -> None:
    settings = load(REDIS_HOST="redis.local", BROKER_URL="redis://broker.local:6379/0")

    assert addresses(settings) == ("redis://broker.local:6379/0", "redis://redis.local:6379/0")
    assert not settings.is_shared_redis


def test_two_databases_of_one_server_are_one_redis(load: Callable[..., Settings]) -> None:
    settings = load(BROKER_URL="redis://one:6379/0", CACHE_URL="redis://one:6379/1")

    assert settings.is_shared_redis


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(password=st.text(st.characters(exclude_categories=["C"]), min_size=1).filter(str.strip))
def test_any_password_survives_its_way_into_the_address(
    load: Callable[..., Settings], password: str
) -> None:
    settings = load(REDIS_HOST="redis.local", REDIS_PASSWORD=password)

    parts = urlsplit(settings.broker.get_secret_value())
    assert unquote(parts.password or "") == password
    assert parts.hostname == "redis.local"


@pytest.mark.parametrize(
    ("address", "is_local"),
    [
        ("http://127.0.0.1:8080/api/v10", True),
        ("http://[::1]:8080/api/v10", True),
        ("http://localhost:8080/api/v10", True),
        ("https://discord.com/api/v10", False),
        ("http://10.0.0.7/api/v10", False),
    ],
)
def test_discord_is_local_on_loopback_alone(
    load: Callable[..., Settings], address: str, is_local: bool
) -> None:
    assert load(DISCORD_API_URL=address).is_local_discord is is_local
