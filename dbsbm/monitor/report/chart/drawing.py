"""A trend as a drawing inside a page, in the page's own colours."""

from __future__ import annotations

import re
from io import StringIO

from dbsbm.monitor.report.chart.canvas import as_paths, new_canvas
from dbsbm.monitor.report.chart.palette import PAGE, with_variables
from dbsbm.monitor.report.chart.panel import draw_panel
from dbsbm.monitor.report.model import Trend

_WIDTH, _HEIGHT = 640, 260
_MARGINS = (96, 14, 12, 42)  # left, right, top, bottom

_HEAD = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_ABOUT = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_SIZE = re.compile(
    r'(<svg[^>]*?) height="[^"]*"([^>]*?) width="[^"]*"|(<svg[^>]*?) width="[^"]*" height="[^"]*"'
)


def draw_drawing(trend: Trend) -> str:
    """An `<svg>` element as wide as the page lets it be. Its colours are CSS variables."""
    canvas = new_canvas(_WIDTH, _HEIGHT)
    canvas.patch.set_visible(False)
    left, right, top, bottom = _MARGINS
    axes = canvas.add_axes(
        (
            left / _WIDTH,
            bottom / _HEIGHT,
            (_WIDTH - left - right) / _WIDTH,
            (_HEIGHT - top - bottom) / _HEIGHT,
        )
    )
    draw_panel(axes, trend, PAGE)
    target = StringIO()
    with as_paths(salt=trend.key):
        canvas.savefig(target, format="svg", metadata={"Date": None})
    return with_variables(_bare(target.getvalue()))


def _bare(svg: str) -> str:
    """Without what only a file of its own needs."""
    return _SIZE.sub(r"\1\2\3", _ABOUT.sub("", _HEAD.sub("", svg)), count=1)
