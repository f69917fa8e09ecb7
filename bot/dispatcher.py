"""From a member's command to the fleet, and a true sentence to the member whatever happens.

Discord waits three seconds for an acknowledgement, so that never waits for the broker: both run at
the same time. What the member reads where the broker does not play along:

- It refused, or was known to be away: the fleet has nothing and will get nothing. BUSY says so.
- It did not answer in time: nobody knows. UNCONFIRMED says so, and the command stays open until
  the broker is back and gives its verdict (see `bot.broker`). If it was taken, a worker writes the
  answer over UNCONFIRMED; if not, it cannot be any more, and NOT_PLACED says so.

UNCONFIRMED goes out as a follow-up, not as an edit. Discord puts the first follow-up into the reply
that is still "thinking", and beside a reply that a worker has filled meanwhile: an edit would
overwrite that one. A bot that is killed before the verdict leaves UNCONFIRMED standing, which is
still no lie.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Any

import aiohttp
import discord

from bot.envelope import to_command
from bot.fleet import Fleet, FleetBusy, Unconfirmed
from dbsbm.wire.command import Command
from dbsbm.wire.seal import Sealer

log = logging.getLogger(__name__)

BUSY = "DBSBM cannot take commands at the moment; nothing was placed. Please try again in a minute."
UNCONFIRMED = (
    "DBSBM is slow at the moment, and your command is not confirmed yet. This message changes as "
    "soon as it is; please do not repeat the command before that."
)
NOT_PLACED = "Your command did not get through; nothing was placed. Please try it again."

# Older interactions come from a gateway that replays what it missed: Discord may have given them
# up, and their members may have repeated them. A wrong clock only costs them some milliseconds.
LATE = timedelta(seconds=2)

DISCORD_FAILURES = (discord.DiscordException, aiohttp.ClientError, OSError)

Interaction = discord.Interaction[Any]

OnAcknowledged = Callable[[str, float, bool], None]
"""Told of each acknowledgement: the command, seconds since it came, whether Discord took it."""


class Outcome(StrEnum):
    """What became of a command."""

    ENQUEUED = "enqueued"
    BUSY = "busy"
    UNCONFIRMED = "unconfirmed"
    TOO_LATE = "too_late"


class Dispatcher:
    """Acknowledges commands and hands them over to the fleet."""

    def __init__(
        self, fleet: Fleet, sealer: Sealer, on_acknowledged: OnAcknowledged | None = None
    ) -> None:
        self._fleet = fleet
        self._sealer = sealer
        self._on_acknowledged = on_acknowledged
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def dispatch(
        self,
        interaction: Interaction,
        task: str,
        options: dict[str, Any],
        *,
        ephemeral: bool,
        name: str | None = None,
    ) -> None:
        """Acknowledge a command and enqueue it, or answer why it is not enqueued.

        Args:
            interaction: A command that nothing has answered yet.
            task: The Celery task that carries the command out.
            options: Plain JSON values.
            ephemeral: Whether only the member sees the answer.
            name: What the command is called; needed for a button, which has no name of its own.

        Raises:
            UserError: The command was not given in a server.
        """
        command = to_command(interaction, self._sealer, options, ephemeral=ephemeral, name=name)
        with self._holding():
            handling = _Handling(interaction, command, task, self._on_acknowledged)
            outcome = await handling.run(self._fleet)
            notice = await _tell(interaction, outcome)
        if outcome is Outcome.UNCONFIRMED:
            await self._settle(interaction, notice)

    async def drain(self, seconds: float) -> None:
        """Wait, for so long at most, until no command is half handed over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    @contextlib.contextmanager
    def _holding(self) -> Iterator[None]:
        self._in_hand += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self._idle.set()

    async def _settle(self, interaction: Interaction, notice: discord.Message | None) -> None:
        taken = await self._fleet.settle(interaction.id)
        log.info(
            "An unconfirmed command was %s.",
            "taken" if taken else "not taken",
            extra={"action": "bot.settled", "interaction_id": interaction.id, "taken": taken},
        )
        try:
            original = await (interaction.original_response() if taken else _refuse(interaction))
            if notice is not None and notice.id != original.id:
                await notice.delete()
        except DISCORD_FAILURES as error:
            log_failure("bot.not_told", interaction, error)


