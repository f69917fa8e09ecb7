"""Lifetimes that are too long, too short, and right."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dbsbm.cache.categories import Category
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.curves import Curve
from dbsbm.optimizer.fleet.evidence import Counters
from dbsbm.optimizer.missing import Missing, NotEnabledError
from dbsbm.optimizer.rules.cache import ttl_too_long, ttl_too_short
from tests.unit.optimizer.evidence import counters, curve, curves, evidence, total

API = Category.API_RESPONSE
DAY = 144  # steps


def reloads(changed: float, unchanged: float, *, age: float = 300, steps: int = DAY) -> list[Curve]:
    """Reloads a step of ten minutes."""
    return [
        curve(
            "cache.reload_age",
            [age * count if count else None] * steps,
            kind="distribution",
            count=count,
            category=API.value,
            family="scores",
            changed=word,
        )
        for word, count in (("yes", changed), ("no", unchanged))
    ]


def loading(seconds: float) -> Counters:
    return counters(
        total("cache.loads", 2000, category=API.value),
        total("cache.load_ns", seconds * 1e9, category=API.value),
    )


def policies(**changes: Any) -> dict[Category, Any]:
    return {each: replace(each.policy, **(changes if each is API else {})) for each in Category}


def too_long(found: list[Curve], **changes: Any) -> list[Finding]:
    return ttl_too_long.examine(evidence(curves=curves(*found), policies=policies(**changes)))


def too_short(found: list[Curve], seconds: float = 600, **changes: Any) -> list[Finding]:
    parts = {"curves": curves(*found), "counters": loading(seconds)}
    return ttl_too_short.examine(evidence(policies=policies(**changes), **parts))


def test_values_that_had_mostly_changed_lived_too_long() -> None:
    (finding,) = too_long(reloads(4, 6))
    assert finding.object == "category api_response"
    assert finding.fix[0].startswith("python -m dbsbm cache policy set api_response --learned yes ")
    assert "python -m dbsbm cache policy set api_response --ttl " in finding.fix[1]
    undo = finding.revert[0]
    assert undo.startswith("python -m dbsbm cache policy set api_response --learned no")
    assert finding.evidence["by_class"]["scores"]["changed_share"] == pytest.approx(0.4)
    # A value changes every 590 s on average: 23 s leave 2 % stale.
    assert 15 <= finding.evidence["learned_ttl_seconds"] <= 23
    assert finding.evidence["stale_share_bounds"][0] > 0.15


@pytest.mark.parametrize(
    ("found", "changes"),
    [
        (reloads(0, 10), {}),
        (reloads(4, 6, steps=2), {}),  # eight changes in 20 reloads may be chance
        (reloads(4, 6), {"ttl": timedelta(seconds=15)}),
        ([], {}),
    ],
    ids=["unchanged", "few", "short already", "nothing"],
)
def test_a_lifetime_that_may_be_right_is_not_too_long(
    found: list[Curve], changes: dict[str, Any]
) -> None:
    assert too_long(found, **changes) == []


def test_values_that_never_change_lived_too_short_a_time() -> None:
    (finding,) = too_short(reloads(0, 14))
    assert (finding.severity, finding.risk) == ("info", "medium")
    assert finding.fix == (
        'python -m dbsbm cache policy set api_response --learned yes --reason "..."',
        (
            "Or, one for all its keys: "
            'python -m dbsbm cache policy set api_response --ttl 20m --reason "..."'
        ),
    )
    assert finding.evidence["learned_ttl_seconds"] > 1200


@pytest.mark.parametrize(
    ("found", "seconds"),
    [(reloads(1, 14), 600), (reloads(0, 14), 30), (reloads(0, 14, steps=10), 600)],
    ids=["changes", "cheap", "few"],
)
def test_a_lifetime_that_may_be_right_is_not_too_short(found: list[Curve], seconds: float) -> None:
    assert too_short(found, seconds) == []


def test_where_lifetimes_are_learned_none_is_too_short_and_one_for_all_is_still_to_be_had() -> None:
    assert too_short(reloads(0, 14), learned=True) == []
    (finding,) = too_long(reloads(4, 6), learned=True)
    assert not any("--learned" in each for each in finding.fix)


def test_what_our_commits_invalidate_is_not_judged_by_its_reloads() -> None:
    found = [
        replace(each, labels={**each.labels, "category": "user_data"}) for each in reloads(5, 5)
    ]
    assert too_long(found) == []


@pytest.mark.parametrize("rule", [ttl_too_long, ttl_too_short])
@pytest.mark.parametrize("part", ["curves", "policies"])
def test_the_rules_say_what_they_cannot_see(rule: Any, part: str) -> None:
    with pytest.raises(NotEnabledError, match="away"):
        rule.examine(evidence(**{part: Missing("It is away.")}))
