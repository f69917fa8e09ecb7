"""What the stand-in answers, typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a message.

    Attributes:
        url: Where its bytes are served.
        size: Bytes.
        width: Pixels, for images.
        height: Pixels, for images.
    """

    filename: str
    url: str
    size: int
    content_type: str
    width: int | None
    height: int | None

    @classmethod
    def read(cls, raw: Json) -> Self:
        """Read an attachment object."""
        return cls(
            raw["filename"],
            raw["url"],
            raw["size"],
            raw["content_type"],
            raw.get("width"),
            raw.get("height"),
        )

    @property
    def path(self) -> str:
        """The path of the URL, for a client that reaches the stand-in under another name."""
        return urlsplit(self.url).path


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message as a member sees it.

    Attributes:
        files: Every file it carries, also those that only an embed shows.
        visible_to: Id of the only member who sees it, or None.
        raw: The whole message object.
    """

    id: str
    author: str
    content: str
    embeds: list[Json]
    components: list[Json]
    files: list[SentFile]
    visible_to: str | None
    loading: bool
    raw: Json

    @classmethod
    def read(cls, raw: Json) -> Self:
        """Read a message of the control API."""
        return cls(
            id=raw["id"],
            author=raw["author"]["global_name"],
            content=raw["content"],
            embeds=raw["embeds"],
            components=raw["components"],
            files=[SentFile.read(f) for f in raw["files"]],
            visible_to=raw["visible_to"],
            loading=raw["loading"],
            raw=raw,
        )

    def custom_ids(self) -> list[str]:
        """Return the custom ids of its buttons and menus, in the order they are shown."""
        return list(_custom_ids(self.components))


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """The bot's first answer.

    Attributes:
        kind: message, deferred_message, deferred_update, update, choices or modal.
        ms: Milliseconds from dispatch to answer.
        ephemeral: Whether only the member sees the answer.
    """

    kind: str
    ms: float
    ephemeral: bool


@dataclass(frozen=True, slots=True)
class InteractionState:
    """What became of an interaction so far.

    Attributes:
        state: pending, thinking, answered or failed.
        error: What the member reads where the bot failed.
        ack: The first answer.
        answered_ms: Milliseconds from dispatch until the member saw the answer itself.
        edits: How many states of the original message the member saw.
        history: Those states: `at`, `ms` since dispatch, `message`.
        original: The answer's message as it is now.
        followups: Later messages.
        modal: The modal the bot showed.
        raw: Everything the stand-in said.
    """

    id: str
    state: str
    error: str | None
    ack: FirstAnswer | None
    answered_ms: float | None
    edits: int
    history: list[Json]
    original: SentMessage | None
    original_deleted: bool
    followups: list[SentMessage]
    modal: Json | None
    late_answers: int
    raw: Json

    @classmethod
    def read(cls, raw: Json) -> Self:
        """Read an interaction of the control API."""
        ack, original = raw["ack"], raw["original"]
        return cls(
            id=raw["id"],
            state=raw["state"],
            error=raw["error"],
            ack=ack and FirstAnswer(ack["kind"], ack["ms"], ack["ephemeral"]),
            answered_ms=raw["answered_ms"],
            edits=raw["edits"],
            history=raw["history"],
            original=original and SentMessage.read(original),
            original_deleted=raw["original_deleted"],
            followups=[SentMessage.read(m) for m in raw["followups"]],
            modal=raw["modal"],
            late_answers=raw["late_answers"],
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The answer to an autocomplete.

    Attributes:
        choices: Objects with `name` and `value`.
        ms: Milliseconds until it came, or None where it did not.
        error: What the member reads where the bot failed.
    """

    choices: list[Json]
    ms: float | None
    error: str | None

    @property
    def names(self) -> list[str]:
        """What the member can choose from."""
        return [choice["name"] for choice in self.choices]


def _custom_ids(node: object) -> Iterator[str]:
    for item in node if isinstance(node, list) else [node]:
        if isinstance(item, dict):
            if "custom_id" in item:
                yield item["custom_id"]
            for key in ("components", "accessory"):
                yield from _custom_ids(item.get(key, []))
