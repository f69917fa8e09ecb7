"""`alerts`, as it is typed: what is told of the past, and quiet about it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.integration.typed import Typed

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(typed: Typed) -> Run:
    return partial(typed, "alerts")


def test_a_silence_says_what_it_is_about(run: Run) -> None:
    _, about_all, _ = run("silence", "slow-queries")
    _, about_one, _ = run("silence", "long-queue-wait", "--series", "queue=images")
    assert "nothing new of slow-queries until" in about_all
    assert "nothing new of long-queue-wait queue=images until" in about_one


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("silence", "slow-queries", "--for", "99999999999d"), "up to 30 days"),
        (("silence", "slow-queries", "--series", "x" * 200), "no such series"),
        (("silence", "slow", "--for", "1h"), "There is no rule 'slow'"),
        (("ack", "9" * 30), "no number such as 12"),
        (("unsilence", "9" * 30), "no number such as 12"),
        (("history", "--limit", "-5"), "no number such as 12"),
        (("history", "--since", "soon"), "is no time"),
    ],
)
def test_what_cannot_be_is_a_sentence(run: Run, words: tuple[str, ...], said: str) -> None:
    code, _, told = run(*words)
    assert code == 2
    assert said in told
    assert "Traceback" not in told


def test_a_past_beyond_all_dates_is_all_of_it(run: Run) -> None:
    assert run("history", "--since", "99999999999d") == (0, "No incidents.\n", "")


def test_a_rule_that_can_watch_nothing_is_doubted(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[rules.slow-queries]\nmetric = "db.qeury"\n', "utf-8")
    code, out, _ = run("check", str(own))
    assert (code, "Did you mean db.query?" in out) == (0, True)
    own.write_text('[rules.long-queue-wait]\nby = ["que"]\n', "utf-8")
    assert "has no label que; it has queue." in run("check", str(own))[1]


def test_no_shipped_rule_is_doubted(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("", "utf-8")
    assert len(run("check", str(own))[1].splitlines()) == 1
