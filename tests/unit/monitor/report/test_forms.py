"""The forms that a report takes: JSON, a page, an embed, text, drawings."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dbsbm.cli.report.page import as_page
from dbsbm.cli.report.text import as_text
from dbsbm.monitor.report.as_json import as_json
from dbsbm.monitor.report.chart.drawing import draw_drawing
from dbsbm.monitor.report.embed import embed
from dbsbm.monitor.report.model import Findings, Trend
from tests.unit.monitor.report.examples import (
    SINCE,
    a_finding,
    a_hostile_report,
    a_report,
    a_window,
)

GOLDEN = Path(__file__).with_name("golden.json")


def test_the_json_is_as_it_was_promised() -> None:
    assert as_json(a_report()) == json.loads(GOLDEN.read_text())


def test_text_is_aligned_and_says_where_there_is_no_comparison() -> None:
    lines = as_text(a_report()).splitlines()
    heading = next(line for line in lines if line.startswith("Response times"))
    row = next(line for line in lines if line.startswith("command to answer"))
    assert heading.endswith("p95 vs day before  p95 vs week before")
    assert row.split("  ")[-1].strip() == "no comparison"
    assert "+20 %" in row
    assert len(heading) == len(row)
    assert "The week before was measured for 0 % of its time." in lines


def test_an_empty_report_can_take_every_form() -> None:
    nothing = a_report(
        span=a_window("span", 0, 0.0), trends=[], sections=[], incidents=[], findings=Findings()
    )
    assert "None." in as_text(nothing)
    assert "<svg" not in as_page(nothing)
    assert embed(nothing, "Report")["fields"] == []
    assert as_json(nothing)["span"]["measured"] == 0


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.addresses += [
            value or "" for name, value in attrs if name in {"src", "href", "xlink:href"}
        ]


def test_a_page_needs_nothing_else_and_believes_no_text() -> None:
    tags = Tags(as_page(a_hostile_report()))
    assert {"html", "svg", "table"} <= tags.names
    assert not {"script", "link", "img", "iframe"} & tags.names
    # Inside a drawing its own shapes are used again.
    assert all(address.startswith("#") for address in tags.addresses)


def test_a_drawing_has_the_colours_of_its_page_alone() -> None:
    drawing = draw_drawing(a_report().trends[0])
    assert drawing.startswith("<svg")
    assert "var(--series-1)" in drawing
    assert not re.findall(r"#(?!0000|ffff)[0-9a-f]{6}\b", drawing)
    assert drawing == draw_drawing(a_report().trends[0])


def test_a_drawing_of_nothing_says_so_without_a_line() -> None:
    drawing = draw_drawing(Trend("tasks", "Tasks", "per_minute", 60.0, (SINCE,), []))
    assert "var(--series-0)" not in drawing


@pytest.mark.parametrize("report", [a_report(), a_hostile_report()], ids=["usual", "hostile"])
def test_an_embed_keeps_to_discords_limits(report: object) -> None:
    made = embed(report, "T" * 300)  # type: ignore[arg-type]
    fields = made["fields"]
    assert len(made["title"]) <= 256
    assert len(made["description"]) <= 4096
    assert len(fields) <= 25
    assert all(len(f["name"]) <= 256 and 0 < len(f["value"]) <= 1024 for f in fields)
    texts = [made["title"], made["description"], made["footer"]["text"]]
    texts += [f["name"] + f["value"] for f in fields]
    assert sum(map(len, texts)) <= 6000


def test_an_embed_says_when_the_fleet_was_analysed_and_where_help_is() -> None:
    long = a_finding(object="o" * 190, cause="word " * 90)
    found = Findings(open=[long] * 12, analysed_at=SINCE)
    field = embed(replace(a_report(), findings=found), "Report")["fields"][-1]
    lines = field["value"].splitlines()
    assert lines[0].endswith("word …")
    assert lines[-2:] == [
        "and 9 more",
        f"Last analysed {SINCE:%Y-%m-%d %H:%M} UTC; `/optimizer` shows what helps.",
    ]
    nothing = replace(a_report(), findings=Findings(analysed_at=SINCE))
    assert embed(nothing, "Report")["fields"][-1]["value"].startswith("Nothing. Last analysed")
    assert "Last analysed" in as_text(nothing)
    assert "Nothing was analysed yet." in as_page(a_report())


def test_no_text_in_an_embed_is_markup_or_a_mention() -> None:
    made = embed(a_hostile_report(), "Report")
    inside = re.sub(r"`[^`]*`", "", made["fields"][0]["value"].replace("\\`", ""))
    assert "@everyone" not in re.sub(r"\\@", "", made["description"])
    assert "<script" not in inside
