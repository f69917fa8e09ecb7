"""The environment is read in one place, and every setting is in the documentation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from dbsbm.cli.settings_table import markdown
from dbsbm.settings import Settings

ROOT = Path(__file__).parents[2]

# Who else touches it, and why. Neither reads a setting from it.
ALLOWED = {
    # Sets what billiard and Flower read, see below.
    "workers/__main__.py",
    # A supervisor hands its own environment on to its children, with their settings added.
    "workers/stack/instance.py",
}


def mentions() -> Iterator[str]:
    """The files that mention the process's environment."""
    files = [ROOT / "celeryconfig.py", ROOT / "beat_schedule.py"]
    for package in ("dbsbm", "bot", "tasks", "workers"):
        files += sorted((ROOT / package).rglob("*.py"))
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute | ast.Name | ast.alias):
                name = getattr(node, "attr", None) or getattr(node, "id", None) or node.name
                if name in {"environ", "environb", "getenv", "getenvb", "putenv"}:
                    yield file.relative_to(ROOT).as_posix()


def test_only_the_settings_read_the_environment() -> None:
    assert set(mentions()) == ALLOWED


def test_a_process_sets_two_variables_for_libraries_that_take_nothing_else() -> None:
    """billiard reads the one when it is imported. On Flower's command line every user of the
    machine could read the password that is in the other.
    """
    text = (ROOT / "workers" / "__main__.py").read_text()

    assert set(re.findall(r'os\.environ(?:\.setdefault\(|\[)"(\w+)"', text)) == {
        "REMAP_SIGTERM",
        "FLOWER_BASIC_AUTH",
    }
    assert text.count("os.environ") == 2


def test_the_settings_page_is_what_the_settings_say() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()

    assert page == markdown() + "\n"
    assert all(f"| `{name.upper()}` |" in page for name in Settings.model_fields)


def test_every_setting_says_what_it_means() -> None:
    silent = [name for name, field in Settings.model_fields.items() if not field.description]

    assert silent == []
