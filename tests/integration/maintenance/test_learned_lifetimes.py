"""From an operator's word to the lifetime of a loaded value, through the product's own services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dbsbm.bootstrap import Services
from dbsbm.cache import Category, Key
from dbsbm.maintenance import policies
from tests.integration.services import Sent, services_on
from tests.servers import ValkeyServer, wait_until

API = Category.API_RESPONSE


@pytest.fixture
def services(
    migrated_sqlite_url: str,
    valkey_broker: ValkeyServer,
    valkey_cache: ValkeyServer,
    tmp_path: Path,
) -> Iterator[Services]:
    with services_on(
        database=migrated_sqlite_url,
        broker=valkey_broker.url,
        cache=valkey_cache.url,
        data_dir=tmp_path,
        sent=Sent(),
    ) as services:
        yield services


def test_a_category_whose_lifetimes_are_learned_grants_what_was_learned(
    services: Services,
) -> None:
    cache, client = services.cache, services.cache_client
    grace = API.policy.grace.total_seconds()

    def fresh_for(key: Key) -> float:
        return client.pttl(key.wire) / 1000 - grace

    before, new = Key.of(API, "scores", 1), Key.of(API, "scores", 2)
    cache.get_or_load(before, lambda: 1)
    assert fresh_for(before) > 0.8 * API.ttl.total_seconds()

    policies.change(services.database, API, {"learned": True}, changed_by="ann", reason="x")
    policies.publish(services.database, client)
    wait_until(lambda: cache.policies.of(API).learned)
    cache.get_or_load(new, lambda: 1)
    # Nothing is known of it yet: it is taken to change once within the table's lifetime.
    assert 0.5 < fresh_for(new) < 0.1 * API.ttl.total_seconds()

    for number in range(60):
        cache.refresh(new, lambda number=number: number)
    assert fresh_for(new) <= 1.0
