"""One tree of errors. What an error is decides who hears of it and what happens next."""

from __future__ import annotations


class DbsbmError(Exception):
    """Base of every error this project raises on purpose."""


class UserError(DbsbmError):
    """The member asked for something that cannot be done.

    The text is one sentence, shown to the member as it is, that says what to do instead.
    Never retried, and logged at INFO: it is not a fault of the fleet.
    """


class TransientError(DbsbmError):
    """Something outside (database, broker, provider, Discord) failed and may work later.

    Attributes:
        retry_after: Seconds the other side asked to wait, or None where it did not say.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PermanentError(DbsbmError):
    """An effect that can never succeed (a deleted channel): it goes to the dead letters."""


class ConfigError(DbsbmError):
    """A setting is wrong or missing, and the text names it: the process refuses to start."""
