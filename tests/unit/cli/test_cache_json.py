from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given

from dbsbm.cache.values.rows import make_row
from dbsbm.cli.cache.jsonable import jsonable
from tests.unit.cache.values import values


class Side(Enum):
    HOME = "home"


@dataclass(frozen=True)
class Leg:
    side: Side
    odds: Decimal


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (datetime(2026, 11, 22, 18, 30, tzinfo=UTC), "2026-11-22T18:30:00+00:00"),
        (date(2026, 11, 22), "2026-11-22"),
        (time(18, 30), "18:30:00"),
        (timedelta(minutes=1.5), 90.0),
        (Decimal("1.90"), "1.90"),
        (b"\x00\xff", "AP8="),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (Leg(Side.HOME, Decimal(2)), {"side": "home", "odds": "2"}),
        (make_row(("id", "at"), (1, date(2026, 1, 2))), {"id": 1, "at": "2026-01-02"}),
        (make_row(("id", "id"), (1, 2)), [1, 2]),
        ({7: (1, None), date(2026, 1, 2): {3}}, {"7": [1, None], "2026-01-02": [3]}),
    ],
)
def test_each_type_has_its_form_in_json(value: Any, shown: Any) -> None:
    assert jsonable(value) == shown


@given(values)
def test_whatever_can_be_cached_can_be_shown(value: Any) -> None:
    json.dumps(jsonable(value))
