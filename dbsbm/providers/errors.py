"""What can go wrong with a provider, by what has to happen next.

Every error carries the sentence a member may read; its own text is for the operator. Neither ever
holds a key or a full URL.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from dbsbm.errors import ConfigError, DbsbmError, PermanentError, TransientError


class ProviderError(DbsbmError):
    """A sports data provider did not give what was asked of it.

    Attributes:
        provider: Name of the provider, such as "espn".
        retry_after: Seconds after which asking again makes sense, or None where nobody knows.
        outcome: The word under which the monitor counts this error.
        member_sentence: What to tell the member who waits for the answer.
    """

    outcome: ClassVar[str] = "error"
    member_sentence: ClassVar[str] = (
        "The sports data could not be loaded. Please try again in a minute."
    )

    # Every argument but the text is optional, so that errors survive pickling between processes.
    def __init__(
        self, message: str, *, provider: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.retry_after = retry_after


class QuotaExhausted(ProviderError, TransientError):
    """The allowance of the day is used up; nothing comes before it is renewed.

    Attributes:
        reset_at: When the provider renews the allowance (aware UTC), or None where unknown.
    """

    outcome = "quota"
    member_sentence = (
        "Today's allowance of sports data is used up. New data arrives after 00:00 UTC; "
        "games that are already listed still take bets."
    )

    def __init__(
        self,
        message: str,
        *,
        provider: str = "",
        retry_after: float | None = None,
        reset_at: datetime | None = None,
    ) -> None:
        super().__init__(message, provider=provider, retry_after=retry_after)
        self.reset_at = reset_at


class RateLimited(ProviderError, TransientError):
    """Too many calls within the minute; `retry_after` says when the next one is welcome."""

    outcome = "rate"
    member_sentence = (
        "Many members are asking for sports data right now. Please try again in a minute."
    )


class Unavailable(ProviderError, TransientError):
    """The provider is down, unreachable or too slow."""

    outcome = "unavailable"
    member_sentence = (
        "The sports data provider is not answering. Please try again in a few minutes."
    )


class BadAnswer(ProviderError, TransientError):
    """The provider answered with something that is not the data: a web page, half a document."""

    outcome = "bad_answer"
    member_sentence = (
        "The sports data provider sent something unreadable. Please try again in a few minutes."
    )


class BadKey(ProviderError, ConfigError):
    """The key is missing, wrong or suspended: the operator has to act, retrying does nothing."""

    outcome = "bad_key"
    member_sentence = (
        "This sports data source is not set up correctly. The operator of the bot has been told."
    )


class PlanDenied(ProviderError, PermanentError):
    """The operator's plan does not include what was asked for, such as a season or a date."""

    outcome = "plan"
    member_sentence = (
        "This league or date is not included in the bot's sports data plan. "
        "Pick another, or enter the bet by hand."
    )


class BadRequest(ProviderError, PermanentError):
    """The provider refused the question itself; asking the same again cannot help."""

    outcome = "bad_request"
    member_sentence = (
        "The sports data provider does not know this league or date. Pick another, "
        "or enter the bet by hand."
    )
