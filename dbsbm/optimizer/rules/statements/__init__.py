"""Statements that read more than they need to, each with the statement that does not."""

from __future__ import annotations

from dbsbm.optimizer.rules.statements import (
    deep_offset,
    dependent_subquery,
    function_on_column,
    huge_in,
    implicit_conversion,
    leading_wildcard,
    missing_limit,
    n_plus_one,
    or_across_columns,
    order_by_random,
    select_star,
)

RULES = (
    deep_offset,
    dependent_subquery,
    function_on_column,
    huge_in,
    implicit_conversion,
    leading_wildcard,
    missing_limit,
    n_plus_one,
    or_across_columns,
    order_by_random,
    select_star,
)
"""One module a rule."""
