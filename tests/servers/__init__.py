"""Real servers as process handles, and the waiting that goes with them.

Everything started here ends with the test session, however that ends.
"""

from __future__ import annotations

from tests.servers.mariadb import DatabaseServer, MariaDBServer, lent_server, start_mariadb
from tests.servers.ports import free_port
from tests.servers.process import ChildProcess
from tests.servers.programs import NoServerError
from tests.servers.valkey import BROKER_OPTIONS, CACHE_OPTIONS, ValkeyServer, start_valkey
from tests.servers.waiting import wait_until, wait_until_async

__all__ = [
    "BROKER_OPTIONS",
    "CACHE_OPTIONS",
    "ChildProcess",
    "DatabaseServer",
    "MariaDBServer",
    "NoServerError",
    "ValkeyServer",
    "free_port",
    "lent_server",
    "start_mariadb",
    "start_valkey",
    "wait_until",
    "wait_until_async",
]
