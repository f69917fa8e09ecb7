"""`python -m workers worker PROFILE | beat | flower | dashboard`: every process but the bot."""

from __future__ import annotations

import argparse
import os
import socket
import sys

from dbsbm.errors import ConfigError
from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings.processes import watch_processes
from dbsbm.monitor.traces.opening import check_tracing
from dbsbm.providers.leagues import check_leagues
from dbsbm.settings import Settings, load_settings
from dbsbm.wire.broker import connect_broker

EXIT_CONFIG = 2


def main(argv: list[str] | None = None) -> int:
    """Run one process until it is told to stop. Exit code 2: a setting is wrong, see the text."""
    arguments = _parser().parse_args(argv)
    try:
        settings = load_settings()
        run = _RUNS[arguments.process]
        run(settings, arguments)
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - logging is not configured yet
        return EXIT_CONFIG
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    commands = parser.add_subparsers(dest="process", required=True)
    worker = commands.add_parser("worker", help="eat the queues of a profile")
    worker.add_argument("profile", help="see workers/profiles.py")
    worker.add_argument("--name", help="node name before the @; default: the profile's")
    commands.add_parser("beat", help="send what is due; run as many as you like")
    commands.add_parser("flower", help="show the tasks")
    commands.add_parser("dashboard", help="show how the fleet is")
    return parser


def _worker(settings: Settings, arguments: argparse.Namespace) -> None:
    # billiard reads this when it is imported: SIGTERM then means "finish, bounded in time".
    os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")
    from workers.profiles import profile_named  # noqa: PLC0415 - after the environment is set

    profile = profile_named(arguments.profile)
    # Its children would find out only after the start, and could not end the worker.
    check_leagues(settings.leagues)
    check_tracing(settings)
    app = _app(f"worker.{arguments.name or profile.name}")
    app.worker_main(
        [
            "worker",
            f"--queues={','.join(profile.queues)}",
            f"--concurrency={profile.concurrency}",
            f"--max-memory-per-child={profile.child_memory_mib * 1024}",
            f"--hostname={arguments.name or profile.name}@{socket.gethostname()}",
            "--without-gossip",  # workers need no news of each other
            "--without-mingle",
            f"--loglevel={settings.log_level}",
        ]
    )


def _beat(settings: Settings, _arguments: argparse.Namespace) -> None:
    app = _app("beat")
    app.conf.imports = ()  # beat sends tasks by name
    app.start(["beat", f"--loglevel={settings.log_level}", "--pidfile="])


def _flower(settings: Settings, _arguments: argparse.Namespace) -> None:
    if settings.flower_password is None:
        raise ConfigError("FLOWER_PASSWORD is missing: Flower is not started without one.")
    # Flower takes options from the environment; on the command line every user could read them.
    login = f"{settings.flower_user}:{settings.flower_password.get_secret_value()}"
    os.environ["FLOWER_BASIC_AUTH"] = login
    folder = settings.data_dir / "flower"
    folder.mkdir(parents=True, exist_ok=True)
    app = _app("flower")
    app.conf.imports = ()  # Flower sees tasks by their events
    if settings.enable_performance_monitoring:
        broker = connect_broker(settings.broker)
        watch_processes(Recorder(broker), broker, "flower")
    app.start(
        [
            "flower",
            f"--address={settings.flower_address}",
            f"--port={settings.flower_port}",
            "--persistent=True",
            f"--db={folder / 'state'}",
            "--state_save_interval=60000",
            "--max_tasks=20000",
            "--purge_offline_workers=3600",
            f"--read_only={settings.flower_read_only}",
            "--tasks_columns=name,uuid,state,args,kwargs,received,started,runtime,worker",
        ]
    )


def _dashboard(settings: Settings, _arguments: argparse.Namespace) -> None:
    # Neither Celery nor the broker: it shows how the fleet is while either is away.
    from dbsbm import logs  # noqa: PLC0415 - what a worker does not need is not loaded there
    from dbsbm.dashboard.serving import serve  # noqa: PLC0415

    logs.configure(settings, "dashboard")
    serve(settings)


_RUNS = {"worker": _worker, "beat": _beat, "flower": _flower, "dashboard": _dashboard}


def _app(name: str):
    from workers import role  # noqa: PLC0415 - importing the app reads the settings
    from workers.celery import app  # noqa: PLC0415

    role.name = name
    return app


if __name__ == "__main__":
    sys.exit(main())