class _Handling:
    """One command on its way to Discord's acknowledgement and to the broker."""

    def __init__(
        self,
        interaction: Interaction,
        command: Command,
        task: str,
        on_acknowledged: OnAcknowledged | None,
    ) -> None:
        self._interaction = interaction
        self._command = command
        self._task = task
        self._on_acknowledged = on_acknowledged
        self._began = time.perf_counter()
        self._ack_ms: float | None = None
        self._enqueue_ms: float | None = None

    async def run(self, fleet: Fleet) -> Outcome:
        if discord.utils.utcnow() - self._interaction.created_at > LATE:
            outcome = await self._one_after_the_other(fleet)
        else:
            outcome = await self._both_at_once(fleet)
        self._report(outcome)
        return outcome

    async def _both_at_once(self, fleet: Fleet) -> Outcome:
        acknowledging = asyncio.create_task(self._acknowledge())
        try:
            return await self._enqueue(fleet)
        finally:
            await acknowledging

    async def _one_after_the_other(self, fleet: Fleet) -> Outcome:
        if not await self._acknowledge():
            return Outcome.TOO_LATE
        return await self._enqueue(fleet)

    async def _acknowledge(self) -> bool:
        taken = await self._defer()
        elapsed = self._elapsed_ms()
        if taken:
            self._ack_ms = elapsed
        if self._on_acknowledged is not None:
            self._on_acknowledged(self._command.name, elapsed / 1000, taken)
        return taken

    async def _defer(self) -> bool:
        try:
            await self._interaction.response.defer(ephemeral=self._command.ephemeral, thinking=True)
        except DISCORD_FAILURES as error:
            log_failure("bot.not_acknowledged", self._interaction, error)
            return False
        return True

    async def _enqueue(self, fleet: Fleet) -> Outcome:
        try:
            await fleet.hand_over(self._task, self._command, trace_of(self._interaction))
        except FleetBusy:
            return Outcome.BUSY
        except Unconfirmed:
            return Outcome.UNCONFIRMED
        finally:
            self._enqueue_ms = self._elapsed_ms()
        return Outcome.ENQUEUED

    def _elapsed_ms(self) -> float:
        return round((time.perf_counter() - self._began) * 1000, 2)

    def _report(self, outcome: Outcome) -> None:
        log.info(
            "/%s: %s.",
            self._command.name,
            outcome.value,
            extra={
                "action": "bot.command",
                "command": self._command.name,
                "outcome": outcome.value,
                "ack_ms": self._ack_ms,
                "enqueue_ms": self._enqueue_ms,
                "interaction_id": self._command.interaction_id,
                "guild_id": self._command.guild_id,
            },
        )


def trace_of(interaction: Interaction) -> str:
    """The trace id that the command tree minted for an interaction."""
    return str(interaction.extras["trace_id"])


async def _tell(interaction: Interaction, outcome: Outcome) -> discord.Message | None:
    """Say why a command is not enqueued; returns the follow-up, where it takes one."""
    try:
        if outcome is Outcome.BUSY:
            await interaction.edit_original_response(content=BUSY)
        if outcome is Outcome.UNCONFIRMED:
            return await interaction.followup.send(UNCONFIRMED, ephemeral=True, wait=True)
    except DISCORD_FAILURES as error:
        log_failure("bot.not_told", interaction, error)
    return None


async def _refuse(interaction: Interaction) -> discord.InteractionMessage:
    return await interaction.edit_original_response(content=NOT_PLACED)


def log_failure(action: str, interaction: Interaction, error: BaseException) -> None:
    """Name the kind of failure only: an error's text may hold an address, which holds a token."""
    log.warning(
        "Discord did not take an answer: %s (%s).",
        type(error).__name__,
        getattr(error, "code", None),
        extra={"action": action, "interaction_id": interaction.id},
    )
