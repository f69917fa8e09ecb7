"""Imports discord.py once, before the tests do."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # On Python 3.11 and 3.12 discord.py imports the deprecated audioop, for voice.
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import discord  # noqa: F401 - for its effect
