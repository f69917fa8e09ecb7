"""The command line's decisions, without a server."""

from __future__ import annotations

import pytest

from dbsbm.errors import ConfigError
from dbsbm.sandbox.discord.__main__ import build, parser, read_token
from dbsbm.sandbox.discord.app import DiscordStandin, is_loopback


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text("  secret \n")
    return path


def test_options_reach_the_server(token_file):
    given = ["--token-file", str(token_file), "--ack-seconds", "0.5", "--no-rate-limits"]

    standin = build(parser().parse_args([*given, "--crowd", "5", "--token-seconds", "9"]))

    config = standin.core.config
    assert (config.ack_seconds, config.token_seconds) == (0.5, 9.0)
    assert not config.rate_limits.enabled
    assert standin.core.token == "secret"
    assert len(standin.core.world.users) == 9 + 5


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", ""])
def test_an_address_others_can_reach_needs_consent(host):
    with pytest.raises(ConfigError, match="--allow-remote"):
        DiscordStandin("secret", host=host)

    assert DiscordStandin("secret", host=host, allow_remote=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_loopback_addresses_need_none(host):
    assert is_loopback(host)


def test_an_empty_token_and_a_missing_file_refuse_to_start(tmp_path):
    with pytest.raises(ConfigError, match="needs a bot token"):
        DiscordStandin("")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_token(tmp_path / "missing")


def test_no_repr_shows_the_token():
    standin = DiscordStandin("secret")

    assert "secret" not in f"{standin!r}{standin.core!r}{standin.core.config!r}"
