"""Whether each incident is one message while monitors are killed and Discord fails."""

from __future__ import annotations

import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr
from sqlalchemy import func, select

from bench.harness import Row, progress
from bench.rig.monitor_teller import Job
from dbsbm.db.engine import Database
from dbsbm.db.migrate import upgrade
from dbsbm.db.models import Effect, Incident
from dbsbm.sandbox.discord.client import StandinClient
from dbsbm.settings import PROJECT_ROOT
from tests.servers import (
    BROKER_OPTIONS,
    ChildProcess,
    free_port,
    start_mariadb,
    start_valkey,
    wait_until,
)

TOKEN = "MTMy.standin.bench"
MONITORS = 3
HISTORY = 86_400.0
KILL_EVERY = (3.0, 8.0)
FAULT_EVERY = 0.25
DISTURB, SETTLE = 3600.0, 420.0
LIMITS = {"create_message": {"requests": 20, "seconds": 1}}
FAULTS = (
    {"status": 429, "retry_after": 0.4},
    {"status": 429, "retry_after": 3.0},
    {"status": 500},
    {"status": 502},
    {"status": 503},
    {"drop": "before"},
    {"drop": "after"},
    {"delay": 1.5},
)
"""One of these hits the next post or edit; the last is longer than a monitor waits."""

_MARK = re.compile(r"Incident (\d+) · .* · update (\d+)")


