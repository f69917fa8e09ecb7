"""Builds the providers that an operator chose, around one client and one guard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from dbsbm.errors import ConfigError
from dbsbm.providers.apisports import ApiSports
from dbsbm.providers.base import Provider
from dbsbm.providers.espn import Espn
from dbsbm.providers.gateway import OnCall
from dbsbm.providers.guard import Guard
from dbsbm.providers.http import Transport


class Registry(Mapping[str, Provider]):
    """The providers by name, the preferred one first. A context manager that closes the client."""

    def __init__(self, providers: Iterable[Provider], transport: Transport) -> None:
        self._providers = {provider.name: provider for provider in providers}
        self._transport = transport

    def __getitem__(self, name: str) -> Provider:
        return self._providers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._providers)

    def __len__(self) -> int:
        return len(self._providers)

    def for_league(self, league: str) -> tuple[Provider, ...]:
        """Return the providers that cover a league key, the preferred one first."""
        return tuple(p for p in self._providers.values() if p.covers(league))

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def build_registry(
    names: Iterable[str],
    *,
    guard: Guard,
    espn_base_url: str,
    apisports_base_url: str,
    apisports_key: SecretStr | None = None,
    apisports_daily_limit: int = 100,
    deadline_seconds: float = 10.0,
    connect_seconds: float = 3.0,
    on_call: OnCall | None = None,
) -> Registry:
    """Build the named providers. Opens no connection; call it in the process that will use them.

    Args:
        names: "espn", "apisports", in order of preference.
        guard: Budget and breaker of all of them.
        espn_base_url: ESPN's scheme and host, or the sandbox's "http://127.0.0.1:PORT/espn".
        apisports_base_url: Template with `{host}`: "https://{host}", or the sandbox's
            "http://127.0.0.1:PORT/apisports/{host}".
        apisports_key: Needed for "apisports".
        apisports_daily_limit: Calls a day that the plan allows for each sport.
        deadline_seconds: For a whole call.
        connect_seconds: For its connection alone.
        on_call: Told of every call.

    Raises:
        ConfigError: A name is unknown, a key is missing, or the template has no `{host}`.
    """
    transport = Transport(deadline_seconds=deadline_seconds, connect_seconds=connect_seconds)

    def build(name: str) -> Provider:
        if name == "espn":
            return Espn(base_url=espn_base_url, transport=transport, guard=guard, on_call=on_call)
        if name != "apisports":
            raise ConfigError(f"PROVIDERS names {name!r}; known are espn and apisports.")
        if apisports_key is None or not apisports_key.get_secret_value().strip():
            raise ConfigError("PROVIDERS names apisports, but APISPORTS_KEY is not set.")
        if "{host}" not in apisports_base_url:
            raise ConfigError("APISPORTS_BASE_URL needs {host} where the sport's host goes.")
        return ApiSports(
            base_url=apisports_base_url,
            key=apisports_key,
            daily_limit=apisports_daily_limit,
            transport=transport,
            guard=guard,
            on_call=on_call,
        )

    return Registry([build(name) for name in names], transport)
