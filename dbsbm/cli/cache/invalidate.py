"""`cache invalidate`: remove a value, all that depends on a tag, a category, or everything."""

from __future__ import annotations

import argparse

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.policy.overrides import category_named
from dbsbm.cli.cache.key_words import PARTS_HELP, key_of_arguments
from dbsbm.cli.cache.server import add_json, open_client
from dbsbm.cli.output import say, say_json
from dbsbm.errors import UserError

EXIT_NOT_TOLD = 1


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("category", nargs="?", help="the category of one value")
    parser.add_argument("part", nargs="*", help=PARTS_HELP)
    parser.add_argument("--wire", metavar="KEY", help="one value, by its key on the server")
    parser.add_argument("--tag", action="append", default=[], help="all that depends on it")
    parser.add_argument("--category", dest="whole", metavar="CATEGORY", help="all of a category")
    parser.add_argument("--all", action="store_true", help="all values of all categories")
    parser.add_argument("--yes", action="store_true", help="yes, --all")
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    with open_client() as client:
        what, confirmed = _invalidate(Cache(client), arguments)
    if arguments.json:
        say_json({"invalidated": what, "confirmed": confirmed})
    elif confirmed:
        say(f"Invalidated {what}, in every process.")
    else:
        say(f"The cache's server did not confirm it: {what} may still be served. Try again.")
    return 0 if confirmed else EXIT_NOT_TOLD


def _check(arguments: argparse.Namespace) -> None:
    """Let exactly one thing be invalidated at a time.

    Raises:
        UserError: Nothing is named, or several things, or everything without a yes.
    """
    one = bool(arguments.category or arguments.wire)
    named = [one, bool(arguments.tag), bool(arguments.whole), arguments.all]
    if sum(named) != 1:
        raise UserError(
            "Name one thing to invalidate: CATEGORY PART..., --wire KEY, --tag TAG, "
            "--category CATEGORY or --all."
        )
    if arguments.all and not arguments.yes:
        raise UserError("--all makes every process load everything again; if so, add --yes.")


def _invalidate(cache: Cache, arguments: argparse.Namespace) -> tuple[str, bool]:
    if arguments.all:
        confirmed = [cache.invalidate_category(category) for category in Category]
        return "everything", all(confirmed)
    if arguments.whole:
        category = category_named(arguments.whole)
        return f"all of {category}", cache.invalidate_category(category)
    if arguments.tag:
        tags = " and ".join(arguments.tag)
        return f"what depends on {tags}", cache.invalidate_tags(*arguments.tag)
    key = key_of_arguments(arguments)
    return key.wire, cache.invalidate(key)
