"""Proves that a running fleet works, by what a member and an operator can see of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import httpx
from sqlalchemy import func, select

from dbsbm.db.engine import Database
from dbsbm.db.models import CacheCleanupRun, MetricPoint, OptimizerRun, ScheduleSlot
from dbsbm.db.models.base import Base
from dbsbm.errors import DbsbmError
from dbsbm.sandbox.discord.client import Place, StandinClient
from dbsbm.sandbox.discord.client_views import InteractionState, SentFile
from dbsbm.sandbox.providers.control import SandboxControl
from dbsbm.settings import Settings
from workers.stack.instance import Instance
from workers.stack.outcome import Outcome

T = TypeVar("T")

LEAGUE = "nfl"
_POLL = 0.05
# Seconds a step may take. Far more than it needs: a slow machine is no broken fleet.
_DEADLINE = 45.0
_PNG = b"\x89PNG\r\n\x1a\n"

# The job of the schedule -> the table in which its runs leave rows.
RUNS: Mapping[str, type[Base]] = {
    "metric-sample": MetricPoint,
    "cache-cleanup": CacheCleanupRun,
    "optimizer-analysis": OptimizerRun,
}
# Tasks of which each step is made: an operator must find all of them in Flower.
TASKS = (
    "tasks.games.show",
    "tasks.bets.place",
    "tasks.slips.render",
    "tasks.discord.deliver",
    "tasks.cache.warm_command",
    "tasks.monitor.sample",
    "tasks.cache.cleanup",
    "tasks.optimizer.analyse",
)


class NotSeen(Exception):
    """What a step promises was not seen; the text says what was seen instead."""


class Proof:
    """Looks at one fleet from outside. Every step may run in a thread of its own.

    Args:
        instance: The fleet.
        settings: As its processes read them.
        slips: Where the slips that came back are kept.
    """

    def __init__(self, instance: Instance, settings: Settings, slips: Path) -> None:
        self._instance = instance
        self._settings = settings
        self._slips = slips
        self._given_up = threading.Event()

    def give_up(self) -> None:
        """End steps that are under way."""
        self._given_up.set()

    def run(self, name: str, step: Callable[[], str], log: str) -> Outcome:
        """Run one step and say how it went.

        Args:
            name: What the step is called.
            step: Does it, and returns what it saw.
            log: The process whose log explains a failure.
        """
        began = time.monotonic()
        try:
            ok, detail = True, step()
        except (NotSeen, DbsbmError, httpx.HTTPError, OSError) as error:
            file = self._instance.folder / "logs" / f"{log}.log"
            ok, detail = False, f"{str(error) or type(error).__name__} See {file}."
        return Outcome(name, ok, round((time.monotonic() - began) * 1000), detail)

    def games(self) -> str:
        """`/games` answers with a board that came from a provider."""
        with StandinClient(self._instance.standin_url) as discord:
            discord.wait_for_bot(commands=1, within=_DEADLINE)
            with SandboxControl(self._instance.providers_url) as provider:
                before = provider.calls()
                answer = discord.ask("games", {"league": LEAGUE}, within=_DEADLINE)
                fetched = sum(provider.calls().values()) - sum(before.values())
        _expect(answer.state == "answered", f"/games: {_words(answer)}.")
        message = answer.original
        _expect(message is not None and bool(message.embeds), "/games showed no board.")
        _expect(fetched > 0, "/games answered, but no provider was called.")
        games = message.embeds[0]["description"].count("\n") + 1 if message else 0
        return f"{fetched} provider calls, {games} lines, answer in {_ms(answer)}"

    def bet(self) -> str:
        """`/bet` on the first game that is offered answers with a slip."""
        with StandinClient(self._instance.standin_url) as discord:
            game = self._until(lambda: self._first_offer(discord), "No game is offered for /bet.")
            answer = discord.ask("bet", _bet_on(game["value"]), within=_DEADLINE)
            answer = self._until(
                lambda: _answered_with_file(discord, answer.id),
                lambda: f"/bet: {_words(discord.interaction(answer.id))}, and no slip came.",
            )
            slip = _slip_of(answer)
            picture = discord.download(slip.path)
        _expect(picture.startswith(_PNG), f"The slip is no PNG: it begins with {picture[:8]!r}.")
        file = self._slips / f"slip-{answer.id}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture)
        return f"{file} ({slip.width}x{slip.height}), {game['name']}, in {_ms(answer)}"

    def warm(self) -> str:
        """`/warm all` by an administrator fills the cache."""
        with StandinClient(self._instance.standin_url) as discord:
            administrator = _administrator(discord)
            answer = discord.ask("warm", {"categories": "all"}, administrator, within=_DEADLINE)
        text = _words(answer)
        _expect(text.startswith("Warmed ") and not text.startswith("Warmed 0 "), f"/warm: {text}.")
        return text

    def beat(self, job: str) -> str:
        """Beat fired a job, and the job's run left its rows."""
        database = Database(self._settings.database)
        table = RUNS[job]

        def look() -> tuple[int, dict[str, int]]:
            with database.read() as session:
                rows = session.scalar(select(func.count()).select_from(table)) or 0
                states = session.execute(
                    select(ScheduleSlot.state, func.count())
                    .where(ScheduleSlot.job == job)
                    .group_by(ScheduleSlot.state)
                )
                return rows, {state: count for state, count in states}  # noqa: C416 - rows are no pairs

        def done() -> tuple[int, int] | None:
            rows, states = look()
            return (rows, states["done"]) if rows and states.get("done") else None

        try:
            rows, slots = self._until(done, lambda: f"{job}: rows and slots are {look()}.")
        finally:
            database.dispose()
        return f"{rows} rows in {table.__tablename__}, {slots} slots done"

    def flower(self) -> str:
        """Flower shows every kind of task that the other steps caused as succeeded."""
        password = self._settings.flower_password
        login = (self._instance.flower_user, password.get_secret_value() if password else "")
        missing = set(TASKS)
        with httpx.Client(base_url=self._instance.flower_url, auth=login, trust_env=False) as http:

            def all_seen() -> bool:
                tasks = http.get("/api/tasks", params={"limit": 5000}).raise_for_status().json()
                missing.difference_update(
                    task["name"] for task in tasks.values() if task["state"] == "SUCCESS"
                )
                return not missing

            self._until(all_seen, lambda: f"Not succeeded in Flower: {', '.join(sorted(missing))}.")
        return f"{len(TASKS)} kinds of task succeeded"

    def _first_offer(self, discord: StandinClient) -> dict[str, str] | None:
        offers = discord.autocomplete("bet", "game", "", {"league": LEAGUE})
        return offers.choices[0] if offers.choices else None

    def _until(self, look: Callable[[], T | None], otherwise: str | Callable[[], str]) -> T:
        """Look again and again until there is something.

        Raises:
            NotSeen: There was nothing in time; the text is `otherwise`.
        """
        deadline = time.monotonic() + _DEADLINE
        while not (seen := look()):
            if time.monotonic() > deadline or self._given_up.wait(_POLL):
                raise NotSeen(otherwise if isinstance(otherwise, str) else otherwise())
        return seen


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise NotSeen(otherwise)


def _bet_on(game: str) -> dict[str, object]:
    return {
        "game": game,
        "market": "moneyline",
        "side": "home",
        "odds": "-110",
        "units": 1,
        "note": "Placed by ./dev up --once",
    }


def _answered_with_file(discord: StandinClient, interaction: str) -> InteractionState | None:
    state = discord.interaction(interaction)
    has_file = state.original is not None and bool(state.original.files)
    return state if has_file or state.state == "failed" else None


def _slip_of(answer: InteractionState) -> SentFile:
    if answer.original is None or not answer.original.files:
        raise NotSeen(f"/bet: {_words(answer)}.")
    return answer.original.files[0]


def _administrator(discord: StandinClient) -> Place:
    guild = discord.state()["guilds"][0]
    member = next(m for m in guild["members"] if m["administrator"] and not m["bot"])
    return Place(guild=guild["id"], member=member["id"])


def _words(answer: InteractionState) -> str:
    """What the member reads, in one line."""
    content = answer.original.content if answer.original else ""
    return " ".join((answer.error or content or answer.state).replace("```", "").split())


def _ms(answer: InteractionState) -> str:
    return f"{answer.answered_ms:.0f} ms" if answer.answered_ms is not None else "no time"
