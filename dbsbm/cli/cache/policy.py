"""`cache policy`: show what is in force, change it for every process, undo the changes."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from dbsbm.cache.categories import OUTSIDE, Category, Policy
from dbsbm.cache.policy.overrides import CHANGEABLE, Changes, PolicyError, category_named, changed
from dbsbm.cache.policy.spans import parse_span, spell_span
from dbsbm.cli.cache.server import add_json, open_client
from dbsbm.cli.output import say, say_json, table
from dbsbm.db.engine import Database
from dbsbm.db.policies import history, in_force
from dbsbm.errors import TransientError, UserError
from dbsbm.maintenance import policies
from dbsbm.settings import load_settings

EXIT_NOT_TOLD = 1
MOST_HISTORY = 20

_MEANINGS = {
    "ttl": "how long a value is fresh, such as 10m",
    "grace": "how much longer it may be served during a reload, or for want of one",
    "negative-ttl": "how long an answer of none is fresh",
    "jitter": "share from 0 to 0.5 by which a lifetime is shortened at random",
    "max-bytes": "largest encoded value",
    "local": "yes or no: may each process keep a copy",
    "compress-over": "bytes from which on values are compressed, or none",
    "load-limit": "how long a load may take until another may begin",
    "learned": "yes or no: may each key live for as long as was learned of it",
}


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.set_defaults(run=_show, category=None, json=False)
    steps = parser.add_subparsers(dest="step")
    show = steps.add_parser("show", help="what is in force, and the last changes")
    show.add_argument("category", nargs="?", help="one category, with its history")
    add_json(show)
    show.set_defaults(run=_show)
    code = steps.add_parser("table", help="the table of the code, as docs/cache.md has it")
    code.set_defaults(run=_print_table)
    change = steps.add_parser("set", help="change fields of a category, in every process")
    change.add_argument("category")
    for option, meaning in _MEANINGS.items():
        change.add_argument(f"--{option}", help=meaning)
    _add_reason(change)
    change.set_defaults(run=_set)
    reset = steps.add_parser("reset", help="undo all changes of a category")
    reset.add_argument("category")
    _add_reason(reset)
    reset.set_defaults(run=_reset)


def _add_reason(parser: Any) -> None:
    parser.add_argument("--reason", required=True, help="why; it is kept with the change")
    parser.add_argument("--by", default=None, help="who; the user of this machine by default")


def _show(arguments: argparse.Namespace) -> int:
    only = category_named(arguments.category) if arguments.category else None
    database = Database(load_settings().database)
    _, changes = policies.in_force(database)
    with database.read() as session:
        rows = history(session, only.value if only else None, limit=MOST_HISTORY)
    past = [
        {
            "category": row.category,
            "changes": row.changes,
            "by": row.changed_by,
            "at": row.changed_at,
            "reason": row.reason,
        }
        for row in rows
    ]
    categories = [only] if only else list(Category)
    if arguments.json:
        say_json({"policies": _as_json(categories, changes), "history": past})
    else:
        say(_table(categories, changes))
        say(_past(past))
    return 0


def _print_table(_arguments: argparse.Namespace) -> int:
    say(markdown())
    return 0


def markdown() -> str:
    """The table of categories in docs/cache.md."""
    lines = [("category", *CHANGEABLE), ["---"] * (len(CHANGEABLE) + 1)]
    lines += [(f"`{category.value}`", *_cells(category, {})) for category in Category]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _set(arguments: argparse.Namespace) -> int:
    category = category_named(arguments.category)
    changes = _read_changes(arguments)
    if not changes:
        options = ", ".join(f"--{option}" for option in _MEANINGS)
        raise PolicyError(f"Say what to change: use one or more of {options}.")
    policy = changed(category.policy, changes)
    if policy.learned and category not in OUTSIDE:
        known = ", ".join(sorted(OUTSIDE))
        raise PolicyError(
            f"Our own commits invalidate {category.value}, so there is nothing to learn: use "
            f"--learned with {known}."
        )
    if (wanted := changes.get("negative_ttl")) and "ttl" in changes and wanted > policy.ttl:
        raise PolicyError(
            f"negative_ttl of {spell_span(wanted)} is longer than the ttl of "
            f"{spell_span(policy.ttl)}; it may be as long at most."
        )
    return _change(arguments, category, changes)


def _reset(arguments: argparse.Namespace) -> int:
    category = category_named(arguments.category)
    _refuse_without_reason(arguments)
    if not _is_changed(category):
        say(f"Nothing was changed: {category} is kept as the table of the code says.")
        return 0
    return _change(arguments, category, {})


def _is_changed(category: Category) -> bool:
    """Tell whether changes are written down, also such as this release cannot read."""
    with Database(load_settings().database).read() as session:
        _, stored = in_force(session)
    return category.value in stored


def _change(arguments: argparse.Namespace, category: Category, changes: Changes) -> int:
    _refuse_without_reason(arguments)
    database = Database(load_settings().database)
    by = arguments.by or getpass.getuser()
    policies.change(database, category, changes, changed_by=by, reason=arguments.reason)
    _, together = policies.in_force(database)
    say(_table([category], together))
    try:
        with open_client() as client:
            policies.publish(database, client)
    except TransientError as error:
        say(f"{error} The change is written down; the next clean-up tells every process.")
        return EXIT_NOT_TOLD
    say("Every process was told.")
    return 0


def _refuse_without_reason(arguments: argparse.Namespace) -> None:
    if not arguments.reason.strip():
        raise UserError("A change needs a reason: say it with --reason.")


def _read_changes(arguments: argparse.Namespace) -> dict[str, Any]:
    given = {field: getattr(arguments, field) for field in CHANGEABLE}
    return {
        field: _READERS.get(field, _span)(field, text)
        for field, text in given.items()
        if text is not None
    }


def _span(field: str, text: str) -> timedelta:
    try:
        return parse_span(text)
    except ValueError as error:
        raise PolicyError(f"{field}: {error}") from error


def _number(field: str, text: str) -> int | None:
    if field == "compress_over" and text.lower() == "none":
        return None
    if not text.isdecimal() or len(text) > 12:
        raise PolicyError(f"{field} must be a whole number of bytes, not {text[:40]!r}.")
    return int(text)


def _share(field: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise PolicyError(f"{field} must be a share from 0 to 0.5, not {text[:40]!r}.") from None


def _flag(field: str, text: str) -> bool:
    flags = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
    if text.lower() not in flags:
        raise PolicyError(f"{field} must be yes or no, not {text[:40]!r}.")
    return flags[text.lower()]


_READERS: Mapping[str, Callable[[str, str], Any]] = {
    "jitter": _share,
    "max_bytes": _number,
    "local": _flag,
    "compress_over": _number,
    "learned": _flag,
}


def _table(categories: list[Category], changes: Mapping[Category, Changes]) -> str:
    """What is in force; what an operator changed is marked."""
    rows = [
        (category.value, *_cells(category, changes.get(category, {}))) for category in categories
    ]
    text = table(("category", *CHANGEABLE), rows)
    return f"{text}\n* changed by an operator" if changes else text


def _cells(category: Category, changes: Changes) -> list[str]:
    policy = changed(category.policy, changes)
    return [
        _spell(getattr(policy, field)) + ("*" if field in changes else "") for field in CHANGEABLE
    ]


def _spell(value: object) -> str:
    if isinstance(value, timedelta):
        return spell_span(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value}"


def _past(past: list[dict[str, Any]]) -> str:
    if not past:
        return "Nobody has changed anything."
    return "\n".join(
        f"{row['at']:%Y-%m-%d %H:%M:%S}  {row['category']}  "
        f"{_spell_changes(row['changes'])}  {row['by']}: {row['reason']}"
        for row in past
    )


def _spell_changes(stored: Mapping[str, Any]) -> str:
    """As the change was given; a field that this release does not know, as it is stored."""
    spans = {field for field in CHANGEABLE if field not in _READERS}
    return (
        ", ".join(
            f"{field} {_spell(timedelta(seconds=value) if field in spans else value)}"
            for field, value in stored.items()
        )
        or "reset"
    )


def _as_json(categories: list[Category], changes: Mapping[Category, Changes]) -> dict[str, Any]:
    return {
        category.value: {
            **_fields(changed(category.policy, changes.get(category, {}))),
            "changed": sorted(changes.get(category, {})),
        }
        for category in categories
    }


def _fields(policy: Policy) -> dict[str, Any]:
    values = {field: getattr(policy, field) for field in CHANGEABLE}
    return {
        field: value.total_seconds() if isinstance(value, timedelta) else value
        for field, value in values.items()
    }
