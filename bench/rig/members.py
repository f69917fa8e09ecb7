"""Members who each want one bet, and do not give up before they see its slip.

What they do is what Discord shows them: "did not respond", and sentences that say nothing was
placed, make them try again with a new command; "is thinking" makes them wait.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import asdict, dataclass, field

from sqlalchemy import func, select

from bench.rig.commands import bet_on
from bench.rig.fleet import FleetUnderTest
from dbsbm.db.models import Bet, Effect, Interaction
from dbsbm.db.models.base import Base
from dbsbm.sandbox.discord.client import AsyncStandinClient, Place, StandinTimeoutError
from dbsbm.sandbox.discord.client_views import InteractionState, SentMessage

# What a member does not take as an answer, but as a reason to try again.
_TRY_AGAIN = ("nothing was placed", "was not carried out")
_LOOK_EVERY = 0.5
_PAUSE = 1.0


@dataclass(slots=True)
class Member:
    """One member and their bet.

    Attributes:
        name: Their user name in the stand-in's crowd.
        note: The bet's note, which no other bet has.
        tried: Their interactions, oldest first.
        refused: Why an interaction was tried again: what they read.
        waited: Seconds from their first try until they saw the slip; None until they do.
    """

    name: str
    note: str
    tried: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    waited: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the members got.

    Attributes:
        lost: Notes without a row, or without a slip that was shown.
        doubled: Notes with more than one row, or more than one message with a slip.
        rows: Bets in the database.
        slips: Messages with a slip in the channel.
        repeats: How often a member tried again, by what made them.
        longest_wait: Seconds from a member's first try to their slip.
    """

    lost: list[str]
    doubled: list[str]
    rows: int
    slips: int
    repeats: Counter[str]
    longest_wait: float


class Crowd:
    """As many members as there are bets.

    Args:
        fleet: What they use; its plan has a crowd that is large enough.
        game: What they bet on.
        count: How many they are.
    """

    def __init__(self, fleet: FleetUnderTest, game: str, count: int) -> None:
        self._fleet = fleet
        self._game = game
        self.members = [Member(f"crowd.{n:04}", f"bet {n:04}") for n in range(1, count + 1)]
        self._waiting = iter(self.members)
        guild = fleet.discord.state()["guilds"][0]
        self._channel = guild["channels"][0]["id"]
        self._ids = {person["username"]: person["id"] for person in guild["members"]}
        self._betting: list[asyncio.Task[None]] = []

    async def bet(self, discord: AsyncStandinClient, count: int, over: float) -> None:
        """Have the next members begin, spread evenly over so many seconds."""
        for _, member in zip(range(count), self._waiting, strict=False):
            self._betting.append(asyncio.create_task(self._one(discord, member)))
            await asyncio.sleep(over / count)

    async def settle(self, within: float) -> None:
        """Wait until everybody has seen their slip, or for so long."""
        _, unhappy = await asyncio.wait(self._betting, timeout=within)
        for task in unhappy:
            task.cancel()
        for result in await asyncio.gather(*self._betting, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    def judge(self) -> Verdict:
        """Count rows and slips by note."""
        rows = self._rows()
        slips = self._slips()
        notes = [member.note for member in self.members]
        repeats = Counter(text for member in self.members for text in member.refused)
        return Verdict(
            lost=[note for note in notes if not (rows[note] and slips[note])],
            doubled=[note for note in notes if rows[note] > 1 or slips[note] > 1],
            rows=sum(rows[note] for note in notes),
            slips=sum(slips[note] for note in notes),
            repeats=repeats,
            longest_wait=max((m.waited for m in self.members if m.waited), default=0.0),
        )

    def evidence(self, verdict: Verdict) -> str:
        """All that is known of the bets that were lost or doubled, as JSON."""
        unhappy = {*verdict.lost, *verdict.doubled}
        members = [asdict(member) for member in self.members if member.note in unhappy]
        tried = [int(each) for member in members for each in member["tried"]]
        with self._fleet.database.read() as session:
            effects = (
                session.scalar(select(Effect).where(Effect.dedupe_key == f"reply:{number}"))
                for number in tried
            )
            rows = {
                "bets": session.scalars(select(Bet).where(Bet.note.in_(unhappy))).all(),
                "interactions": session.scalars(
                    select(Interaction).where(Interaction.id.in_(tried))
                ).all(),
                "effects": [effect for effect in effects if effect is not None],
            }
            written = {table: [_columns(row) for row in found] for table, found in rows.items()}
        states = [self._fleet.discord.interaction(str(number)).raw for number in tried]
        found = {"members": members, **written, "discord": states}
        return json.dumps(found, indent=1, default=str)

    async def _one(self, discord: AsyncStandinClient, member: Member) -> None:
        began = time.monotonic()
        at = Place(member=member.name)
        while True:
            tried = await discord.run("bet", bet_on(self._game, member.note), at)
            member.tried.append(tried)
            reason = await self._outcome(discord, member, tried)
            if reason is None:
                member.waited = time.monotonic() - began
                return
            member.refused.append(reason)
            await asyncio.sleep(_PAUSE)

    async def _outcome(self, discord: AsyncStandinClient, member: Member, tried: str) -> str | None:
        """Wait for the slip (None), or for a reason to try again."""
        while True:
            try:
                state = await discord.wait(tried, "answer", within=_LOOK_EVERY)
            except StandinTimeoutError:  # it is still thinking
                continue
            if _shows_slip(state) or await asyncio.to_thread(self._is_mentioned, member):
                return None
            if reason := _reason_to_repeat(state):
                return reason
            await asyncio.sleep(_LOOK_EVERY)

    def _is_mentioned(self, member: Member) -> bool:
        mention = f"<@{self._ids[member.name]}>"
        return any(_is_slip(m) and mention in m.content for m in self._messages())

    def _rows(self) -> Counter[str]:
        with self._fleet.database.read() as session:
            found = session.execute(select(Bet.note, func.count()).group_by(Bet.note))
            return Counter({note: count for note, count in found if note is not None})

    def _slips(self) -> Counter[str]:
        """Messages with a slip, by the note of the member whom they answer or mention."""
        by_interaction = {tried: m.note for m in self.members for tried in m.tried}
        by_mention = {f"<@{self._ids[m.name]}>": m.note for m in self.members}
        slips = Counter[str]()
        for message in filter(_is_slip, self._messages()):
            mentioned = (note for user, note in by_mention.items() if user in message.content)
            answered = by_interaction.get(str(message.raw["interaction_id"]))
            slips[answered or next(mentioned, f"nobody's: message {message.id}")] += 1
        return slips

    def _messages(self) -> list[SentMessage]:
        return self._fleet.discord.messages(self._channel)


def _columns(row: Base) -> dict[str, object]:
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}


def _shows_slip(state: InteractionState) -> bool:
    return state.original is not None and _is_slip(state.original)


def _is_slip(message: SentMessage) -> bool:
    return any(file.filename == "slip.png" for file in message.files)


def _reason_to_repeat(state: InteractionState) -> str | None:
    if state.state == "failed":
        return state.error
    content = state.original.content if state.original else ""
    return content if any(words in content for words in _TRY_AGAIN) else None
