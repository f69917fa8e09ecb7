"""Parsers that are filled once they are chosen: no command pays for what others import."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Any


class LateParser(argparse.ArgumentParser):
    """A parser of a command that knows its own arguments only when they are parsed."""

    def __init__(self, *args: Any, fill: str = "", **options: Any) -> None:
        """Describe the command.

        Args:
            args: As ArgumentParser has them.
            fill: `module:function` that is given this parser before it first parses, to add
                what the command takes; empty for none.
            options: As ArgumentParser has them.
        """
        super().__init__(*args, **options)
        self._fill = fill

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, filled."""
        if self._fill:
            module, _, function = self._fill.partition(":")
            self._fill = ""
            getattr(import_module(module), function)(self)
        return super().parse_known_args(args, namespace)
