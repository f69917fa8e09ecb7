"""Files of rules: what they change, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbsbm.monitor.alerts.rulefile import RulesError, load_rules

WHOLE = """
[rules.mine]
form = "level"
severity = "warn"
metric = "db.query"
above = 1.0
effect = "Slow."
"""


def load(tmp_path: Path, text: str) -> dict[str, object]:
    path = tmp_path / "rules.toml"
    path.write_text(text, "utf-8")
    return {rule.name: rule for rule in load_rules(path)}


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(RulesError) as caught:
        load(tmp_path, text)
    return str(caught.value).removeprefix(str(tmp_path / "rules.toml"))


def test_own_rules_are_added_to_the_shipped_ones(tmp_path: Path) -> None:
    assert set(load(tmp_path, WHOLE)) == {rule.name for rule in load_rules()} | {"mine"}


def test_a_shipped_rule_is_changed_by_the_keys_that_are_given(tmp_path: Path) -> None:
    shipped = {rule.name: rule for rule in load_rules()}["slow-queries"]
    path = tmp_path / "rules.toml"
    path.write_text('[rules.slow-queries]\nabove = 2.0\nseverity = "info"\n', "utf-8")
    mine = {rule.name: rule for rule in load_rules(path)}["slow-queries"]
    assert (mine.threshold, mine.severity, mine.effect) == (2.0, "info", shipped.effect)
    assert mine.resolve == 2.0, "the shipped one belongs to the shipped threshold"


def test_a_shipped_rule_is_switched_off_by_one_line(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("[rules.slow-queries]\nenabled = false\n", "utf-8")
    off = [rule.name for rule in load_rules(path) if not rule.enabled]
    assert off == ["slow-queries"]


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("[rules.a]\nform = \n", "line 2", "this is no TOML"),
        ("[rules.a\n", "line 1", "this is no TOML"),
        ('a = 1\n[rules.a]\nform = "level"\n', "line 1", "a stands outside of a rule"),
        ("rules = 3\n", "line 1", "every rule is a table of its own"),
        ('[rules."A b"]\n', "line 1", "small letters"),
        (WHOLE + 'colour = "red"\n', "line 8", "colour is no key of a rule"),
        (WHOLE + "treshold = 3\n", "line 8", "Allowed: above,"),
        (WHOLE + 'keep_firing = "soon"\n', "line 8", '"90s", "5m"'),
        (WHOLE + "min_samples = -1\n", "line 8", "whole number"),
        (WHOLE + "min_samples = 1.5\n", "line 8", "whole number"),
        (WHOLE + "stale = 5\n", "line 8", "a time in quotes"),
        (WHOLE + "resolve = 1.5\n", "line 8", "at or below the threshold 1"),
        (WHOLE + "below = 1\n", "line 2", "either above = NUMBER or below = NUMBER"),
        (WHOLE + 'inhibits = ["nobody"]\n', "line 8", "no other rule 'nobody'"),
        (WHOLE + 'statistic = "p96"\n', "line 8", "mean, p50, p95"),
        (WHOLE + "by = 3\n", "line 8", "a list of texts"),
        (WHOLE + "where = 3\n", "line 8", "a table such as"),
        (WHOLE + 'enabled = "no"\n', "line 8", "true or false"),
        (WHOLE.replace("1.0", "nan"), "line 6", "must be a number"),
        (WHOLE.replace("1.0", "1" + "0" * 400), "line 6", "must be a number"),
        (WHOLE.replace("1.0", "1" * 5000), "line 6", "too many digits"),
        (WHOLE + f"by = {'[' * 5000}{']' * 5000}\n", "line 8", "nested too deep"),
        (WHOLE + f"min_samples = {'9' * 400}\n", "line 8", "whole number"),
        (WHOLE + f'window = "{"9" * 400}d"\n', "line 8", "400 days at most"),
        (WHOLE + 'hold = "401d"\n', "line 8", "400 days at most"),
        (WHOLE + "where = { queue = [] }\n", "line 8", "one value or more"),
        (WHOLE.replace('"warn"', '"loud"'), "line 4", "one of page, warn, info"),
        (WHOLE.replace('"level"', '"ratio"'), "line 2", "needs total"),
        (WHOLE.replace('"level"', '"forecast"'), "line 2", "needs horizon"),
        (WHOLE.replace('effect = "Slow."', ""), "line 2", "effect is missing"),
    ],
)
def test_what_is_wrong_is_said_with_the_line_and_what_is_allowed(
    tmp_path: Path, text: str, place: str, said: str
) -> None:
    refused = refusal(tmp_path, text)
    assert f", {place}: " in refused
    assert said in refused


def test_an_editors_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert "mine" in load(tmp_path, "\ufeff" + WHOLE.lstrip())


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"none\.toml: cannot be read: no such file"):
        load_rules(tmp_path / "none.toml")


def test_every_rule_has_its_place_in_the_handbook() -> None:
    handbook = (Path(__file__).parents[4] / "docs" / "alerts.md").read_text("utf-8")
    assert [r.name for r in load_rules() if f"\n### {r.runbook}\n" not in handbook] == []
