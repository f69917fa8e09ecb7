"""One shape for every command a member gives, as it crosses from the bot to a worker."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

from dbsbm.errors import DbsbmError


class MalformedCommand(DbsbmError):
    """A command on the wire lacks a field or has one that this version does not know."""


@dataclass(frozen=True, slots=True)
class Command:
    """A Discord interaction, reduced to what a worker needs. Plain JSON values only.

    Attributes:
        interaction_id: Discord's id of the interaction: the idempotency key.
        application_id: Whose webhook the answer goes to.
        reply_token: The interaction's token, sealed (see `dbsbm.wire.seal`), never in the clear.
        guild_id: Where it was given. DBSBM serves guilds only.
        guild_name: The guild's name, empty where Discord did not say.
        channel_id: Where an answer can be posted once the token has expired.
        user_id: Who gave it.
        user_name: The name the guild sees.
        user_avatar: Discord's hash of the avatar, or None.
        locale: The member's language, such as `en-US`.
        created_at: When Discord created the interaction, ISO 8601 in UTC.
        name: The command, such as `bet`.
        options: The command's options by name.
        ephemeral: True where only the member sees the answer.
    """

    interaction_id: int
    application_id: int
    reply_token: str
    guild_id: int
    guild_name: str
    channel_id: int
    user_id: int
    user_name: str
    user_avatar: str | None
    locale: str
    created_at: str
    name: str
    options: dict[str, Any]
    ephemeral: bool

    def __repr__(self) -> str:
        """Leave the token out: even sealed it is nobody's business."""
        return f"<Command {self.name} {self.interaction_id} in guild {self.guild_id}>"

    @property
    def created(self) -> datetime:
        """`created_at` as an aware time."""
        return datetime.fromisoformat(self.created_at).astimezone(UTC)

    def to_json(self) -> dict[str, Any]:
        """The command as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read a command back.

        Raises:
            MalformedCommand: A field is missing or unknown.
        """
        names = {field.name for field in fields(cls)}
        if data.keys() != names:
            odd = ", ".join(sorted(data.keys() ^ names))
            raise MalformedCommand(f"The command on the wire is missing or has unknown: {odd}.")
        return cls(**data)
