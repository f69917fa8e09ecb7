"""Changes that nobody announces: another release, other settings, another schema.

The evaluation of the alerts compares what it runs on with what the last one ran on, under its lock,
so that each change is written down once however many monitors there are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_settings import BaseSettings
from sqlalchemy import text
from sqlalchemy.orm import Session

from dbsbm.db.changes import Kind, between, record

__all__ = ["between", "describe", "note", "record"]

_PACKAGE = Path(__file__).resolve().parent.parent
_BY = "fleet"
# A release takes this long at most to replace another everywhere.
_OVERLAP = 600.0


def describe(settings: BaseSettings) -> dict[str, Any]:
    """What this process runs on: a digest of the code, and one of each setting.

    Of a secret only whether it is set is told apart: even a digest may help to guess it.
    """
    return {"code": _code_digest(), "settings": _settings_digests(settings)}


def note(
    session: Session, now: datetime, before: Mapping[str, Any], runs_on: Mapping[str, Any]
) -> dict[str, Any]:
    """Record what is different from before, and return what to compare with next time.

    While a new release replaces an old one both evaluate in turn: what ran a few minutes ago is no
    change again.

    Args:
        session: Of the evaluation, which holds its lock.
        now: The evaluation's time.
        before: What this returned last time; empty at the first.
        runs_on: What `describe` gave.
    """
    schema = _schema(session)
    seen = {**before.get("seen", {})}
    known = before.get("runs_on")
    if known is not None:
        for kind, summary in _differences(now, seen, known, {**runs_on, "schema": schema}):
            record(session, kind, summary, _BY)
    for name in ("code", "settings"):
        seen[_digest(runs_on[name])] = now.timestamp()
    recent = {key: at for key, at in seen.items() if now.timestamp() - at < _OVERLAP}
    return {"runs_on": {**runs_on, "schema": schema}, "seen": recent}


def _differences(
    now: datetime, seen: Mapping[str, float], old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[tuple[Kind, str]]:
    """The kind and the summary of each change."""
    if old["code"] != new["code"] and not _is_recent(seen, new["code"], now):
        yield "deploy", f"Release {new['code']} replaced {old['code']}."
    names = _differing(old["settings"], new["settings"])
    if names and not _is_recent(seen, new["settings"], now):
        yield "setting", f"Other values of {', '.join(names)}."
    if old.get("schema") != new["schema"]:
        yield "migration", f"The schema went to revision {new['schema']}."


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """The settings whose values are not the same."""
    return [key.upper() for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]


def _is_recent(seen: Mapping[str, float], content: Any, now: datetime) -> bool:
    at = seen.get(_digest(content))
    return at is not None and now.timestamp() - at < _OVERLAP


def _schema(session: Session) -> str | None:
    revision: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


@lru_cache(maxsize=1)
def _code_digest() -> str:
    """Of every module of the package: what differs is another release, whatever its number."""
    digest = hashlib.blake2b(digest_size=4)
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(str(path.relative_to(_PACKAGE)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _settings_digests(settings: BaseSettings) -> dict[str, str]:
    values = ((name, getattr(settings, name)) for name in type(settings).model_fields)
    return {
        name: _digest(value is not None if isinstance(value, SecretStr) else value)
        for name, value in values
    }


def _digest(content: Any) -> str:
    return hashlib.blake2b(repr(content).encode(), digest_size=4).hexdigest()
