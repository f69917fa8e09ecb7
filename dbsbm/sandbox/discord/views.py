"""What the control API says of the world and of the server's health."""

from __future__ import annotations

from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.jsonio import Json
from dbsbm.sandbox.discord.permissions import Permission
from dbsbm.sandbox.discord.world import Guild, Member, Role


def state_view(core: Core) -> Json:
    """Return guilds, people, registered commands and whether a bot is connected."""
    world = core.world
    return {
        "bot": {
            "id": world.bot.id,
            "name": world.bot.global_name,
            "connected": bool(core.hub.connected),
        },
        "ack_seconds": core.config.ack_seconds,
        "token_seconds": core.config.token_seconds,
        "guilds": [_guild_view(guild) for guild in world.guilds.values()],
        "commands": {
            "global": core.commands.listed(None),
            "guilds": {g: core.commands.listed(g) for g in world.guilds},
        },
    }


def stats_view(core: Core, uptime: float) -> Json:
    """Return counters, latencies and what memory is used for.

    Args:
        core: The stand-in's state.
        uptime: Seconds since the start.
    """
    hub = core.hub
    return {
        **core.stats.view(),
        "uptime_seconds": round(uptime, 1),
        "gateway": {
            "connected": len(hub.connected),
            "resumable": len(hub.sessions) - len(hub.connected),
            "identified": hub.identified,
            "resumed": hub.resumed,
        },
        "kept": {
            "messages": len(core.messages),
            "interactions": len(core.interactions),
            "attachment_bytes": core.files.bytes_held,
            "listeners": len(core.feed),
        },
        "rate_limits_enabled": core.limiter.limits.enabled,
        "faults": core.faults.view(),
    }


def _guild_view(guild: Guild) -> Json:
    return {
        "id": guild.id,
        "name": guild.name,
        "owner_id": guild.owner_id,
        "channels": [
            {"id": c.id, "name": c.name, "topic": c.topic} for c in guild.channels.values()
        ],
        "roles": [{"id": r.id, "name": r.name, "color": r.color} for r in guild.roles.values()],
        "members": [_member_view(guild, member) for member in guild.members.values()],
    }


def _member_view(guild: Guild, member: Member) -> Json:
    held = {c.id: guild.permissions(member, c) for c in guild.channels.values()}
    return {
        "id": member.id,
        "name": member.name,
        "username": member.user.username,
        "bot": member.user.bot,
        "owner": member.id == guild.owner_id,
        "administrator": any(p & Permission.ADMINISTRATOR for p in held.values()),
        "roles": [guild.roles[r].name for r in member.role_ids],
        "color": max((guild.roles[r] for r in member.role_ids), key=_rank).color
        if member.role_ids
        else 0,
        "sees": [c for c, p in held.items() if p & Permission.VIEW_CHANNEL],
        "writes": [c for c, p in held.items() if p & Permission.SEND_MESSAGES],
    }


def _rank(role: Role) -> int:
    return role.position
