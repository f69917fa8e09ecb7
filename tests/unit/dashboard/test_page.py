"""The page's own files: nothing from elsewhere, nothing inline, and colours that can be read."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

import dbsbm.dashboard
from dbsbm.dashboard.assets import Assets
from dbsbm.dashboard.views.charts import CACHE, CALLS, CHARTS, QUERIES, SYSTEM, TASKS
from dbsbm.dashboard.views.sections import SECTIONS
from dbsbm.dashboard.views.tables import TABLES

STATIC = Path(dbsbm.dashboard.__file__).parent / "static"
FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())
CSS = (STATIC / "style.css").read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_names_no_other_host_and_makes_no_code_of_text(path: Path) -> None:
    text = path.read_text()

    hosts = set(
        re.findall(r"(?:https?:)?//[\w.]+\.\w+", re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    )
    assert hosts <= {"http://www.w3.org"}
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=\"|javascript:", text)


def test_a_files_address_changes_with_its_content() -> None:
    assets = Assets()
    plotly = assets.find(assets.plotly_path)

    assert plotly is not None
    assert plotly.digest in assets.plotly_path
    assert gzip.decompress(plotly.packed()) == plotly.plain
    assert len(plotly.packed()) < len(plotly.plain) / 2
    assert plotly.packed() is plotly.packed()
    assert assets.find(f"{assets.version}/js/main.js") is not None
    assert assets.find("../app.py") is None


def test_every_file_that_a_page_names_is_there() -> None:
    assets = Assets()
    for name in ("index.html", "login.html"):
        page = assets.page(name)
        named = re.findall(r"\"/static/([^\"]+)\"", page)
        assert named
        assert all(assets.find(path) for path in named)
        assert "{{assets}}" not in page
    modules = [path.read_text() for path in (STATIC / "js").glob("*.js")]
    for imported in {name for text in modules for name in re.findall(r'from "\./(.+?)"', text)}:
        assert assets.find(f"{assets.version}/js/{imported}"), imported


def test_every_section_shows_charts_and_tables_that_there_are() -> None:
    shown = [chart.id for section in SECTIONS.values() for chart in section.charts]
    assert len(shown) == len(set(shown)) == sum(map(len, (TASKS, QUERIES, CALLS, CACHE, SYSTEM)))
    assert set(shown) < set(CHARTS)
    for section in SECTIONS.values():
        blocks = section.view()["blocks"]
        assert blocks, section.id
        assert all(block["id"] in CHARTS or block["id"] in TABLES for block in blocks)
        listed = {*section.before, *section.tables}
        assert all(TABLES[name].empty.endswith((".", ").")) for name in listed)


def test_the_navigation_is_that_of_the_server() -> None:
    text = (STATIC / "js" / "address.js").read_text()
    listed = re.search(r"SECTIONS = \[(.*?)\];", text, re.DOTALL)

    assert listed is not None
    assert dict(re.findall(r'\["(\w+)", "(\w+)"\]', listed[1])) == {
        section.id: section.title for section in SECTIONS.values()
    }


def tokens(theme: str) -> dict[str, str]:
    block = re.search(rf"{theme} \{{(.*?)\n\}}", CSS, re.DOTALL)
    assert block is not None
    return dict(re.findall(r"--([\w-]+): (#\w{6});", block[1]))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [":root", r':root\[data-theme="dark"\]'])
def test_every_text_can_be_read_on_every_ground_that_it_stands_on(theme: str) -> None:
    colour = tokens(theme)
    tones = ("well", "attention", "unwell", "unknown")
    pairs = [
        (ink, ground) for ink in ("ink", "ink-2") for ground in ("ground", "card", "line-soft")
    ]
    pairs += [("ink", f"{tone}-soft") for tone in tones] + [("ink-2", "attention-soft")]
    pairs += [(tone, f"{tone}-soft") for tone in tones] + [(tone, "card") for tone in tones]
    pairs += [("card", tone) for tone in (*tones, "accent")]
    pairs += [("accent", "card"), ("accent", "accent-soft"), ("accent", "ground")]

    weak = {pair: contrast(*(colour[name] for name in pair)) for pair in pairs}
    assert {pair: value for pair, value in weak.items() if value < 4.5} == {}
    lines = {n: contrast(colour[f"series-{n}"], colour["card"]) for n in range(1, 9)}
    assert {number: value for number, value in lines.items() if value < 3} == {}
