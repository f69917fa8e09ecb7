"""The product's services on a test's own servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dbsbm.bootstrap import Services, build
from dbsbm.settings import Settings


class Sent(list[tuple[str, dict[str, Any], str | None]]):
    """A broker that writes down what it is handed."""

    def __call__(self, task: str, kwargs: dict[str, Any], trace_id: str | None) -> None:
        self.append((task, kwargs, trace_id))


@contextmanager
def services_on(
    *, database: str, broker: str, cache: str, data_dir: Path, sent: Sent, **values: Any
) -> Iterator[Services]:
    """Real services whose tasks are written down instead of sent."""
    settings = Settings(
        _env_file=None,
        secret_key="k" * 40,
        database_url=database,
        broker_url=broker,
        cache_url=cache,
        data_dir=data_dir,
        **values,
    )
    services = build(settings, sent)
    yield services
    services.close()
