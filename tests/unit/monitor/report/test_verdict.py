from __future__ import annotations

from typing import Any

from dbsbm.monitor.report.model import Findings, Verdict
from dbsbm.monitor.report.verdict import Seen, verdict
from tests.unit.monitor.report.examples import (
    a_finding,
    a_section,
    a_window,
    an_incident,
    figure,
    headline,
)


def judged(measured: float = 1.0, **fields: Any) -> Verdict:
    seen: dict[str, Any] = {
        "headline": headline(incidents=figure(0.0, unit="count")),
        "sections": [a_section()],
        "incidents": [],
        "findings": Findings(),
    }
    return verdict(
        Seen(
            span=a_window("span", 0, measured),
            compared=[a_window("day before", 1, 1.0), a_window("week before", 7, 1.0)],
            **{**seen, **fields},
        )
    )


def test_a_quiet_day_was_well() -> None:
    assert judged() == Verdict(
        "well",
        "The fleet was well: 95 % of answers within 600 ms, 90 % cache hits, no task failures, "
        "no incidents.",
        [],
    )


def test_nobody_knows_what_was_not_measured() -> None:
    assert judged(0.0).level == "unknown"
    assert "Only 50 % of the time" in judged(0.5).reasons[0]


def test_a_page_that_goes_on_is_the_gravest() -> None:
    old = an_incident()
    page = an_incident(severity="page", rule="beat-silent", ended=None, series="")
    found = judged(incidents=[old, page])
    assert found.level == "unwell"
    assert found.reasons == [
        "Goes on for 12 min: beat-silent. Games are shown late.",
        "Is over, lasted 12 min: slow-api (provider=espn). Games are shown late.",
    ]
    assert judged(incidents=[an_incident(severity="info")]).level == "well"


def test_slower_counts_where_members_feel_it_and_there_is_a_comparison() -> None:
    def with_p95(value: float, *before: float | None) -> list[str]:
        return list(judged(headline=headline(p95=figure(value, *before))).reasons)

    [reason] = with_p95(1.5, 0.5, 0.6)
    assert reason == "95 % of answers took up to 1.5 s: +200 % against the day before."
    assert "the week before" in with_p95(1.5, 1.4, 0.5)[0]
    assert with_p95(0.3, 0.1, 0.1) == []
    assert with_p95(3.0, None, None) == []


def test_shares_need_samples() -> None:
    for count, reasons in ((99, 0), (100, 2)):
        found = judged(
            headline=headline(
                hit_rate=figure(0.79, unit="ratio", samples=count),
                failure_share=figure(0.02, unit="ratio", samples=count),
            )
        )
        assert len(found.reasons) == reasons


def test_what_is_left_over_needs_somebody() -> None:
    found = judged(
        headline=headline(dead_letters=figure(1.0, unit="count")),
        findings=Findings(open=[a_finding(severity="critical"), a_finding()]),
    )
    assert found.reasons == [
        "1 dead letter waits to be replayed.",
        "1 finding of the optimizer is critical.",
    ]
