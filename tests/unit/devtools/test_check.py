"""Running checks, and the truth of documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools import check, docs

GOOD = ["-c", "print('fine')"]
BAD = ["-c", "import sys; print('line 3 is wrong'); sys.exit(1)"]


def test_every_check_is_run_and_reported_in_order():
    reported: list[check.Outcome] = []
    check.run_all({"first": BAD, "second": GOOD}, reported.append)
    assert [(each.name, each.passed) for each in reported] == [("first", False), ("second", True)]
    assert reported[0].line().startswith("first     FAILED")
    assert reported[1].line().startswith("second    ok")


def test_a_failed_check_shows_what_it_said(capsys):
    check.run_all({"lint": BAD})
    assert "line 3 is wrong" in capsys.readouterr().out


def test_a_good_check_is_one_line(capsys):
    check.run_all({"lint": GOOD})
    assert capsys.readouterr().out.count("\n") == 1


def test_one_failure_is_a_failure_of_all(monkeypatch):
    monkeypatch.setattr(check, "CHECKS", {"a": GOOD, "b": BAD})
    assert check.main([]) == 1
    assert check.main(["a"]) == 0


def test_an_unknown_check_is_refused_with_those_there_are(capsys):
    assert check.main(["spelling"]) == 2
    assert "format, lint, types, imports, docs" in capsys.readouterr().out


@pytest.fixture
def pages(tmp_path: Path):
    """Write a README beside a few targets, and return the links that are broken."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "ops.md").write_text("# Day to day\n\n## What's up?\n\n## What's up?\n")
    (tmp_path / "LICENSE").write_text("free")

    def broken(text: str) -> list[str]:
        (tmp_path / "README.md").write_text(text)
        return list(docs.broken_links(tmp_path))

    return broken


@pytest.mark.parametrize(
    "text",
    [
        "[licence](LICENSE) and [a folder](docs/)",
        "[page](docs/ops.md#day-to-day)",
        "[second heading](docs/ops.md#whats-up-1)",
        "# Here\n\n[above](#here)",
        "[elsewhere](https://example.org/nothing) [mail](mailto:a@example.org)",
        "[by reference][one]\n\n[one]: LICENSE",
        '<img src="LICENSE">',
        "[with a title](LICENSE 'the licence')",
        "`[not a link](nowhere.md)`\n\n```\n[nor this](nowhere.md)\n```\n",
    ],
)
def test_a_link_that_leads_somewhere_is_fine(pages, text):
    assert pages(text) == []


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("[gone](docs/gone.md)", "docs/gone.md"),
        ("[gone](docs/ops.md#gone)", "docs/ops.md#gone"),
        ("[gone](#gone)", "#gone"),
        ("[gone][one]\n\n[one]: gone.md", "gone.md"),
        ('<img src="gone.png">', "gone.png"),
        ("```\ncode\n```\n[gone](gone.md)\n```\ncode\n```\n", "gone.md"),
    ],
)
def test_a_link_that_leads_nowhere_is_named_with_its_page(pages, text, target):
    assert pages(text) == [f"README.md: the link {target} leads nowhere"]


def test_a_generated_page_must_be_what_its_generator_prints(tmp_path, monkeypatch):
    monkeypatch.setattr(docs, "GENERATED", {"page.md": ["-c", "print('now')"]})
    (tmp_path / "page.md").write_text("now\n")
    assert list(docs.stale_pages(tmp_path)) == []
    (tmp_path / "page.md").write_text("then\n")
    (problem,) = docs.stale_pages(tmp_path)
    assert problem.startswith("page.md is out of date: run `python -c print('now') > page.md`")
    assert "-then" in problem


def test_a_generator_that_fails_is_a_problem_too(tmp_path, monkeypatch):
    monkeypatch.setattr(docs, "GENERATED", {"page.md": ["-c", "raise SystemExit('no key')"]})
    (problem,) = docs.stale_pages(tmp_path)
    assert "no key" in problem


def test_a_part_that_is_no_longer_what_is_printed_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(docs, "GENERATED_PARTS", {"page.md": ["-c", "print('| now |')"]})
    (tmp_path / "page.md").write_text("before\n\n| now |\n\nafter\n")
    assert list(docs.stale_parts(tmp_path)) == []
    (tmp_path / "page.md").write_text("before\n\n| then |\n\nafter\n")
    (problem,) = docs.stale_parts(tmp_path)
    assert problem.startswith("page.md is out of date: put what `python -c")


def test_a_generator_of_a_part_that_fails_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(docs, "GENERATED_PARTS", {"page.md": ["-c", "raise SystemExit('no key')"]})
    (problem,) = docs.stale_parts(tmp_path)
    assert "no key" in problem
