"""Reads plans in the shapes of EXPLAIN FORMAT=JSON of MariaDB and MySQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbsbm.optimizer.server.case import Access, Plan

_SORTS = ("filesort", "using_filesort")
_KEEPS = ("temporary_table", "using_temporary_table")


def read_plan(explained: Mapping[str, Any]) -> Plan:
    """Read a plan.

    Sources: MariaDB Knowledge Base, "EXPLAIN FORMAT=JSON"; MySQL 8.0 Reference Manual, 10.8.2
    "EXPLAIN Output Format", whose names of fields differ in rows and in what is sorted.
    """
    nodes = list(_nodes(explained))
    return Plan(
        tuple(_access(node) for node in nodes if _is_access(node)),
        sorts=any(node.get(name) for node in nodes for name in _SORTS),
        temporary=any(node.get(name) for node in nodes for name in _KEEPS),
        cost=_cost(explained.get("query_block", {})),
    )


def _nodes(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        yield node
        for each in node.values():
            yield from _nodes(each)
    elif isinstance(node, list):
        for each in node:
            yield from _nodes(each)


def _is_access(node: Mapping[str, Any]) -> bool:
    # Names such as <derived2> are results of other parts of the plan.
    return "access_type" in node and not str(node.get("table_name", "<")).startswith("<")


def _access(node: Mapping[str, Any]) -> Access:
    rows = node.get("rows", node.get("rows_examined_per_scan"))
    filtered = node.get("filtered")
    return Access(
        str(node["table_name"]),
        str(node["access_type"]),
        key=node.get("key"),
        key_parts=tuple(node.get("used_key_parts") or ()) if node["access_type"] != "index" else (),
        # A row of a constant table is read while planning, and MySQL says nothing of it.
        rows=1.0 if rows is None else float(rows),
        filtered=100.0 if filtered is None else float(filtered),
        possible_keys=tuple(node.get("possible_keys") or ()),
    )


def _cost(block: Mapping[str, Any]) -> float | None:
    cost = block.get("cost", block.get("cost_info", {}).get("query_cost"))
    return None if cost is None else float(cost)
