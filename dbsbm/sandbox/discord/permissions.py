"""Permission bits and the rule that combines roles and channel overwrites."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag

ALL_BITS = (1 << 53) - 1


class Permission(IntFlag):
    """The permission bits this stand-in looks at or hands out."""

    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CHANGE_NICKNAME = 1 << 26
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31


EVERYONE = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
)


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What a channel allows or denies to one role or one member.

    Attributes:
        target_id: Id of the role or the member; the guild's own id stands for everyone.
        allow: Bits granted in the channel.
        deny: Bits taken away in the channel.
        is_member: Whether the target is a member.
    """

    target_id: str
    allow: int = 0
    deny: int = 0
    is_member: bool = False


def in_channel(
    base: int, overwrites: Iterable[Overwrite], everyone_id: str, roles: set[str], member_id: str
) -> int:
    """Apply a channel's overwrites in Discord's order: everyone, roles together, the member.

    Args:
        base: The member's permissions in the guild.
        overwrites: The channel's overwrites.
        everyone_id: Id of the guild, which is the id of its everyone role.
        roles: Ids of the member's roles.
        member_id: Id of the member.
    """
    if base & Permission.ADMINISTRATOR:
        return ALL_BITS
    by_target = {o.target_id: o for o in overwrites}
    result = _apply(base, [by_target[everyone_id]] if everyone_id in by_target else [])
    result = _apply(result, [by_target[r] for r in sorted(roles) if r in by_target])
    return _apply(result, [by_target[member_id]] if member_id in by_target else [])


def _apply(permissions: int, overwrites: list[Overwrite]) -> int:
    for overwrite in overwrites:
        permissions &= ~overwrite.deny
    for overwrite in overwrites:
        permissions |= overwrite.allow
    return permissions
