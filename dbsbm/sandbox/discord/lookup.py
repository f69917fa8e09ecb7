"""Finding guilds, channels, members and roles by what a person would call them."""

from __future__ import annotations

from dbsbm.sandbox.discord.errors import Refusal
from dbsbm.sandbox.discord.world import Channel, Guild, Member, Role, World


def find_guild(world: World, name: str | None) -> Guild:
    """Return a guild by id or name; the first one for None.

    Raises:
        Refusal: The bot is in no such guild.
    """
    if name is None:
        return next(iter(world.guilds.values()))
    for guild in world.guilds.values():
        if name in (guild.id, guild.name):
            return guild
    raise Refusal(f"There is no guild {name!r}.", 404)


def find_channel(guild: Guild, name: str | None) -> Channel:
    """Return a guild's channel by id or name; the first one for None.

    Raises:
        Refusal: The guild has no such channel.
    """
    if name is None:
        return next(iter(guild.channels.values()))
    for channel in guild.channels.values():
        if name.removeprefix("#") in (channel.id, channel.name):
            return channel
    raise Refusal(f"{guild.name} has no channel {name!r}.", 404)


def find_member(guild: Guild, name: str | None) -> Member:
    """Return a guild's member by id, username or shown name; the first person for None.

    Raises:
        Refusal: The guild has no such member.
    """
    for member in guild.members.values():
        named = name in (member.id, member.user.username, member.name)
        if named or (name is None and not member.user.bot):
            return member
    raise Refusal(f"{guild.name} has no member {name!r}.", 404)


def find_role(guild: Guild, name: str) -> Role:
    """Return a guild's role by id or name.

    Raises:
        Refusal: The guild has no such role.
    """
    for role in guild.roles.values():
        if name in (role.id, role.name):
            return role
    raise Refusal(f"{guild.name} has no role {name!r}.", 404)
