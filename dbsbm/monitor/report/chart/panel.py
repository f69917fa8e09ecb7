"""One chart: lines, or layers that lie on each other, over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from dbsbm.monitor.report.chart.canvas import face, points
from dbsbm.monitor.report.chart.palette import Palette
from dbsbm.monitor.report.chart.scale import moments, scale
from dbsbm.monitor.report.model import Line, Trend
from dbsbm.slips.faces import Weight

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

_THICK = 3.5
# Share of a chart's height that a layer's name needs.
_THICK_ENOUGH = 0.13
# Pixels that a letter of it needs.
_LETTER = 12

Numbers = list[float]
"""One for each moment of a trend; where nothing was measured it is not a number."""


def draw_panel(axes: Axes, trend: Trend, palette: Palette, text_size: float = 22) -> None:
    """Draw a trend; where nothing was measured there is a gap, and no line across it.

    Args:
        axes: Where to draw.
        trend: What.
        palette: In which colours.
        text_size: Of the labels, in pixels.
    """
    _draw_axes(axes, trend, palette, text_size)
    if trend.lines:
        times = _times(trend)
        (_draw_layers if trend.is_stacked else _draw_lines)(axes, times, trend, palette)
    else:
        _say_nothing(axes, palette, text_size)


def line_colors(trend: Trend, palette: Palette) -> list[str]:
    """The colour of each line. Charts of one line take turns, so that they are told apart."""
    first = 2 if trend.key == "hit_rate" else 0
    return [palette.series[(first + number) % 5] for number in range(len(trend.lines))]


def _times(trend: Trend) -> Numbers:
    """The middle of each value's stretch."""
    return [at.timestamp() + trend.step / 2 for at in trend.starts]


def _numbers(line: Line) -> Numbers:
    return [math.nan if each is None else each for each in line.values]


def _draw_lines(axes: Axes, times: Numbers, trend: Trend, palette: Palette) -> None:
    for line, color in zip(trend.lines, line_colors(trend, palette), strict=True):
        values = _numbers(line)
        if len(trend.lines) == 1 and trend.unit != "ratio":
            axes.fill_between(times, values, color=color, alpha=0.22, linewidth=0)
        axes.plot(
            times,
            values,
            color=color,
            linewidth=points(_THICK),
            solid_capstyle="round",
            solid_joinstyle="round",
        )
        lone = _alone(line)
        dots = [times[at] for at in lone], [values[at] for at in lone]
        axes.plot(*dots, "o", color=color, markersize=points(6))


def _alone(line: Line) -> Sequence[int]:
    """Where values have no neighbour: a line would not show them."""
    values = [None, *line.values, None]
    return [
        at
        for at, value in enumerate(line.values)
        if value is not None and values[at] is None and values[at + 2] is None
    ]


def _draw_layers(axes: Axes, times: Numbers, trend: Trend, palette: Palette) -> None:
    """The first layer at the bottom. Where no layer was measured there is a gap."""
    columns = zip(*(line.values for line in trend.lines), strict=True)
    floor = [0.0 if any(each is not None for each in column) else math.nan for column in columns]
    for line, color in zip(trend.lines, line_colors(trend, palette), strict=True):
        top = [low + (value or 0.0) for low, value in zip(floor, line.values, strict=True)]
        axes.fill_between(times, floor, top, color=color, linewidth=0)
        _label_layer(axes, line, (times, floor), palette)
        floor = top


def _label_layer(axes: Axes, line: Line, below: tuple[Numbers, Numbers], palette: Palette) -> None:
    """Write a layer's name into the middle of its longest stretch, if it fits in there.

    The colours are few, and so are the layers: of `worker.images` the last word is enough.
    """
    times, floor = below
    name = line.name.rpartition(".")[2]
    stretch = _longest_stretch(line)
    if not stretch:
        return
    middle = stretch[len(stretch) // 2]
    thickness = line.values[middle] or 0.0
    low, high = axes.get_ylim()
    room = axes.bbox.width * len(stretch) / len(times)
    if thickness < _THICK_ENOUGH * (high - low) or room < _LETTER * len(name):
        return
    axes.text(
        times[middle],
        floor[middle] + thickness / 2,
        name,
        ha="center",
        va="center",
        color=palette.card,
        fontproperties=face(Weight.SEMIBOLD),
        fontsize=points(20),
    )


def _longest_stretch(line: Line) -> Sequence[int]:
    """The places of the most values that follow each other without a gap."""
    places = [at for at, value in enumerate(line.values) if value is not None]
    stretches = groupby(enumerate(places), key=lambda pair: pair[1] - pair[0])
    found = ([at for _, at in stretch] for _, stretch in stretches)
    return max(found, key=len, default=[])


def _say_nothing(axes: Axes, palette: Palette, text_size: float) -> None:
    axes.text(
        0.5,
        0.75,
        "nothing measured",
        transform=axes.transAxes,
        ha="center",
        va="center",
        color=palette.muted,
        fontproperties=face(Weight.MEDIUM),
        fontsize=points(text_size),
    )


def _draw_axes(axes: Axes, trend: Trend, palette: Palette, text_size: float) -> None:
    values = scale(trend)
    axes.set_facecolor("none")
    axes.set_frame_on(False)
    axes.set_ylim(values.low, values.high + (values.high - values.low) * 0.03)
    axes.set_yticks(values.ticks, values.texts if trend.lines else ["", "", ""])
    axes.grid(axis="y", color=palette.line, linewidth=points(2))
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelcolor=palette.muted, pad=points(10))
    marks = moments(trend)
    axes.set_xticks([at.timestamp() for at, _ in marks], [text for _, text in marks])
    axes.set_xlim(marks[0][0].timestamp(), marks[-1][0].timestamp())
    labels = axes.get_xticklabels()
    labels[0].set_horizontalalignment("left")
    labels[-1].set_horizontalalignment("right")
    _set_face([*labels, *axes.get_yticklabels()], text_size)


def _set_face(labels: Sequence[Text], text_size: float) -> None:
    for label in labels:
        label.set_fontproperties(face(Weight.MEDIUM))
        label.set_fontsize(points(text_size))
