from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from dbsbm.db.engine import Database
from dbsbm.monitor.report.chart.picture import draw_picture
from dbsbm.monitor.report.overview import build_overview
from dbsbm.monitor.store.history import History
from tests.integration.monitor.report.hours import LENGTH, MIB, NOW, POINTS, fill


def test_lines_are_drawn_of_what_was_measured_and_of_nothing_else(database: Database) -> None:
    fill(database, NOW - LENGTH / 2)
    history = History(database, now=lambda: NOW)

    overview = build_overview(history, NOW - LENGTH, NOW, now=NOW)

    trends = {trend.key: trend for trend in overview.trends}
    assert all(len(trend.starts) == POINTS for trend in trends.values())
    times = trends["response_times"]
    assert [line.name for line in times.lines] == ["p50", "p95"]
    for line in times.lines:
        assert all(value is not None for value in line.values[: POINTS // 2])
        assert all(value is None for value in line.values[POINTS // 2 :])
    [tasks] = trends["tasks"].lines
    assert tasks.values[0] == pytest.approx(1.2)
    front, images, *_ = trends["memory"].lines
    assert (front.name, images.name) == ("worker.front", "worker.images")
    assert (front.values[0] or 0) >= 4 * 90 * MIB

    picture = Image.open(BytesIO(draw_picture(overview)))
    assert picture.width == 1000
    assert picture.format == "PNG"


def test_a_picture_of_nothing_can_be_drawn(database: Database) -> None:
    history = History(database, now=lambda: NOW)
    assert draw_picture(build_overview(history, NOW - LENGTH, NOW, now=NOW)).startswith(b"\x89PNG")
