"""Findings as a person reads them: the worst first, each with its cause and what may help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill
from typing import Any

from dbsbm.cli.output import say, table
from dbsbm.optimizer.finding import short_id

_WIDTH = 100
_LONGEST = 60


def tell_report(report: Mapping[str, Any]) -> None:
    """Print an analysis."""
    for finding in report["findings"]:
        say("\n".join(finding_lines(finding)) + "\n")
    for line in report["not_enabled"]:
        say(_wrapped(f"Not looked at: {line}", "  "))
    if report["findings"]:
        say(_next(is_recorded="run_id" in report))
    say(_verdict(report["findings"], healthy=report["healthy"]))


def _next(*, is_recorded: bool) -> str:
    """What can be done with an id: nothing, where nothing was recorded."""
    if is_recorded:
        return "All about one, and what is next: python -m dbsbm optimizer show ID"
    return "Not recorded, so that no command knows these ids: there is no fleet's database."


def finding_lines(finding: Mapping[str, Any]) -> Iterator[str]:
    """A finding as lines; statements stand alone on theirs, to be copied."""
    yield f"{finding['severity'].upper()}  {finding['rule']}  {finding['object']}"
    yield _wrapped(finding["cause"], "  ")
    for heading, statements in (("Fix", finding["fix"]), ("Revert", finding["revert"])):
        if statements:
            yield f"  {heading}:"
            yield from (f"    {line}" for each in statements for line in each.splitlines())
    yield _wrapped(f"Gain: {finding['expected_gain']}", "  ")
    yield (
        f"  Confidence {finding['confidence']:.2f}, risk {finding['risk']}, "
        f"id {short_id(finding['id'])}"
    )


def _wrapped(text: str, indent: str) -> str:
    return fill(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _verdict(findings: Sequence[Mapping[str, Any]], *, healthy: bool) -> str:
    if healthy:
        return "Healthy: nothing to do." if not findings else "Healthy: nothing that is urgent."
    grave = [
        f"{count} {severity}"
        for severity in ("critical", "warning", "info")
        if (count := sum(each["severity"] == severity for each in findings))
    ]
    if not grave:
        return "Nothing was found, but too little could be looked at to call it healthy."
    return f"{len(findings)} found: {', '.join(grave)}."


def proof_lines(proof: Mapping[str, Any]) -> Iterator[str]:
    """A proof as a person reads it."""
    yield f"{proof['verdict'].capitalize()}."
    yield from (f"  {reason}" for reason in proof["reasons"])
    rows = [
        (
            each["statement"][:_LONGEST],
            trial["values"],
            *(_both(trial[name]) for name in ("rows", "pages", "ms")),
        )
        for each in proof["statements"]
        for trial in each["trials"]
    ]
    if rows:
        yield table(("statement", "values", "rows", "pages", "ms"), rows)
    for each in proof["not_replayed"]:
        yield f"Not replayed: {each['statement'][:_LONGEST]}: {each['reason']}"


def _both(pair: list[Any]) -> str:
    before, after = ("-" if each is None else each for each in pair)
    return f"{before} -> {after}"
