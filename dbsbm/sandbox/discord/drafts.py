"""From a checked request body to a message: create, edit, and who is mentioned."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from dbsbm.sandbox.discord.cdn import Attachment, AttachmentStore, Upload
from dbsbm.sandbox.discord.components import check_components, number_components
from dbsbm.sandbox.discord.embeds import check_embeds
from dbsbm.sandbox.discord.errors import ApiError, FormErrors, Path, invalid_form
from dbsbm.sandbox.discord.forms import boolean, integer, items, record, text
from dbsbm.sandbox.discord.jsonio import Json
from dbsbm.sandbox.discord.messages import Message, MessageFlags
from dbsbm.sandbox.discord.uploads import MAX_FILES, described
from dbsbm.sandbox.discord.world import Guild

_SETTABLE = (
    MessageFlags.SUPPRESS_EMBEDS
    | MessageFlags.EPHEMERAL
    | MessageFlags.SUPPRESS_NOTIFICATIONS
    | MessageFlags.COMPONENTS_V2
)
_USER_MENTION = re.compile(r"<@!?(\d+)>")
_ROLE_MENTION = re.compile(r"<@&(\d+)>")
_SHAPE = record(
    {
        "content": text(2_000),
        "flags": integer(0, 1 << 24),
        "tts": boolean,
        "enforce_nonce": boolean,
        "attachments": items(
            record({"filename": text(260), "description": text(1_024)}), MAX_FILES
        ),
        "allowed_mentions": record(
            {
                "parse": items(text(8), 3),
                "users": items(text(20), 100),
                "roles": items(text(20), 100),
            }
        ),
        "message_reference": record({}),
    }
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message body that passed every check.

    Attributes:
        fields: The JSON fields the bot gave.
        uploads: The files it sent along.
    """

    fields: Json
    uploads: list[Upload]

    @property
    def flags(self) -> int:
        """The flags a bot may set, of those it asked for."""
        return int(self.fields.get("flags") or 0) & _SETTABLE

    @property
    def nonce(self) -> str | int | None:
        """The nonce, whether enforced or not."""
        nonce: str | int | None = self.fields.get("nonce")
        return nonce


def check_draft(
    fields: Json, uploads: list[Upload], *, v2: bool = False, under: Path = ()
) -> Draft:
    """Check a message body against Discord's limits.

    Args:
        fields: The JSON fields.
        uploads: The files.
        v2: Whether the message to edit already carries the Components V2 flag.
        under: Path of the message within the body, which error paths start with.

    Raises:
        ApiError: 50035 Invalid Form Body.
    """
    errors = FormErrors()
    _SHAPE(fields, under, errors)
    errors.raise_if_any()
    draft = Draft(fields, described(fields.get("attachments") or [], uploads))
    v2 = v2 or bool(draft.flags & MessageFlags.COMPONENTS_V2)
    if fields.get("embeds") is not None:
        check_embeds(fields["embeds"], (*under, "embeds"), errors)
    if fields.get("components") is not None:
        check_components(fields["components"], (*under, "components"), errors, v2=v2)
    if draft.nonce is not None and len(str(draft.nonce)) > 25:
        message = "Must be 25 or fewer in length."
        errors.add((*under, "nonce"), "BASE_TYPE_MAX_LENGTH", message)
    for name in ("content", "embeds"):
        if v2 and fields.get(name):
            message = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            errors.add(
                (*under, name), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message
            )
    errors.raise_if_any()
    return draft


class _Parts(NamedTuple):
    content: str
    embeds: list[Json]
    components: list[Json]

    @classmethod
    def of(cls, fields: Json, otherwise: _Parts) -> _Parts:
        """Take each part from the fields that name it, else from another set of parts."""
        return cls(
            (fields["content"] or "") if "content" in fields else otherwise.content,
            list(fields["embeds"] or ()) if "embeds" in fields else otherwise.embeds,
            number_components(list(fields["components"] or ()))
            if "components" in fields
            else otherwise.components,
        )


_EMPTY = _Parts("", [], [])


class MessageWriter:
    """Applies drafts to messages and stores their files.

    Args:
        store: Keeps the files.
        wall: Seconds since the Unix epoch.
    """

    def __init__(self, store: AttachmentStore, wall: Callable[[], float]) -> None:
        self._store = store
        self._wall = wall

    def fill(self, message: Message, draft: Draft, guild: Guild) -> Message:
        """Put a draft into a message that is new or still loading.

        Raises:
            ApiError: 50006, the message would be empty.
        """
        _assign(message, _Parts.of(draft.fields, _EMPTY), [], draft, self._put)
        keep = message.flags & MessageFlags.EPHEMERAL
        message.flags = keep | (draft.flags & ~MessageFlags.EPHEMERAL)
        _mention(message, draft, guild)
        return message

    def edit(self, message: Message, draft: Draft, guild: Guild) -> Message:
        """Change the fields the draft names and keep the others.

        Raises:
            ApiError: 50006, nothing would be left.
        """
        now = _Parts(message.content, message.embeds, message.components)
        kept = _retained(message.attachments, draft.fields)
        _assign(message, _Parts.of(draft.fields, now), kept, draft, self._put)
        message.flags |= draft.flags & MessageFlags.COMPONENTS_V2
        message.edited_at = self._wall()
        _mention(message, draft, guild)
        return message

    def _put(self, channel_id: str, uploads: list[Upload]) -> list[Attachment]:
        return [self._store.put(channel_id, upload) for upload in uploads]


def _retained(attachments: list[Attachment], fields: Json) -> list[Attachment]:
    if "attachments" not in fields:
        return attachments
    wanted = {str(entry.get("id")) for entry in fields["attachments"] or ()}
    return [a for a in attachments if a.id in wanted]


def _assign(
    message: Message,
    parts: _Parts,
    kept: list[Attachment],
    draft: Draft,
    put: Callable[[str, list[Upload]], list[Attachment]],
) -> None:
    if not (any(parts) or kept or draft.uploads):
        raise ApiError(400, 50006, "Cannot send an empty message")
    if len(kept) + len(draft.uploads) > MAX_FILES:
        reason = f"Must be {MAX_FILES} or fewer in length."
        raise invalid_form(("attachments",), "BASE_TYPE_MAX_LENGTH", reason)
    message.content, message.embeds, message.components = parts
    message.attachments = kept + put(message.channel_id, draft.uploads)


def _mention(message: Message, draft: Draft, guild: Guild) -> None:
    allowed = draft.fields.get("allowed_mentions")
    parse = {"users", "roles", "everyone"} if allowed is None else set(allowed.get("parse") or ())
    named = allowed or {}
    user_ids = dict.fromkeys(_USER_MENTION.findall(message.content))
    role_ids = dict.fromkeys(_ROLE_MENTION.findall(message.content))
    message.mentions = [
        guild.members[u]
        for u in user_ids
        if u in guild.members and ("users" in parse or u in (named.get("users") or ()))
    ]
    message.mention_roles = [
        r
        for r in role_ids
        if r in guild.roles and ("roles" in parse or r in (named.get("roles") or ()))
    ]
    message.mention_everyone = "everyone" in parse and "@everyone" in message.content
