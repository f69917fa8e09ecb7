"""Posting a message in a channel once, whoever dies between the post and writing it down.

Three things find a message again before another one is posted: what the broker remembers of posts,
the channel's own messages since the post was begun, and Discord itself, which takes the same nonce
for the same message for some minutes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dbsbm.delivery.posted import Posted
from dbsbm.delivery.rest import DiscordRest, Image
from dbsbm.delivery.snowflakes import least_id
from dbsbm.errors import PermanentError

# Clocks may differ from Discord's by so much.
_SKEW = timedelta(minutes=5)
_PAGE, _PAGES = 100, 10


@dataclass(frozen=True, slots=True)
class Post:
    """A message that is to be in a channel once.

    Attributes:
        name: What it is remembered by, and its nonce; `name_of` makes one.
        channel_id: Where it is, or is to be.
        begun_at: When the first attempt to post it was begun.
        is_first: No attempt was begun before this one.
        shows: Whether a message that Discord gives back is this one.
    """

    name: str
    channel_id: int
    begun_at: datetime
    is_first: bool
    shows: Callable[[Mapping[str, Any]], bool]


def name_of(kind: str, *parts: object) -> str:
    """A name for what the parts tell apart, of 22 characters: Discord takes 25 as a nonce.

    Numbers repeat in a database that is made anew, so a time should be among the parts.
    """
    text = " ".join(map(str, parts))
    return f"{kind}-" + hashlib.blake2b(text.encode(), digest_size=10).hexdigest()


class Poster:
    """Posts, and finds what was posted."""

    def __init__(self, discord: DiscordRest, posted: Posted) -> None:
        """Post as whom `discord` is logged in as; `posted` remembers posts."""
        self._discord = discord
        self._posted = posted

    def find(self, post: Post) -> int | None:
        """The message of an earlier attempt that died before it could write its id down.

        Raises:
            TransientError: Discord is busy or away.
        """
        known = self._posted.recall(post.name)
        if known is not None or post.is_first:
            return known
        try:
            return self._search(post)
        except PermanentError:
            # The bot may post but not read: then the nonce alone has to do.
            return None

    def post(self, post: Post, body: Mapping[str, Any], image: Image | None = None) -> int:
        """Post what `find` did not find; returns the message's id.

        Raises:
            TransientError: Discord is busy or away.
            PermanentError: There is no bot token, no such channel, or no permission.
        """
        message_id = self._discord.post_message(post.channel_id, body, image, nonce=post.name)
        self._posted.remember(post.name, message_id)
        return message_id

    def _search(self, post: Post) -> int | None:
        after = least_id(post.begun_at - _SKEW)
        for _ in range(_PAGES):
            page = self._discord.messages_after(post.channel_id, after, limit=_PAGE)
            for each in page:
                if post.shows(each):
                    return int(each["id"])
            if len(page) < _PAGE:
                return None
            after = max(int(each["id"]) for each in page)
        return None
