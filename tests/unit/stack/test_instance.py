"""What a local fleet is started from: keys, settings, stand-ins."""

from __future__ import annotations

import os
import stat

import pytest

from dbsbm.errors import ConfigError
from workers.stack.instance import (
    Instance,
    Needs,
    Ports,
    given_settings,
    neighbour_of,
    ordinary_instance,
)
from workers.stack.keys import keys_of

PORTS = Ports(
    broker=20_001, cache=20_002, providers=20_003, standin=8080, flower=5555, dashboard=8081
)


@pytest.fixture
def instance(tmp_path):
    """An instance for given settings, in a clean environment."""

    def make(**given: str) -> Instance:
        return Instance(tmp_path, given, Needs.of(given), PORTS, keys_of(tmp_path))

    return make


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in list(os.environ):
        if name.lower() not in {"path", "home"}:
            monkeypatch.delenv(name)


def test_keys_are_made_once_and_for_their_user_alone(tmp_path):
    first = keys_of(tmp_path)
    assert keys_of(tmp_path) == first
    assert len(first.secret_key) >= 32
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_keys_show_in_no_repr(tmp_path):
    keys = keys_of(tmp_path)
    assert keys.secret_key not in repr(keys)
    assert keys.secret_key not in repr(Instance(tmp_path, {}, Needs(), PORTS, keys))


def test_nothing_set_means_stand_ins_for_everything(instance):
    made = instance()
    env = made.environment()
    assert env["BROKER_URL"] == f"redis://:{made.keys.valkey_password}@127.0.0.1:20001/0"
    assert env["CACHE_URL"].endswith("@127.0.0.1:20002/0")
    assert env["DISCORD_TOKEN"] == made.keys.standin_token
    assert env["DISCORD_API_URL"] == "http://127.0.0.1:8080/api/v10"
    assert env["ESPN_BASE_URL"] == "http://127.0.0.1:20003/espn"
    assert env["SANDBOX_DATA"] == "true"
    assert env["DATA_DIR"] == str(made.folder)


@pytest.mark.parametrize(
    ("given", "need"),
    [
        ({"BROKER_URL": "redis://elsewhere/1"}, "broker"),
        ({"CACHE_URL": "redis://elsewhere/0"}, "cache"),
        ({"REDIS_HOST": "elsewhere"}, "broker"),
        ({"REDIS_HOST": "elsewhere"}, "cache"),
        ({"DISCORD_TOKEN": "real"}, "discord"),
        ({"PROVIDERS": "espn"}, "providers"),
        ({"APISPORTS_KEY": "real"}, "providers"),
    ],
)
def test_what_a_person_has_set_needs_no_stand_in(given, need):
    assert getattr(Needs(), need)
    assert not getattr(Needs.of(given), need)


def test_a_real_discord_is_left_as_it_is_set(instance):
    env = instance(DISCORD_TOKEN="real").environment()
    assert "DISCORD_TOKEN" not in env
    assert "DISCORD_API_URL" not in env


def test_a_persons_own_keys_come_before_generated_ones(instance):
    env = instance(SECRET_KEY="x" * 40, FLOWER_PASSWORD="mine").environment()
    assert (env["SECRET_KEY"], env["FLOWER_PASSWORD"]) == ("x" * 40, "mine")


def test_the_environment_comes_before_the_file_and_empty_is_not_set(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("DISCORD_TOKEN=file\nLEAGUES=nba\nBROKER_URL=\n")
    monkeypatch.setenv("DISCORD_TOKEN", "environment")
    monkeypatch.setenv("CACHE_URL", "")
    monkeypatch.setenv("leagues", "nfl")
    given = given_settings(tmp_path)
    assert given["DISCORD_TOKEN"] == "environment"
    assert given["LEAGUES"] == "nfl"
    assert "BROKER_URL" not in given
    assert "CACHE_URL" not in given


def test_a_setting_in_small_letters_does_not_fight_with_ours(instance, monkeypatch):
    monkeypatch.setenv("data_dir", "/elsewhere")
    env = instance().environment()
    assert [value for name, value in env.items() if name.upper() == "DATA_DIR"] == [
        str(instance().folder)
    ]


@pytest.mark.parametrize("port", ["0", "65536", "99999", "http", "-1", "²"])
def test_a_port_that_is_none_is_refused_by_name(port, tmp_path, monkeypatch):
    monkeypatch.setenv("FLOWER_PORT", port)
    with pytest.raises(ConfigError, match="FLOWER_PORT must be a number from 1 to 65535"):
        ordinary_instance(tmp_path)


def test_a_command_beside_a_fleet_finds_its_servers(tmp_path, monkeypatch):
    for name in ("BROKER_URL", "CACHE_URL", "REDIS_HOST", "ESPN_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    fleet = ordinary_instance(tmp_path)
    fleet.ports.save(fleet.folder)
    beside = neighbour_of(tmp_path).environment()
    for name in ("BROKER_URL", "CACHE_URL", "DISCORD_API_URL", "ESPN_BASE_URL", "SECRET_KEY"):
        assert beside[name] == fleet.environment()[name], name


def test_a_command_without_a_fleet_has_settings_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert neighbour_of(tmp_path).environment()["CACHE_URL"].startswith("redis://")
    (tmp_path / "ports.json").write_text("{")
    assert neighbour_of(tmp_path).environment()["CACHE_URL"].startswith("redis://")
