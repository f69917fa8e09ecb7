"""One local fleet: its folder, its ports, and the environment that its processes get."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from dotenv import dotenv_values

from dbsbm.errors import ConfigError
from dbsbm.settings import Settings
from workers.stack.keys import Keys, keys_of
from workers.stack.ports import free_ports, is_free

DEFAULT_STANDIN_PORT = 8080
DEFAULT_FLOWER_PORT = 5555
DEFAULT_DASHBOARD_PORT = 8081

_PORTS = "ports.json"

Given = Mapping[str, str]
"""Settings that a person has set, in the environment or in `.env`."""


def given_settings(root: Path) -> Given:
    """What is set: the environment over `.env`; an empty value counts as not set."""
    merged = {**dotenv_values(root / ".env"), **os.environ}
    return {name.upper(): value for name, value in merged.items() if value}


@dataclass(frozen=True, slots=True)
class Needs:
    """Which stand-ins a fleet needs: those whose real counterparts nobody has named."""

    broker: bool = True
    cache: bool = True
    discord: bool = True
    providers: bool = True

    @classmethod
    def of(cls, given: Given) -> Needs:
        """What is missing from the settings."""

        def none_of(*names: str) -> bool:
            return not any(name in given for name in names)

        return cls(
            broker=none_of("BROKER_URL", "REDIS_HOST"),
            cache=none_of("CACHE_URL", "REDIS_HOST"),
            discord=none_of("DISCORD_TOKEN"),
            providers=none_of("PROVIDERS", "APISPORTS_KEY", "ESPN_BASE_URL"),
        )


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the processes listen, all on 127.0.0.1."""

    broker: int
    cache: int
    providers: int
    standin: int
    flower: int
    dashboard: int

    def save(self, folder: Path) -> None:
        """Write down where this fleet listens, for commands beside it."""
        unfinished = folder / f"{_PORTS}.new"
        unfinished.write_text(json.dumps(asdict(self)))
        unfinished.replace(folder / _PORTS)

    @classmethod
    def saved(cls, folder: Path) -> Ports | None:
        """Where the newest fleet of a folder listens, or listened; None where there was none."""
        try:
            return cls(**json.loads((folder / _PORTS).read_text()))
        except (OSError, ValueError, TypeError):
            return None


@dataclass(frozen=True, slots=True)
class Instance:
    """All that the fleet's processes are started from.

    Attributes:
        folder: The only place the fleet writes to.
        given: What a person has set.
        needs: Which stand-ins run.
        ports: Where they listen.
        keys: Generated secrets.
        overrides: Settings that come before what a person has set.
        notices: Sentences about what is not as a person may expect.
    """

    folder: Path
    given: Given = field(repr=False)
    needs: Needs
    ports: Ports
    keys: Keys
    overrides: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def flower_user(self) -> str:
        """Who may see Flower's pages."""
        return self.given.get("FLOWER_USER", "operator")

    @property
    def dashboard_user(self) -> str:
        """Who may see the dashboard."""
        return self.given.get("DASHBOARD_USER", "operator")

    @property
    def standin_url(self) -> str:
        """The Discord stand-in's page."""
        return f"http://127.0.0.1:{self.ports.standin}"

    @property
    def providers_url(self) -> str:
        """The sandbox of the sports data providers."""
        return f"http://127.0.0.1:{self.ports.providers}"

    @property
    def flower_url(self) -> str:
        """Flower's pages."""
        return f"http://127.0.0.1:{self.ports.flower}"

    @property
    def dashboard_url(self) -> str:
        """The dashboard."""
        return f"http://127.0.0.1:{self.ports.dashboard}"

    def valkey_url(self, port: int) -> str:
        """Address of an embedded Valkey, password included."""
        return f"redis://:{self.keys.valkey_password}@127.0.0.1:{port}/0"

    def environment(self) -> dict[str, str]:
        """The whole environment of every process of the fleet."""
        made = {
            "SECRET_KEY": self.keys.secret_key,
            "FLOWER_PASSWORD": self.keys.flower_password,
            "DASHBOARD_PASSWORD": self.keys.dashboard_password,
            **{name: value for name, value in self.given.items() if name in _MADE_IF_MISSING},
            **self._fixed(),
        }
        # A setting in small letters would be a second, different value for the same thing.
        inherited = {name: v for name, v in os.environ.items() if name.upper() not in made}
        return {**inherited, **made}

    def adopt(self) -> None:
        """Make this process read the settings that the processes of the fleet will read."""
        environment = self.environment()
        os.environ.clear()
        os.environ.update(environment)

    def _fixed(self) -> dict[str, str]:
        fixed = {
            "DATA_DIR": str(self.folder),
            "STANDIN_PORT": str(self.ports.standin),
            "FLOWER_PORT": str(self.ports.flower),
            "DASHBOARD_PORT": str(self.ports.dashboard),
            "PYTHONUNBUFFERED": "1",
        }
        if self.needs.broker:
            fixed["BROKER_URL"] = self.valkey_url(self.ports.broker)
        if self.needs.cache:
            fixed["CACHE_URL"] = self.valkey_url(self.ports.cache)
        if self.needs.discord:
            fixed["DISCORD_TOKEN"] = self.keys.standin_token
            fixed["DISCORD_API_URL"] = f"{self.standin_url}/api/v10"
            fixed["DISCORD_GATEWAY_URL"] = f"ws://127.0.0.1:{self.ports.standin}/gateway"
        if self.needs.providers:
            fixed["PROVIDERS"] = "espn"
            fixed["ESPN_BASE_URL"] = f"{self.providers_url}/espn"
            fixed["SANDBOX_DATA"] = "true"
        return {**fixed, **self.overrides}


