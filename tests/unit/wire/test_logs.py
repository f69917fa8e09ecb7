"""Log lines: one JSON object each, with the trace they belong to and without a secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dbsbm import logs
from dbsbm.settings import Settings

KEY = "0123456789abcdef0123456789abcdef"
SECRETS = {
    "SECRET_KEY": KEY,
    "DISCORD_TOKEN": "discord-token-5e",
    "APISPORTS_KEY": "apisports-key-7f",
    "REDIS_PASSWORD": "redis-password-8a",
    "FLOWER_PASSWORD": "flower-password-9b",
    "BROKER_URL": "redis://:broker-password-1c@broker:6379/0",
    "CACHE_URL": "redis://:cache-password-2d@cache:6379/0",
    "DATABASE_URL": "mysql+pymysql://dbsbm:database%2Fpassword-3e@db/dbsbm",
}

Configure = Callable[..., io.StringIO]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Configure logging, and put it back in the end; returns what is written."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    levels = {
        name: logging.getLogger(name).level for name in (*logs._TALKATIVE, "dbsbm.performance")
    }

    def start(**variables: str) -> io.StringIO:
        written = io.StringIO()
        monkeypatch.setattr("sys.stdout", written)
        for name, value in {**SECRETS, **variables}.items():
            monkeypatch.setenv(name, value)
        logs.configure(Settings(_env_file=None), "worker.images")
        return written

    yield start
    root.handlers[:], root.level = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_line_is_an_object_with_process_logger_level_time_and_trace(
    configure: Configure,
) -> None:
    written = configure()
    token = logs.trace_id.set("3f1e")
    logging.getLogger("dbsbm.sports").warning(
        "Fetched %d games.", 3, extra={"action": "games.refresh", "league": "nfl"}
    )
    logs.trace_id.reset(token)

    (line,) = lines(written)
    assert line.pop("time")[:2] == "20"
    assert line == {
        "level": "WARNING",
        "process": "worker.images",
        "name": "dbsbm.sports",
        "message": "Fetched 3 games.",
        "trace_id": "3f1e",
        "action": "games.refresh",
        "league": "nfl",
    }


def test_a_line_of_no_command_has_no_trace(configure: Configure) -> None:
    written = configure()
    logging.getLogger("dbsbm").info("Started.")

    assert lines(written)[0]["trace_id"] is None


def test_an_exception_stays_on_one_line(configure: Configure) -> None:
    written = configure()
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        logging.getLogger("dbsbm").exception("It failed.")

    (line,) = lines(written)
    assert "ValueError: first\nsecond" in line["exc_info"]


@pytest.mark.parametrize("log_format", ["json", "text"])
@pytest.mark.parametrize(
    "secret",
    [
        *(value for name, value in SECRETS.items() if not name.endswith("_URL")),
        "broker-password-1c",
        "cache-password-2d",
        "database%2Fpassword-3e",
        "database/password-3e",
    ],
)
def test_a_known_secret_is_taken_out_wherever_it_hides(
    configure: Configure, secret: str, log_format: str
) -> None:
    written = configure(LOG_FORMAT=log_format)
    log = logging.getLogger("some.library")
    log.error(secret)
    log.error("Connecting with %s and %s.", secret, {"token": secret})
    log.error(
        "In a field.", extra={"url": f"https://host/?key={secret}", "nested": {"a": [secret]}}
    )
    try:
        raise ConnectionError(f"refused for {secret}")
    except ConnectionError:
        log.exception("It failed.")

    assert secret not in written.getvalue()
    assert written.getvalue().count(logs.REDACTED) >= 4


def test_lines_without_a_secret_are_left_as_they_are(configure: Configure) -> None:
    written = configure()
    logging.getLogger("dbsbm").info("100 %% of %s", "it", extra={"count": 3, "ratio": 0.5})

    (line,) = lines(written)
    assert (line["message"], line["count"], line["ratio"]) == ("100 % of it", 3, 0.5)


@pytest.mark.parametrize("name", ["httpx", "discord.http", "discord.webhook"])
def test_libraries_that_print_addresses_are_told_to_be_quiet(
    configure: Configure, name: str
) -> None:
    written = configure(LOG_LEVEL="DEBUG")
    logging.getLogger(name).info("PATCH https://discord.com/api/webhooks/1/token/messages")
    logging.getLogger("dbsbm").debug("Seen.")

    assert [line["message"] for line in lines(written)] == ["Seen."]


def test_performance_lines_have_a_level_of_their_own(configure: Configure) -> None:
    written = configure(LOG_LEVEL="DEBUG", PERFORMANCE_LOG_LEVEL="WARNING")
    logging.getLogger("dbsbm.performance").info("slow")
    logging.getLogger("dbsbm.performance").warning("very slow")

    assert [line["message"] for line in lines(written)] == ["very slow"]
