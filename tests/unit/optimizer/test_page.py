"""docs/optimizer.md explains every rule that there is, with an example of its evidence."""

from __future__ import annotations

import re
from pathlib import Path

from dbsbm.optimizer.rules import RULES, SERVER_RULES

PAGE = (Path(__file__).parents[3] / "docs" / "optimizer.md").read_text()

# | `rule` | question? | evidence | silent where |
ROW = re.compile(r"^\| `(\w+\.\w+)` \| ([^|]+\?) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
# ### rule, *question?*, an indented example, text with its silence
SECTION = re.compile(
    r"^### (\w+\.\w+)\n\n\*([^\n]+\?)\*\n\n((?: {4}[^\n]+\n)+)(.+?)(?=^#)", re.MULTILINE | re.DOTALL
)
# A word alone is no example: one has a number, or something that was seen.
SEEN = re.compile(r"\d|`")


def explained() -> dict[str, str]:
    """Rule -> the example of its evidence."""
    rows = {rule: evidence for rule, _, evidence, _ in ROW.findall(PAGE)}
    sections = {rule: example for rule, _, example, _ in SECTION.findall(PAGE)}
    assert not rows.keys() & sections.keys()
    return rows | sections


def test_every_rule_is_explained_and_no_other() -> None:
    assert set(explained()) == {*RULES, *SERVER_RULES}


def test_every_rule_has_an_example_of_its_evidence() -> None:
    assert [rule for rule, text in explained().items() if not SEEN.search(text)] == []


def test_what_has_a_section_says_when_it_is_silent() -> None:
    assert [rule for rule, _, _, text in SECTION.findall(PAGE) if "Silent" not in text] == []
