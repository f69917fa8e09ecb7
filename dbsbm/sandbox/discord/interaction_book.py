"""The newest interactions, and who may still answer them."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable

from dbsbm.sandbox.discord.errors import invalid_webhook_token, unknown
from dbsbm.sandbox.discord.ids import Snowflakes
from dbsbm.sandbox.discord.interactions import Interaction, InteractionType
from dbsbm.sandbox.discord.messages import Message
from dbsbm.sandbox.discord.world import Channel, Guild, Member


class InteractionBook:
    """The newest interactions, by id and by token.

    Args:
        snowflakes: Gives the ids.
        wall: Seconds since the Unix epoch.
        kept: Interactions remembered.
        token_seconds: Life of a token.
    """

    def __init__(
        self,
        snowflakes: Snowflakes,
        wall: Callable[[], float],
        *,
        kept: int,
        token_seconds: float,
    ) -> None:
        self._snowflakes = snowflakes
        self._wall = wall
        self._kept = kept
        self._token_seconds = token_seconds
        self._by_id: OrderedDict[str, Interaction] = OrderedDict()
        self._by_token: dict[str, Interaction] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def open(
        self,
        kind: InteractionType,
        guild: Guild,
        channel: Channel,
        member: Member,
        label: str,
        *,
        source: Message | None = None,
        parent: Interaction | None = None,
    ) -> Interaction:
        """Make and remember an interaction; the oldest gives way."""
        interaction = Interaction(
            id=self._snowflakes.new(),
            token=secrets.token_urlsafe(48),
            kind=kind,
            guild=guild,
            channel=channel,
            member=member,
            label=label,
            created_at=self._wall(),
            source=source,
            parent=parent,
        )
        self._by_id[interaction.id] = interaction
        self._by_token[interaction.token] = interaction
        if len(self._by_id) > self._kept:
            _, oldest = self._by_id.popitem(last=False)
            self._by_token.pop(oldest.token)
        return interaction

    def get(self, interaction_id: str) -> Interaction:
        """Return an interaction, or raise Discord's 10062."""
        try:
            return self._by_id[interaction_id]
        except KeyError:
            raise unknown("interaction") from None

    def answerable(self, interaction_id: str, token: str) -> Interaction:
        """Return the interaction a first answer is for.

        Raises:
            ApiError: 10062, it is unknown, or its time for a first answer is over.
        """
        interaction = self.get(interaction_id)
        if not secrets.compare_digest(interaction.token.encode(), token.encode()):
            raise unknown("interaction")
        if interaction.failure is not None:
            interaction.late += 1
            interaction.touch()
            raise unknown("interaction")
        return interaction

    def acknowledged(self, token: str) -> Interaction:
        """Return the interaction behind a webhook token.

        Raises:
            ApiError: 50027, wrong or expired; 10015, nothing was answered yet.
        """
        interaction = self._by_token.get(token)
        if interaction is None or self.is_expired(interaction):
            raise invalid_webhook_token()
        if interaction.ack is None:
            raise unknown("Webhook")
        return interaction

    def is_expired(self, interaction: Interaction) -> bool:
        """Say whether an interaction's token is past its life."""
        age = self._wall() - interaction.created_at
        return interaction.expired or age >= self._token_seconds
