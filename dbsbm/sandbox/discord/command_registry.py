"""The commands a bot has registered, globally and for single guilds."""

from __future__ import annotations

from dbsbm.sandbox.discord.command_forms import (
    CHAT_INPUT,
    MAX_COMMANDS,
    check_command,
    check_commands,
)
from dbsbm.sandbox.discord.errors import ApiError, FormErrors, unknown
from dbsbm.sandbox.discord.ids import Snowflakes
from dbsbm.sandbox.discord.jsonio import Json
from dbsbm.sandbox.discord.permissions import Permission
from dbsbm.sandbox.discord.world import Channel, Guild, Member

Scope = str | None
_Key = tuple[int, str]


class CommandRegistry:
    """Application commands; a scope is a guild's id, or None for everywhere.

    Args:
        application_id: The owner of the commands.
        snowflakes: Gives ids and versions.
    """

    def __init__(self, application_id: str, snowflakes: Snowflakes) -> None:
        self._application_id = application_id
        self._snowflakes = snowflakes
        self._scopes: dict[Scope, dict[_Key, Json]] = {}

    def listed(self, scope: Scope) -> list[Json]:
        """Return the commands of one scope."""
        return list(self._scopes.get(scope, {}).values())

    def in_guild(self, guild_id: str) -> list[Json]:
        """Return what members of a guild could see; the guild's own command hides a global one."""
        merged = {**self._scopes.get(None, {}), **self._scopes.get(guild_id, {})}
        return list(merged.values())

    def get(self, scope: Scope, command_id: str) -> Json:
        """Return a command, or raise Discord's 10063."""
        for command in self.listed(scope):
            if command["id"] == command_id:
                return command
        raise unknown("application command")

    def replace(self, scope: Scope, commands: list[Json]) -> list[Json]:
        """Overwrite a scope; commands that keep type and name keep their id.

        Raises:
            ApiError: 50035, or 30032 where there are too many.
        """
        errors = FormErrors()
        check_commands(commands, errors)
        errors.raise_if_any()
        _refuse_too_many(commands)
        old = self._scopes.get(scope, {})
        stored = [self._stored(scope, c, old.get(_key(c))) for c in commands]
        self._scopes[scope] = {_key(c): c for c in stored}
        return stored

    def upsert(self, scope: Scope, command: Json) -> tuple[Json, bool]:
        """Create a command, or overwrite the one of the same type and name.

        Returns:
            The command, and whether it is new.

        Raises:
            ApiError: 50035, or 30032 where there are too many.
        """
        errors = FormErrors()
        check_command(command, (), errors)
        errors.raise_if_any()
        commands = self._scopes.setdefault(scope, {})
        old = commands.get(_key(command))
        if old is None:
            _refuse_too_many([*commands.values(), command])
        commands[_key(command)] = stored = self._stored(scope, command, old)
        return stored, old is None

    def change(self, scope: Scope, command_id: str, fields: Json) -> Json:
        """Change some fields of a command.

        Raises:
            ApiError: 10063, or 50035.
        """
        old = self.get(scope, command_id)
        changed = {**old, **fields}
        errors = FormErrors()
        check_command(changed, (), errors)
        errors.raise_if_any()
        commands = self._scopes[scope]
        del commands[_key(old)]
        commands[_key(changed)] = stored = self._stored(scope, changed, old)
        return stored

    def delete(self, scope: Scope, command_id: str) -> None:
        """Remove a command, or raise Discord's 10063."""
        del self._scopes[scope][_key(self.get(scope, command_id))]

    def _stored(self, scope: Scope, given: Json, old: Json | None) -> Json:
        rights = given.get("default_member_permissions")
        command: Json = {
            "type": CHAT_INPUT,
            "description": "",
            "nsfw": False,
            "dm_permission": True,
            "contexts": None,
            "integration_types": [0],
            **{k: v for k, v in given.items() if v is not None},
            "id": old["id"] if old else self._snowflakes.new(),
            "application_id": self._application_id,
            "default_member_permissions": None if rights is None else str(rights),
        }
        if scope is not None:
            command["guild_id"] = scope
        same = old is not None and {**old, "version": ""} == {**command, "version": ""}
        command["version"] = old["version"] if old and same else self._snowflakes.new()
        return command


def may_use(command: Json, guild: Guild, channel: Channel, member: Member) -> bool:
    """Say whether Discord would show a command to a member in a channel."""
    held = guild.permissions(member, channel)
    if held & Permission.ADMINISTRATOR:
        return True
    if not (held & Permission.VIEW_CHANNEL and held & Permission.USE_APPLICATION_COMMANDS):
        return False
    default = command["default_member_permissions"]
    if default is None:
        return True
    needed = int(default)
    return needed != 0 and held & needed == needed


def _key(command: Json) -> _Key:
    return command.get("type") or CHAT_INPUT, command["name"]


def _refuse_too_many(commands: list[Json]) -> None:
    for kind, most in MAX_COMMANDS.items():
        if sum(_key(c)[0] == kind for c in commands) > most:
            message = f"Maximum number of application commands reached ({most})"
            raise ApiError(400, 30032, message)
