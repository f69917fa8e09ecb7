"""Which processes make a local fleet."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

from dbsbm.health import heartbeat_file
from dbsbm.settings import PROJECT_ROOT, Settings
from workers.profiles import canary_deadline, profile_named
from workers.stack.instance import Instance
from workers.stack.probes import file_exists, http_answers, http_says, redis_answers
from workers.stack.spec import Probe, ProcessSpec, Staleness
from workers.stack.valkey import BROKER, CACHE, valkey

WORKERS = ("front", "images", "back")

# What is asked by people ends first, so that nothing new begins while the workers finish; what
# the others lean on ends last.
_DOORS, _WORKERS, _SERVERS = 2, 1, 0
# The watchdog's period, and some, on top of what a canary may take.
_SILENCE = 60.0


class Fleet:
    """The specs of one instance.

    Args:
        instance: What they are made from.
        settings: As the processes will read them.
        root: The project, from which every process runs.
    """

    def __init__(self, instance: Instance, settings: Settings, root: Path = PROJECT_ROOT) -> None:
        self._instance = instance
        self._settings = settings
        self._root = root
        self._env = instance.environment()

    def specs(self) -> list[ProcessSpec]:
        """Every process, servers first."""
        return [*self._servers(), self._migrate(), *self._workers(), *self._doors()]

    def notes(self) -> list[str]:
        """What a person wants to know once all of it runs."""
        return list(_notes(self._instance))

    def _servers(self) -> Iterator[ProcessSpec]:
        needs, ports = self._instance.needs, self._instance.ports
        folder, settings = self._instance.folder, self._settings
        if needs.broker:
            yield valkey("broker", BROKER, url=settings.broker, folder=folder / "broker")
        if needs.cache:
            yield valkey("cache", CACHE, url=settings.cache, folder=folder / "cache")
        if needs.providers:
            yield self._python(
                "providers",
                *("-m", "dbsbm.sandbox.providers", "--port", str(ports.providers)),
                ready=http_answers(ports.providers, "/sandbox/stats"),
            )
        if needs.discord:
            yield self._python(
                "discord",
                *("-m", "dbsbm.sandbox.discord", "--port", str(ports.standin)),
                *("--token-file", "-"),
                stdin=self._instance.keys.standin_token,
                ready=http_answers(ports.standin, "/standin/health"),
            )

    def _migrate(self) -> ProcessSpec:
        return self._python("migrate", "-m", "dbsbm", "migrate", one_shot=True)

    def _workers(self) -> Iterator[ProcessSpec]:
        for name in WORKERS:
            sign = heartbeat_file(self._instance.folder, f"{name}@{socket.gethostname()}")
            silence = canary_deadline(profile_named(name).queues) + _SILENCE
            yield self._python(
                name,
                *("-m", "workers", "worker", name),
                after=self._present("broker", "cache", "migrate"),
                ready=file_exists(sign),
                stale=Staleness(
                    file=sign, after=silence, unless_down=redis_answers(self._settings.broker)
                ),
                stop_stage=_WORKERS,
                # Finish what runs and end: an idle worker at once. SIGTERM would always wait for
                # the whole time of Celery's soft shutdown.
                stop_signal=SIGINT,
                stop_within=25.0,
            )

    def _doors(self) -> Iterator[ProcessSpec]:
        instance = self._instance
        yield self._python(
            "beat",
            *("-m", "workers", "beat"),
            after=self._present("broker", "migrate"),
            stale=Staleness(
                file=heartbeat_file(instance.folder, f"beat@{socket.gethostname()}"),
                after=_SILENCE,
                unless_down=redis_answers(self._settings.broker),
            ),
            stop_stage=_DOORS,
        )
        yield self._python(
            "flower",
            *("-m", "workers", "flower"),
            after=self._present("broker"),
            ready=http_answers(instance.ports.flower, "/healthcheck"),
            stop_stage=_DOORS,
        )
        yield self._python(
            "dashboard",
            *("-m", "workers", "dashboard"),
            after=self._present("migrate"),
            ready=http_answers(instance.ports.dashboard, "/healthz"),
            stop_stage=_DOORS,
        )
        yield self._python(
            "bot",
            *("-m", "bot"),
            after=self._present("broker", "cache", "discord"),
            # The stand-in's commands are those that the bot registers when it starts.
            forgotten_by=("discord",),
            ready=self._bot_is_connected(),
            stop_stage=_DOORS,
        )

    def _python(
        self,
        name: str,
        *arguments: str,
        after: tuple[str, ...] = (),
        forgotten_by: tuple[str, ...] = (),
        one_shot: bool = False,
        stdin: str | None = None,
        ready: Probe | None = None,
        stale: Staleness | None = None,
        stop_stage: int = _SERVERS,
        stop_signal: Signals = SIGTERM,
        stop_within: float = 5.0,
    ) -> ProcessSpec:
        return ProcessSpec(
            name=name,
            argv=(sys.executable, *arguments),
            env=self._env,
            cwd=self._root,
            after=after,
            forgotten_by=forgotten_by,
            one_shot=one_shot,
            stdin=stdin,
            ready=ready,
            stale=stale,
            stop_stage=stop_stage,
            stop_signal=stop_signal,
            stop_within=stop_within,
        )

    def _present(self, *names: str) -> tuple[str, ...]:
        """Those of the servers that are ours; a real one is up, or its clients wait for it."""
        needs = self._instance.needs
        ours = {"broker": needs.broker, "cache": needs.cache, "discord": needs.discord}
        return tuple(name for name in names if ours.get(name, True))

    def _bot_is_connected(self) -> Probe | None:
        if not self._instance.needs.discord:
            return None  # only Discord could tell
        return http_says(self._instance.ports.standin, "/standin/health", b'"bot_connected":true')


def _notes(instance: Instance) -> Iterator[str]:
    yield "DBSBM is up."
    if instance.needs.discord:
        yield f"  Discord stand-in  {instance.standin_url} (type commands here)"
    else:
        yield "  Discord           the real one"
    user, folder = instance.dashboard_user, instance.folder
    login = _login(instance, user, "DASHBOARD_PASSWORD", folder / "dashboard_password")
    yield f"  Dashboard         {instance.dashboard_url} ({login})"
    login = _login(instance, instance.flower_user, "FLOWER_PASSWORD", folder / "flower_password")
    yield f"  Flower            {instance.flower_url} ({login})"
    if instance.needs.providers:
        yield "  Sports data       made up: no provider is set"
    else:
        yield f"  Sports data       from {instance.given.get('PROVIDERS', 'espn')}"
    yield f"  Logs              {instance.folder / 'logs'}"
    for notice in instance.notices:
        yield f"  {notice}"
    yield "Ctrl-C stops everything."


def _login(instance: Instance, user: str, setting: str, file: Path) -> str:
    place = "as set" if setting in instance.given else f"in {file}"
    return f"user {user}, password {place}"
