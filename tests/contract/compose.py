"""docker-compose.yml as a test reads it: anchors resolved, nothing interpolated."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"

COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}

_UNITS = {"s": 1, "m": 60, "h": 3600}
_SIZES = {"M": 1, "G": 1024}


def seconds(text: str) -> float:
    """The length of a duration such as `1m30s`."""
    return sum(float(n) * _UNITS[unit] for n, unit in re.findall(r"([\d.]+)([smh])", text))


def mebibytes(text: str) -> float:
    """A size such as `768M`."""
    return float(text[:-1]) * _SIZES[text[-1]]


def profile_of(service: dict[str, Any]) -> str | None:
    """The worker profile that a service runs, or None for other services."""
    match service.get("command"):
        case ["python", "-m", "workers", "worker", str() as profile]:
            return profile
    return None


WORKERS = {name: service for name, service in SERVICES.items() if profile_of(service)}
