"""Changes to a row of the table: which are allowed, and how they are written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from dbsbm.cache.categories import Category, Policy
from dbsbm.cache.policy.spans import spell_span
from dbsbm.errors import UserError

Changes = Mapping[str, Any]
"""Values by field of `Policy`, such as `{"ttl": timedelta(minutes=10), "local": False}`."""

CATEGORIES: Final = {category.value: category for category in Category}

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_MIB: Final = 1024 * 1024


class PolicyError(UserError):
    """A change of a policy is not allowed; the text is one sentence that says what is."""


def category_named(name: str) -> Category:
    """Return a category by its name.

    Raises:
        PolicyError: There is none.
    """
    category = CATEGORIES.get(name.strip().lower())
    if category is None:
        known = ", ".join(CATEGORIES)
        raise PolicyError(f"There is no category {name[:40]!r}; use one of {known}.")
    return category


def checked(changes: Changes) -> dict[str, Any]:
    """Return the changes, having looked at each.

    Raises:
        PolicyError: A field does not exist, is fixed, or has a value that it cannot have.
    """
    for field, value in changes.items():
        if field == "codec":
            raise PolicyError("codec is fixed by the code; change the table instead.")
        if field not in _CHECKS:
            known = ", ".join(CHANGEABLE)
            raise PolicyError(f"There is no field {field[:40]!r} of a policy; use one of {known}.")
        _CHECKS[field](field, value)
    return dict(changes)


def changed(policy: Policy, changes: Changes) -> Policy:
    """Return a policy with changes. A negative lifetime follows a ttl that became shorter.

    Raises:
        PolicyError: See `checked`.
    """
    after = replace(policy, **checked(changes))
    return replace(after, negative_ttl=min(after.negative_ttl, after.ttl))


def to_json(changes: Changes) -> dict[str, Any]:
    """Return changes as JSON has them: a span of time is its seconds."""
    return {
        field: value.total_seconds() if isinstance(value, timedelta) else value
        for field, value in changes.items()
    }


def from_json(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Read what `to_json` wrote.

    Raises:
        PolicyError: See `checked`.
    """
    return checked(
        {
            field: _seconds(field, value) if field in _SPANS else value
            for field, value in stored.items()
        }
    )


def _seconds(field: str, value: Any) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        raise PolicyError(f"{field} is stored as seconds, not as {str(value)[:40]!r}.")
    return timedelta(seconds=value)


def _span(least: timedelta, most: timedelta) -> Callable[[str, Any], None]:
    def check(field: str, value: Any) -> None:
        if not isinstance(value, timedelta) or not least <= value <= most:
            given = _spelled(value) if isinstance(value, timedelta) else repr(value)[:40]
            raise PolicyError(
                f"{field} must be a span from {spell_span(least)} to {spell_span(most)}, "
                f"not {given}."
            )

    return check


def _spelled(span: timedelta) -> str:
    return f"-{spell_span(-span)}" if span < timedelta(0) else spell_span(span)


def _whole(least: int, most: int, *, or_none: bool = False) -> Callable[[str, Any], None]:
    def check(field: str, value: Any) -> None:
        if or_none and value is None:
            return
        if type(value) is not int or not least <= value <= most:
            none = " or none" if or_none else ""
            raise PolicyError(
                f"{field} must be a whole number from {least} to {most}{none}, "
                f"not {str(value)[:40]}."
            )

    return check


def _share(field: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 0.5:
        raise PolicyError(f"{field} must be a share from 0 to 0.5, not {str(value)[:40]}.")


def _flag(field: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise PolicyError(f"{field} must be yes or no, not {str(value)[:40]}.")


_CHECKS: Final[dict[str, Callable[[str, Any], None]]] = {
    "ttl": _span(_SECOND, 7 * _DAY),
    "grace": _span(timedelta(0), 7 * _DAY),
    "negative_ttl": _span(_SECOND, 7 * _DAY),
    "jitter": _share,
    "max_bytes": _whole(1024, 8 * _MIB),
    "local": _flag,
    "compress_over": _whole(64, 8 * _MIB, or_none=True),
    "load_limit": _span(_SECOND, timedelta(minutes=10)),
    "learned": _flag,
}
CHANGEABLE: Final = tuple(_CHECKS)
_SPANS: Final = frozenset({"ttl", "grace", "negative_ttl", "load_limit"})
