"""What of the load could not be seen."""

from __future__ import annotations

from dbsbm.optimizer.server.gaps import find_gaps
from dbsbm.optimizer.server.model import Load


def test_expensive_statements_that_are_not_understood_are_said() -> None:
    view = Load("a", "shop", "SELECT id FROM open_orders WHERE c = ?", 10, 5.0, 200_000)
    cheap = Load("b", "shop", "SELECT FOUND_ROWS ( )", 500, 5.0, 500)
    (gap,) = [each for each in find_gaps((view, cheap), (), 0.0) if "left out" in each]
    assert gap.startswith("1 kinds of statements, 50% of the time, were left out: they read views")
    assert find_gaps((cheap,), (), 0.0) == find_gaps((view,), ("a",), 0.0)[1:] == ()
