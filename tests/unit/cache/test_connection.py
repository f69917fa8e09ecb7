from __future__ import annotations

import subprocess
import sys
import traceback
from typing import Any

import pytest
from pydantic import SecretStr

from dbsbm.cache.server.connection import CONNECT_TIMEOUT, TIMEOUT, connect, connect_async
from dbsbm.errors import ConfigError

SECRET = "hunter2-swordfish"


def login(client: Any) -> Any:
    return client.connection_pool.make_connection().credential_provider.get_credentials()


@pytest.mark.parametrize("make", [connect, connect_async])
@pytest.mark.parametrize(
    ("url", "password"),
    [
        (f"redis://:{SECRET}@localhost:6379/3", None),
        (SecretStr(f"redis://:{SECRET}@localhost:6379/3"), None),
        ("redis://localhost:6379/3", SecretStr(SECRET)),
        ("redis://:another@localhost:6379/3", SecretStr(SECRET)),
        (f"redis://localhost:6379/3?password={SECRET}", None),
    ],
)
def test_the_password_reaches_the_server_and_no_repr(make: Any, url: Any, password: Any) -> None:
    client = make(url, password)
    assert login(client) == (SECRET,)
    options = client.connection_pool.connection_kwargs
    assert options["db"] == 3
    for shown in (repr(client), repr(client.connection_pool), repr(options), str(vars(client))):
        assert SECRET not in shown


def test_a_user_name_goes_with_the_password() -> None:
    assert login(connect(f"rediss://cappers:{SECRET}@cache.internal")) == ("cappers", SECRET)


@pytest.mark.parametrize(("make", "timeout"), [(connect, TIMEOUT), (connect_async, None)])
def test_what_a_url_says_of_timeouts_and_protocol_does_not_count(
    make: Any, timeout: float | None
) -> None:
    url = "redis://localhost/0?protocol=2&socket_timeout=9&socket_connect_timeout=9"
    options = make(url).connection_pool.connection_kwargs
    assert options["protocol"] == 3
    assert options["socket_timeout"] == timeout
    assert options["socket_connect_timeout"] == CONNECT_TIMEOUT
    assert options["retry"].get_retries() == 0


@pytest.mark.parametrize("make", [connect, connect_async])
@pytest.mark.parametrize(
    "url",
    [f"http://:{SECRET}@localhost", f"redis://:{SECRET}/x@localhost:port", SECRET, ""],
)
def test_a_wrong_url_is_refused_without_being_repeated(make: Any, url: str) -> None:
    with pytest.raises(ConfigError, match="redis://host:port/db") as refused:
        make(url)
    shown = "".join(traceback.format_exception(refused.value, chain=True))
    assert SECRET not in shown.replace(repr(url), "")


IMPORTED = """
import socket, sys
def refuse(*args, **kwargs): raise AssertionError("a connection was opened")
socket.socket.connect = socket.create_connection = refuse
import dbsbm.cache
cache = dbsbm.cache.Cache(dbsbm.cache.connect("redis://localhost:1/0"))
print([name for name in ("sqlalchemy", "celery", "discord", "aiohttp") if name in sys.modules])
"""


def test_importing_and_making_a_cache_opens_no_connection_and_loads_no_other_room() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
