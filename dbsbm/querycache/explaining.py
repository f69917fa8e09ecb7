"""What the cache would do with a query: asked on the way that the query takes, and not executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dbsbm.querycache.reading.answers import Answer
from dbsbm.querycache.reading.options import OPTION
from dbsbm.querycache.reading.queries import Asked, Queries
from dbsbm.querycache.reading.replay import Reader
from dbsbm.querycache.refusals import Reason, Refusal
from dbsbm.querycache.sql.markers import Parameters

_EXPLAIN: Final = "dbsbm_explain"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the cache would do with a query.

    Attributes:
        key: The key of its answer; None if it is not cached.
        tags: What its answer depends on.
        refusal: Why it is not cached; None if it is.
    """

    key: str | None = None
    tags: tuple[str, ...] = ()
    refusal: Refusal | None = None


class Explained(Exception):
    """An explanation, on its way from the depth of an execution to who asked for it."""

    def __init__(self, explanation: Explanation) -> None:
        super().__init__()
        self.explanation = explanation


def explained(execute: Callable[[dict[str, Any]], object]) -> Explanation:
    """Return what the cache would do with a query.

    Args:
        execute: Given execution options, executes the query as the cache sees it.
    """
    try:
        execute({OPTION: True, _EXPLAIN: True})
    except Explained as way_out:
        return way_out.explanation
    except Refusal as refusal:
        return Explanation(refusal=refusal)
    return Explanation(refusal=Refusal(Reason.NOT_ATTACHED, "queries of this session are not seen"))


def is_explained(options: Mapping[str, Any]) -> bool:
    """Tell by its execution options whether a query is only to be explained."""
    return bool(options.get(_EXPLAIN))


def explainer(queries: Queries, asked: Asked) -> Reader:
    """Return what explains a query in the place of its answer."""

    def explain(sql: str, parameters: Parameters) -> Answer:
        identity = queries.identify(asked, sql, parameters)
        raise Explained(Explanation(identity.key.wire, identity.tags))

    return explain
