"""What members do: run a command, type in an option, press a button, send a modal, write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbsbm.sandbox.discord.callbacks import FirstAnswers
from dbsbm.sandbox.discord.command_registry import may_use
from dbsbm.sandbox.discord.components import (
    BUTTON,
    LINK_STYLE,
    PREMIUM_STYLE,
    find_component,
)
from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.drafts import check_draft
from dbsbm.sandbox.discord.errors import ApiError, Refusal
from dbsbm.sandbox.discord.interactions import Interaction, InteractionType
from dbsbm.sandbox.discord.jsonio import Json
from dbsbm.sandbox.discord.lookup import find_channel, find_guild, find_member
from dbsbm.sandbox.discord.member_input import OptionReader, find_command, is_select
from dbsbm.sandbox.discord.messages import Message
from dbsbm.sandbox.discord.modals import submission
from dbsbm.sandbox.discord.permissions import Permission
from dbsbm.sandbox.discord.world import Channel, Guild, Member


class Actor:
    """A member in a channel, and what they can do there.

    Args:
        core: The stand-in's state.
        answers: Starts the clock of what is sent to the bot.
        place: Names or ids of `guild`, `channel` and `member`; each may be left out.

    Raises:
        Refusal: One of them does not exist, or the member cannot see the channel.
    """

    def __init__(self, core: Core, answers: FirstAnswers, place: Mapping[str, Any]) -> None:
        self._core = core
        self._answers = answers
        self.guild: Guild = find_guild(core.world, place.get("guild"))
        self.channel: Channel = find_channel(self.guild, place.get("channel"))
        self.member: Member = find_member(self.guild, place.get("member"))
        if not self.guild.can(self.member, self.channel, Permission.VIEW_CHANNEL):
            raise Refusal(f"{self.member.name} cannot see #{self.channel.name}.", 403)

    def commands(self) -> list[Json]:
        """Return the commands Discord would offer here."""
        listed = self._core.commands.in_guild(self.guild.id)
        return [c for c in listed if may_use(c, self.guild, self.channel, self.member)]

    def run(self, typed: str, options: Mapping[str, Any]) -> Interaction:
        """Run a slash command.

        Raises:
            Refusal: Discord's client would not send it.
        """
        command, path = self._command(typed)
        reader = self._reader()
        read = reader.read(_declared(command, path), options)
        label = "/" + " ".join([command["name"], *(o["name"] for o in path)])
        data = _command_data(command, path, read, reader.resolved)
        return self._send(InteractionType.COMMAND, label, data)

    def autocomplete(
        self, typed: str, focused: str, partial: str, options: Mapping[str, Any]
    ) -> Interaction:
        """Ask for the choices of an option.

        Raises:
            Refusal: Discord's client would not ask.
        """
        command, path = self._command(typed)
        declared = _declared(command, path)
        read = self._reader().read_focused(declared, options, focused, partial)
        data = _command_data(command, path, read, {})
        return self._send(InteractionType.AUTOCOMPLETE, f"/{typed} {focused}", data)

    def use_component(self, message_id: str, custom_id: str, values: list[str]) -> Interaction:
        """Press a button or choose from a menu.

        Raises:
            Refusal: There is no such component, it is disabled, or no interaction comes of it.
        """
        message = self._visible(message_id)
        component = find_component(message.components, custom_id)
        if component is None:
            raise Refusal(f"The message has no component {custom_id!r}.", 404)
        if component.get("disabled"):
            raise Refusal(f"The component {custom_id!r} is disabled.")
        if component.get("style") in (LINK_STYLE, PREMIUM_STYLE) and component["type"] == BUTTON:
            raise Refusal("A link button sends nothing to the bot.")
        data: Json = {
            "custom_id": custom_id,
            "component_type": component["type"],
            "id": component.get("id", 0),
        }
        if is_select(component):
            reader = self._reader()
            data["values"] = reader.selected(component, values)
            # A menu of plain strings has no `resolved` at all: discord.py takes an empty one for
            # an entity menu in which nothing was chosen.
            if reader.resolved:
                data["resolved"] = reader.resolved
        label = component.get("label") or component.get("placeholder") or custom_id
        return self._send(InteractionType.COMPONENT, label, data, source=message)

    def submit(self, shown_by: Interaction, values: Mapping[str, Any]) -> Interaction:
        """Send a modal that an interaction showed.

        Raises:
            Refusal: The interaction showed none, showed it to another member, or a value is wrong.
        """
        modal = shown_by.modal
        if modal is None or shown_by.member.id != self.member.id:
            raise Refusal(f"No modal is open for {self.member.name}.")
        data: Json = {
            "custom_id": modal["custom_id"],
            "components": submission(modal, values),
            "resolved": {},
        }
        kind, source = InteractionType.MODAL_SUBMIT, shown_by.source
        return self._send(kind, modal["title"], data, source=source, parent=shown_by)

    def write(self, content: str) -> Message:
        """Post an ordinary message.

        Raises:
            Refusal: The member may not write here, or the message is empty or too long.
        """
        if not self.guild.can(self.member, self.channel, Permission.SEND_MESSAGES):
            raise Refusal(f"{self.member.name} may not write in #{self.channel.name}.", 403)
        message = Message(
            id=self._core.snowflakes.new(),
            channel_id=self.channel.id,
            guild_id=self.guild.id,
            author=self.member.user,
            created_at=self._core.wall(),
        )
        try:
            self._core.writer.fill(message, check_draft({"content": content}, []), self.guild)
        except ApiError as error:
            raise Refusal("A message has 1 to 2,000 characters.") from error
        self._core.post(message)
        return message

    def _visible(self, message_id: str) -> Message:
        message = self._core.messages.get(self.channel.id, message_id)
        if message.visible_to not in (None, self.member.id):
            raise Refusal(f"{self.member.name} cannot see that message.", 403)
        return message

    def _command(self, typed: str) -> tuple[Json, list[Json]]:
        return find_command(self._core, typed, self.guild, self.channel, self.member)

    def _reader(self) -> OptionReader:
        return OptionReader(self._core, self.guild, self.channel, self.member)

    def _send(
        self,
        kind: InteractionType,
        label: str,
        data: Json,
        *,
        source: Message | None = None,
        parent: Interaction | None = None,
    ) -> Interaction:
        interaction = self._core.interactions.open(
            kind, self.guild, self.channel, self.member, label, source=source, parent=parent
        )
        payload = self._payload(interaction, data)
        if source is not None:
            payload["message"] = source.payload(self._core.base_url)
        self._answers.dispatch(interaction, payload)
        return interaction

    def _payload(self, interaction: Interaction, data: Json) -> Json:
        guild, channel, member = self.guild, self.channel, self.member
        held = guild.permissions(member, channel)
        bot = guild.members[self._core.world.bot.id]
        return {
            "id": interaction.id,
            "application_id": self._core.world.application_id,
            "type": int(interaction.kind),
            "token": interaction.token,
            "version": 1,
            "guild_id": guild.id,
            "guild": {"id": guild.id, "locale": guild.locale, "features": []},
            "channel_id": channel.id,
            "channel": {**channel.payload(), "permissions": str(held)},
            "member": member.payload(held),
            "locale": member.user.locale,
            "guild_locale": guild.locale,
            "app_permissions": str(guild.permissions(bot, channel)),
            "entitlements": [],
            "authorizing_integration_owners": {"0": guild.id},
            "context": 0,
            "attachment_size_limit": self._core.config.upload_bytes,
            "data": data,
        }


def _declared(command: Json, path: list[Json]) -> list[Json]:
    declared: list[Json] = (path[-1] if path else command).get("options", [])
    return declared


def _command_data(command: Json, path: list[Json], options: list[Json], resolved: Json) -> Json:
    for node in reversed(path):
        options = [{"name": node["name"], "type": node["type"], "options": options}]
    data: Json = {"id": command["id"], "name": command["name"], "type": 1, "options": options}
    if resolved:
        data["resolved"] = resolved
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return data