def rows(*, quick: bool) -> Iterator[Row]:
    """What became of the incidents, counted in the channel itself."""
    count = 60 if quick else 1000
    result = measure(count)
    progress(f"told within {result.seconds:.0f} s")
    what = f"of {count:,} incidents told by {MONITORS} monitors that are killed"
    yield Row(f"messages {what}", result.messages, "messages", "higher", floor=count, aim=count)
    for name, value in (
        ("incidents not told", result.lost),
        ("messages too many", result.doubled),
        ("messages that do not show the last version", result.outdated),
        ("incidents that the ledger has too many or too few", abs(result.incidents - count)),
    ):
        yield Row(f"{name}, {what}", value, "messages", floor=0, aim=0)
    # A calm run would prove nothing.
    for name, value, least in (
        ("monitors killed meanwhile", result.kills, count // 20),
        ("requests that Discord spoiled", result.faults, count // 4),
    ):
        yield Row(name, value, "times", "higher", floor=least)


@dataclass
class Result:
    """How a run came out.

    Attributes:
        incidents: Rows in the ledger.
        messages: Messages in the channel.
        lost: Incidents without a message.
        doubled: Messages beyond one an incident.
        outdated: Incidents whose message shows an older version.
        kills: Monitors that were killed.
        faults: Requests that Discord spoiled.
        seconds: How long it took.
    """

    incidents: int = 0
    messages: int = 0
    lost: int = 0
    doubled: int = 0
    outdated: int = 0
    kills: int = 0
    faults: int = 0
    seconds: float = 0.0


def measure(count: int) -> Result:
    """Run monitors over a history with so many incidents, and disturb them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in ("mariadb", "broker"):
            (folder / name).mkdir()
        server = stack.enter_context(start_mariadb(folder / "mariadb"))
        broker = stack.enter_context(start_valkey(folder / "broker", *BROKER_OPTIONS))
        url = stack.enter_context(server.fresh_database())
        upgrade(SecretStr(url))
        discord = stack.enter_context(_standin(stack, folder, count))
        database = Database(SecretStr(url))
        stack.callback(database.dispose)
        job = Job(
            database=url,
            broker=broker.url,
            api=f"{discord.url}/api/v10",
            token=TOKEN,
            channel_id=_channel(discord),
            incidents=count,
            began=time.time() - HISTORY,
        )
        return _run(stack, folder, job, database, discord)


def _standin(stack: ExitStack, folder: Path, count: int) -> StandinClient:
    (folder / "token").write_text(TOKEN)
    port = free_port()
    arguments = ["--port", str(port), "--token-file", str(folder / "token")]
    process = ChildProcess(
        [
            sys.executable,
            "-m",
            "dbsbm.sandbox.discord",
            *arguments,
            "--messages-kept",
            f"{count * 3}",
        ],
        cwd=PROJECT_ROOT,
        log=folder / "standin.log",
    )
    stack.callback(process.kill)
    process.start()
    client = StandinClient(f"http://127.0.0.1:{port}")
    wait_until(lambda: _answers(client), 60, process.log)
    client.set_rate_limits(**LIMITS)
    return client


def _answers(client: StandinClient) -> bool:
    try:
        return bool(client.state())
    except httpx.TransportError:
        return False


def _channel(discord: StandinClient) -> int:
    (slips, *_) = [
        channel["id"]
        for channel in discord.state()["guilds"][0]["channels"]
        if channel["name"] == "slips"
    ]
    return int(slips)


def _run(
    stack: ExitStack, folder: Path, job: Job, database: Database, discord: StandinClient
) -> Result:
    monitors = [_monitor(folder, job, number) for number in range(MONITORS)]
    for monitor in monitors:
        stack.callback(monitor.kill)
        monitor.start()
    result, began = Result(), time.time()
    _disturb(monitors, job, database, discord, result)
    discord.clear_faults()
    progress("the monitors are left in peace")
    wait_until(lambda: _is_settled(database, job), SETTLE, lambda: _state(database, monitors))
    result.seconds = time.time() - began
    _judge(database, discord, job, result)
    return result


def _monitor(folder: Path, job: Job, number: int) -> ChildProcess:
    return ChildProcess(
        [sys.executable, "-W", "ignore", "-m", "bench.rig.monitor_teller", job.as_text()],
        cwd=PROJECT_ROOT,
        log=folder / f"monitor-{number}.log",
    )


def _disturb(
    monitors: Sequence[ChildProcess],
    job: Job,
    database: Database,
    discord: StandinClient,
    result: Result,
) -> None:
    """Kill and spoil until every incident is over, told or not."""
    chance, began = random.Random(7), time.time()
    next_kill = began + KILL_EVERY[1]
    while _resolved(database) < job.incidents:
        discord.clear_faults()
        method = chance.choice(("POST", "POST", "PATCH", "GET"))
        discord.add_fault(method=method, route="/channels/*", **chance.choice(FAULTS))
        time.sleep(FAULT_EVERY)
        if time.time() > next_kill:
            next_kill = time.time() + chance.uniform(*KILL_EVERY)
            victim = chance.choice(monitors)
            victim.kill()
            victim.start()
            result.kills += 1
        if time.time() > began + DISTURB:
            raise AssertionError(_state(database, monitors))


def _resolved(database: Database) -> int:
    with database.read() as session:
        query = select(func.count()).where(Incident.state == "resolved")
        return session.scalar(query) or 0


def _is_settled(database: Database, job: Job) -> bool:
    with database.read() as session:
        pending = session.scalar(select(func.count()).where(Effect.state == "pending"))
    return not pending and _resolved(database) >= job.incidents


def _state(database: Database, monitors: Sequence[ChildProcess]) -> str:
    with database.read() as session:
        states = session.execute(select(Effect.state, func.count()).group_by(Effect.state)).all()
        found = session.execute(select(Incident.state, func.count()).group_by(Incident.state)).all()
    logs = "\n".join(monitor.log()[-1500:] for monitor in monitors)
    return f"effects {states}, incidents {found}\n{logs}"


def _judge(database: Database, discord: StandinClient, job: Job, result: Result) -> None:
    marks = [
        _MARK.fullmatch(message.embeds[0]["footer"]["text"])
        for message in discord.messages(str(job.channel_id))
    ]
    shown = [(int(mark[1]), int(mark[2])) for mark in marks if mark]
    with database.read() as session:
        versions = dict(session.execute(select(Incident.id, Incident.version)).tuples().all())
    told = dict(shown)
    result.incidents, result.messages = len(versions), len(marks)
    result.lost = len(versions.keys() - told.keys())
    result.doubled = len(marks) - len(told)
    result.outdated = sum(told.get(each) not in {None, last} for each, last in versions.items())
    result.faults = discord.stats()["events"].get("fault", 0)
