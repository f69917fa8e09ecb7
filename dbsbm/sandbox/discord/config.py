"""What can be tuned: the deadlines Discord sets, the rings that bound memory, the rate limits."""

from __future__ import annotations

from dataclasses import dataclass, field

API_PREFIX = "/api/v10"
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in a fixed window.

    Attributes:
        requests: Requests allowed in one window.
        seconds: Length of the window, which starts with its first request.
    """

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """The limits of the REST side, as Discord announces them in its headers.

    Attributes:
        enabled: False lifts every limit, for benchmarks that look for other ceilings.
        everything: All requests of one bot token together; interaction routes are outside it.
        create_message: POST of messages, a channel.
        edit_message: PATCH of messages, a channel.
        delete_message: DELETE of messages, a channel.
        webhook: Everything under one webhook token, which here is one interaction.
        other: Every other route, each for itself.
    """

    enabled: bool = True
    everything: Limit = Limit(50, 1.0)
    create_message: Limit = Limit(5, 5.0)
    edit_message: Limit = Limit(5, 5.0)
    delete_message: Limit = Limit(5, 1.0)
    webhook: Limit = Limit(5, 2.0)
    other: Limit = Limit(50, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandinConfig:
    """Deadlines, sizes and policies. The defaults are Discord's own where it has one.

    Attributes:
        ack_seconds: Time for the first answer to an interaction.
        token_seconds: Life of an interaction's token.
        nonce_seconds: How long an enforced nonce finds its first message again.
        heartbeat_seconds: Interval asked of gateway clients.
        resume_seconds: How long a session without a socket can be resumed.
        session_events: Events a session keeps for a resume.
        privileged_intents: Whether the application was granted the privileged intents.
        upload_bytes: Largest file a bot may attach.
        attachment_bytes: All stored files together; the oldest give way.
        messages_kept: Messages remembered for each channel.
        interactions_kept: Interactions remembered in all.
        rate_limits: See `RateLimits`.
    """

    ack_seconds: float = 3.0
    token_seconds: float = 900.0
    nonce_seconds: float = 300.0
    heartbeat_seconds: float = 41.25
    resume_seconds: float = 120.0
    session_events: int = 1_000
    privileged_intents: bool = False
    upload_bytes: int = 10 * MIB
    attachment_bytes: int = 128 * MIB
    messages_kept: int = 500
    interactions_kept: int = 2_000
    rate_limits: RateLimits = field(default_factory=RateLimits)
