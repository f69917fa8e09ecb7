"""Guilds, channels, roles and members, with the payloads that describe them."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbsbm.sandbox.discord.errors import unknown
from dbsbm.sandbox.discord.jsonio import Json
from dbsbm.sandbox.discord.permissions import ALL_BITS, Overwrite, Permission, in_channel

JOINED_AT = "2026-01-05T18:30:00+00:00"
TEXT_CHANNEL = 0


@dataclass(frozen=True, slots=True)
class User:
    """An account, of a person or of the bot."""

    id: str
    username: str
    global_name: str
    bot: bool = False
    locale: str = "en-US"

    def payload(self) -> Json:
        """Return the user object."""
        return {
            "id": self.id,
            "username": self.username,
            "global_name": self.global_name,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "system": False,
            "public_flags": 0,
        }


@dataclass(frozen=True, slots=True)
class Role:
    """A role; the one whose id is the guild's own is everyone's."""

    id: str
    name: str
    permissions: int
    position: int = 0
    color: int = 0
    bot_id: str | None = None

    def payload(self) -> Json:
        """Return the role object."""
        role: Json = {
            "id": self.id,
            "name": self.name,
            "permissions": str(int(self.permissions)),
            "position": self.position,
            "color": self.color,
            "colors": {
                "primary_color": self.color,
                "secondary_color": None,
                "tertiary_color": None,
            },
            "hoist": self.position > 0,
            "managed": self.bot_id is not None,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }
        return role if self.bot_id is None else {**role, "tags": {"bot_id": self.bot_id}}


@dataclass(slots=True)
class Channel:
    """A text channel of a guild."""

    id: str
    guild_id: str
    name: str
    topic: str = ""
    position: int = 0
    overwrites: tuple[Overwrite, ...] = ()
    last_message_id: str | None = None

    def payload(self) -> Json:
        """Return the channel object."""
        return {
            "id": self.id,
            "guild_id": self.guild_id,
            "type": TEXT_CHANNEL,
            "name": self.name,
            "topic": self.topic or None,
            "position": self.position,
            "parent_id": None,
            "nsfw": False,
            "rate_limit_per_user": 0,
            "last_message_id": self.last_message_id,
            "flags": 0,
            "permission_overwrites": [
                {
                    "id": o.target_id,
                    "type": int(o.is_member),
                    "allow": str(int(o.allow)),
                    "deny": str(int(o.deny)),
                }
                for o in self.overwrites
            ],
        }


@dataclass(frozen=True, slots=True)
class Member:
    """A user's place in one guild."""

    user: User
    role_ids: tuple[str, ...] = ()
    nick: str | None = None

    @property
    def id(self) -> str:
        """The user's id."""
        return self.user.id

    @property
    def name(self) -> str:
        """What others see."""
        return self.nick or self.user.global_name

    def payload(self, permissions: int | None = None) -> Json:
        """Return the member object, with computed permissions where an interaction carries it."""
        member: Json = {
            "user": self.user.payload(),
            "nick": self.nick,
            "avatar": None,
            "banner": None,
            "roles": list(self.role_ids),
            "joined_at": JOINED_AT,
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
            "communication_disabled_until": None,
        }
        return member if permissions is None else {**member, "permissions": str(permissions)}


@dataclass(slots=True)
class Guild:
    """A guild with all it holds, each by id."""

    id: str
    name: str
    owner_id: str
    locale: str = "en-US"
    roles: dict[str, Role] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)

    def permissions(self, member: Member, channel: Channel) -> int:
        """Return a member's permissions in a channel: roles, overwrites, ownership."""
        if member.id == self.owner_id:
            return ALL_BITS
        base = 0
        for role_id in (self.id, *member.role_ids):
            base |= int(self.roles[role_id].permissions)
        return in_channel(base, channel.overwrites, self.id, set(member.role_ids), member.id)

    def can(self, member: Member, channel: Channel, *needed: Permission) -> bool:
        """Say whether a member holds every one of the permissions in a channel."""
        held = self.permissions(member, channel)
        return all(held & permission for permission in needed)

    def payload(self) -> Json:
        """Return the guild object as REST gives it."""
        return {
            **_GUILD_DEFAULTS,
            "id": self.id,
            "name": self.name,
            "owner_id": self.owner_id,
            "preferred_locale": self.locale,
            "roles": [role.payload() for role in self.roles.values()],
            "system_channel_id": next(iter(self.channels), None),
        }

    def created_payload(self, only: set[str] | None = None) -> Json:
        """Return the GUILD_CREATE payload.

        Args:
            only: Ids of the members to send; all where the session may see them.
        """
        members = [m for m in self.members.values() if only is None or m.id in only]
        return {
            **self.payload(),
            "joined_at": JOINED_AT,
            "large": False,
            "unavailable": False,
            "member_count": len(self.members),
            "members": [m.payload() for m in members],
            "channels": [c.payload() for c in self.channels.values()],
            "threads": [],
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }


class World:
    """Everything the stand-in knows about who is where.

    Args:
        bot: The bot's account; its id is the application's id too.
        guilds: The guilds the bot is in.
    """

    def __init__(self, bot: User, guilds: list[Guild]) -> None:
        self.bot = bot
        self.guilds = {guild.id: guild for guild in guilds}
        self.users = {m.id: m.user for g in guilds for m in g.members.values()} | {bot.id: bot}
        self._channels = {c.id: (g, c) for g in guilds for c in g.channels.values()}

    @property
    def application_id(self) -> str:
        """Id of the application, which is the bot's."""
        return self.bot.id

    def guild(self, guild_id: str) -> Guild:
        """Return a guild, or raise Discord's 10004."""
        try:
            return self.guilds[guild_id]
        except KeyError:
            raise unknown("Guild") from None

    def channel(self, channel_id: str) -> tuple[Guild, Channel]:
        """Return a channel and its guild, or raise Discord's 10003."""
        try:
            return self._channels[channel_id]
        except KeyError:
            raise unknown("Channel") from None


_GUILD_DEFAULTS: Json = {
    "icon": None,
    "splash": None,
    "discovery_splash": None,
    "banner": None,
    "description": None,
    "region": "local",
    "afk_channel_id": None,
    "afk_timeout": 300,
    "verification_level": 0,
    "default_message_notifications": 1,
    "explicit_content_filter": 0,
    "emojis": [],
    "stickers": [],
    "features": [],
    "mfa_level": 0,
    "application_id": None,
    "widget_enabled": False,
    "widget_channel_id": None,
    "system_channel_flags": 0,
    "rules_channel_id": None,
    "public_updates_channel_id": None,
    "safety_alerts_channel_id": None,
    "max_presences": None,
    "max_members": 500_000,
    "max_video_channel_users": 25,
    "max_stage_video_channel_users": 50,
    "vanity_url_code": None,
    "premium_tier": 0,
    "premium_subscription_count": 0,
    "premium_progress_bar_enabled": False,
    "nsfw": False,
    "nsfw_level": 0,
}