_MADE_IF_MISSING = ("SECRET_KEY", "FLOWER_PASSWORD", "DASHBOARD_PASSWORD")


def ordinary_folder(given: Given, root: Path) -> Path:
    """Where the fleet of `./dev up` keeps everything."""
    return Path(given.get("DATA_DIR", root / "var")).expanduser().resolve()


def ordinary_instance(root: Path) -> Instance:
    """The fleet of `./dev up`: what is set is used, what is missing is stood in for.

    Raises:
        ConfigError: A port that is set is none.
    """
    given, needs = given_settings(root), Needs.of(given_settings(root))
    folder = ordinary_folder(given, root)
    folder.mkdir(parents=True, exist_ok=True)
    free, notices = free_ports(), list[str]()

    def wanted(name: str, default: int, what: str) -> int:
        port = _port(name, given.get(name), default)
        if is_free(port):
            return port
        other = next(free)
        notices.append(f"Port {port} is busy: {what} is on {other}.")
        return other

    ports = Ports(
        broker=next(free),
        cache=next(free),
        providers=next(free),
        standin=wanted("STANDIN_PORT", DEFAULT_STANDIN_PORT, "the stand-in")
        if needs.discord
        else DEFAULT_STANDIN_PORT,
        flower=wanted("FLOWER_PORT", DEFAULT_FLOWER_PORT, "Flower"),
        dashboard=wanted("DASHBOARD_PORT", DEFAULT_DASHBOARD_PORT, "the dashboard"),
    )
    return Instance(folder, given, needs, ports, keys_of(folder), notices=tuple(notices))


def neighbour_of(root: Path) -> Instance:
    """The fleet that `./dev up` runs, for a command beside it.

    Raises:
        ConfigError: A port that is set is none.
    """
    instance = ordinary_instance(root)
    ports = Ports.saved(instance.folder)
    return instance if ports is None else replace(instance, ports=ports)


def separate_instance(folder: Path, root: Path, schedule: Mapping[str, float]) -> Instance:
    """A fleet that shares nothing with another, whatever is set: stand-ins alone, free ports.

    Args:
        folder: Where it keeps everything.
        root: The project.
        schedule: Job -> seconds, in place of the schedule's own.
    """
    free = free_ports()
    overrides = {
        "DATABASE_URL": f"sqlite:///{folder / 'dbsbm.db'}",
        "SCHEDULE_OVERRIDES": json.dumps(dict(schedule)),
        "LEAGUES": ",".join(Settings.model_fields["leagues"].default),
    }
    return Instance(
        folder,
        given_settings(root),
        Needs(),
        Ports(*(next(free) for _ in fields(Ports))),
        keys_of(folder),
        overrides=overrides,
    )


def _port(name: str, text: str | None, default: int) -> int:
    """The port that is set, or the default.

    Raises:
        ConfigError: What is set is no port.
    """
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65_536):
        raise ConfigError(f"Settings: {name} must be a number from 1 to 65535.")
    return int(text)
