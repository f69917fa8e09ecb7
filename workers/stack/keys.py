"""Secrets that a stack makes for itself, once, and keeps where only its user can read them."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Keys:
    """The generated secrets of one instance folder.

    Attributes:
        secret_key: Seals interaction tokens.
        flower_password: Opens Flower's pages.
        dashboard_password: Opens the dashboard.
        standin_token: The bot's token at the Discord stand-in.
        valkey_password: Of the embedded broker and cache.
    """

    secret_key: str = field(repr=False)
    flower_password: str = field(repr=False)
    dashboard_password: str = field(repr=False)
    standin_token: str = field(repr=False)
    valkey_password: str = field(repr=False)


def keys_of(folder: Path) -> Keys:
    """Read the keys of a folder; those that are not there yet are made."""
    return Keys(
        secret_key=_keep(folder / "secret_key", 48),
        flower_password=_keep(folder / "flower_password", 12),
        dashboard_password=_keep(folder / "dashboard_password", 12),
        standin_token=_keep(folder / "standin_token", 32),
        valkey_password=_keep(folder / "valkey_password", 32),
    )


def _keep(file: Path, size: int) -> str:
    if file.exists() and (kept := file.read_text("ascii").strip()):
        return kept
    made = secrets.token_urlsafe(size)
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(f"{made}\n")
    new.replace(file)
    return made
