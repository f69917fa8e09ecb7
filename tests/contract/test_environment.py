"""The environment is read in one place, and every setting is in the documentation."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from dbsbm.cli.settings_table import markdown
from dbsbm.settings import Settings

ROOT = Path(__file__).parents[2]

# Who else touches it, and why. None of these is read back as a setting of ours.
ALLOWED = {
    # Sets REMAP_SIGTERM, which billiard reads, and FLOWER_BASIC_AUTH, which Flower reads: on
    # Flower's command line every user of the machine could read the password.
    "workers/__main__.py": ["environ", "environ"],
    # A supervisor hands its own environment on to its children, with their settings added.
    "workers/stack/instance.py": ["environ", "environ"],
    "workers/stack/up.py": ["environ"],
    "workers/stack/once.py": ["environ"],
}


def readers() -> Iterator[tuple[str, str]]:
    """Every mention of the process's environment: file and name."""
    files = [ROOT / "celeryconfig.py", ROOT / "beat_schedule.py"]
    for package in ("dbsbm", "bot", "tasks", "workers"):
        files += sorted((ROOT / package).rglob("*.py"))
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute | ast.Name | ast.alias):
                name = getattr(node, "attr", None) or getattr(node, "id", None) or node.name
                if name in {"environ", "environb", "getenv", "getenvb", "putenv"}:
                    yield file.relative_to(ROOT).as_posix(), name


def test_only_the_settings_read_the_environment() -> None:
    found: dict[str, list[str]] = {}
    for file, name in readers():
        found.setdefault(file, []).append(name)

    assert found == ALLOWED


def test_the_settings_page_is_what_the_settings_say() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()

    assert page == markdown() + "\n"
    assert all(f"| `{name.upper()}` |" in page for name in Settings.model_fields)


def test_every_setting_says_what_it_means() -> None:
    silent = [name for name, field in Settings.model_fields.items() if not field.description]

    assert silent == []
