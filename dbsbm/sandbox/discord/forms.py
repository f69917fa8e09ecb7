"""Checks for JSON bodies, small enough to be put together into whole forms.

A check looks at one value and notes what is wrong with it, with Discord's error codes. It never
changes the value and never raises, so one answer can name every wrong field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from dbsbm.sandbox.discord.errors import FormErrors, Path

Check = Callable[[object, Path, FormErrors], None]


def text(maximum: int, minimum: int = 0, pattern: re.Pattern[str] | None = None) -> Check:
    """A string of so many characters, optionally of a given shape."""

    def check(value: object, path: Path, errors: FormErrors) -> None:
        if not isinstance(value, str):
            errors.add(path, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
        elif not minimum <= len(value) <= maximum:
            _wrong_length(minimum, maximum, path, errors)
        elif pattern is not None and not pattern.fullmatch(value):
            message = "String value did not match validation regex."
            errors.add(path, "STRING_TYPE_REGEX", message)

    return check


def integer(minimum: int, maximum: int) -> Check:
    """A whole number within bounds."""

    def check(value: object, path: Path, errors: FormErrors) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            errors.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        elif value < minimum:
            message = f"int value should be greater than or equal to {minimum}."
            errors.add(path, "NUMBER_TYPE_MIN", message)
        elif value > maximum:
            message = f"int value should be less than or equal to {maximum}."
            errors.add(path, "NUMBER_TYPE_MAX", message)

    return check


def number(value: object, path: Path, errors: FormErrors) -> None:
    """Any number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        errors.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not float.')


def boolean(value: object, path: Path, errors: FormErrors) -> None:
    """True or false."""
    if not isinstance(value, bool):
        errors.add(path, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")


def choice(*allowed: object) -> Check:
    """One of a few values."""

    def check(value: object, path: Path, errors: FormErrors) -> None:
        if value not in allowed:
            shown = ", ".join(map(str, allowed))
            errors.add(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{shown}}}.")

    return check


def link(*schemes: str) -> Check:
    """A URL with one of the schemes."""

    def check(value: object, path: Path, errors: FormErrors) -> None:
        if not isinstance(value, str):
            errors.add(path, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
            return
        scheme = urlsplit(value).scheme
        if scheme not in schemes:
            message = f'Scheme "{scheme}" is not supported. Scheme must be one of {schemes}.'
            errors.add(path, "URL_TYPE_INVALID_SCHEME", message)

    return check


def items(each: Check, maximum: int, minimum: int = 0) -> Check:
    """A list of so many values."""

    def check(value: object, path: Path, errors: FormErrors) -> None:
        if not isinstance(value, list):
            errors.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return
        if not minimum <= len(value) <= maximum:
            _wrong_length(minimum, maximum, path, errors)
        for index, item in enumerate(value):
            each(item, (*path, str(index)), errors)

    return check


def record(fields: Mapping[str, Check], *, required: tuple[str, ...] = ()) -> Check:
    """An object; fields that are absent or null are fine unless required, others are ignored."""

    def check(value: object, path: Path, errors: FormErrors) -> None:
        if not isinstance(value, dict):
            errors.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            return
        for name, field in fields.items():
            if value.get(name) is not None:
                field(value[name], (*path, name), errors)
            elif name in required:
                errors.add((*path, name), "BASE_TYPE_REQUIRED", "This field is required")

    return check


def anything(value: object, path: Path, errors: FormErrors) -> None:
    """No restriction of its own: only useful as a required field."""


def _wrong_length(minimum: int, maximum: int, path: Path, errors: FormErrors) -> None:
    if minimum:
        message = f"Must be between {minimum} and {maximum} in length."
        errors.add(path, "BASE_TYPE_BAD_LENGTH", message)
    else:
        errors.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {maximum} or fewer in length.")
