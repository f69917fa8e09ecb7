"""A finding's evidence as a person reads it: numbers with their units, statements as code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dbsbm.dashboard.reading.tables import ColumnUnit
from dbsbm.dashboard.views.blocks import Block, Fact, code_block, facts_block


def evidence_blocks(evidence: Mapping[str, Any]) -> Iterator[Block]:
    """The statement first, then the numbers, then whatever is neither."""
    rest = {name: value for name, value in evidence.items() if value not in (None, "", [], {})}
    statement = rest.pop("statement", None)
    if statement is not None:
        yield code_block("Statement", str(statement))
    if rest.get("statements") == [statement]:
        del rest["statements"]
    facts = {name: fact for name, value in rest.items() if (fact := _fact(name, value))}
    if facts:
        yield {**facts_block(*facts.values()), "title": "Evidence"}
    detail = {name: value for name, value in rest.items() if name not in facts}
    if detail:
        yield code_block("Evidence in detail", json.dumps(detail, indent=2, default=str))


def _fact(name: str, value: Any) -> Fact | None:
    """A value that fits into a line; None where it does not."""
    title = name.replace("_", " ")
    match value:
        case bool():
            return title, "yes" if value else "no", "text"
        case int() | float():
            return title, value, _unit(name)
        case str() if len(value) <= 80:
            return title, value, "text"
        case [float() | int() as low, float() | int() as high] if "bounds" in name:
            return title, f"{low:.1%} to {high:.1%}", "text"
        case list() if all(isinstance(each, str) for each in value):
            text = ", ".join(value)
            return (title, text, "text") if len(text) <= 80 else None
    return None


def _unit(name: str) -> ColumnUnit:
    words = set(name.split("_"))
    if "bytes" in words:
        return "bytes"
    if "seconds" in words:
        return "s"
    return "ratio" if words & {"share", "utilisation", "budget"} else "count"
