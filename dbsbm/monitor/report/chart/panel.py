"""One chart: lines, or layers that lie on each other, over time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from numpy.typing import NDArray

from dbsbm.monitor.report.chart.palette import Palette
from dbsbm.monitor.report.chart.scale import moments, scale
from dbsbm.monitor.report.model import Line, Trend
from dbsbm.slips.faces import FONT_DIRECTORY, Weight

DOTS_PER_INCH = 100
_POINTS = 72 / DOTS_PER_INCH
_THICK = 3.5
# Share of a chart's height that a layer's name needs.
_THICK_ENOUGH = 0.13

Numbers = NDArray[np.float64]


@cache
def face(weight: Weight) -> FontProperties:
    """The house's face, of one weight."""
    return FontProperties(fname=FONT_DIRECTORY / weight.value)


def points(pixels: float) -> float:
    """A size in matplotlib's points."""
    return pixels * _POINTS


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
    half = trend.step / 2
    return np.array([at.timestamp() + half for at in trend.starts], dtype=np.float64)


def _numbers(line: Line) -> Numbers:
    return np.array([np.nan if each is None else each for each in line.values], dtype=np.float64)


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
        lone = _alone(values)
        axes.plot(times[lone], values[lone], "o", color=color, markersize=points(6))


def _alone(values: Numbers) -> NDArray[np.bool_]:
    """Values without a neighbour, which a line would not show."""
    known = np.isfinite(values)
    padded = np.concatenate(([False], known, [False]))
    return known & ~padded[:-2] & ~padded[2:]


def _draw_layers(axes: Axes, times: Numbers, trend: Trend, palette: Palette) -> None:
    """The first layer at the bottom. Where no layer was measured there is a gap."""
    found = [_numbers(line) for line in trend.lines]
    measured = np.any([np.isfinite(values) for values in found], axis=0)
    floor = np.where(measured, 0.0, np.nan)
    colors = line_colors(trend, palette)
    for line, values, color in zip(trend.lines, found, colors, strict=True):
        top = floor + np.nan_to_num(values)
        axes.fill_between(times, floor, top, color=color, linewidth=0)
        _label_layer(axes, line.name, (times, floor, top), palette)
        floor = top


def _label_layer(
    axes: Axes, name: str, layer: tuple[Numbers, Numbers, Numbers], palette: Palette
) -> None:
    """Write a layer's name into it, where it is thickest, if it is thick enough."""
    times, floor, top = layer
    thickness = np.nan_to_num(top - floor)
    at = int(np.argmax(thickness))
    low, high = axes.get_ylim()
    if thickness[at] < _THICK_ENOUGH * (high - low):
        return
    left, right = axes.get_xlim()
    place = (times[at] - left) / (right - left)
    side = "left" if place < 1 / 3 else "right" if place > 2 / 3 else "center"
    axes.text(
        min(max(times[at], left + 0.03 * (right - left)), right - 0.03 * (right - left)),
        (floor[at] + top[at]) / 2,
        name,
        ha=side,
        va="center",
        color=palette.card,
        fontproperties=face(Weight.SEMIBOLD),
        fontsize=points(20),
    )


def _say_nothing(axes: Axes, palette: Palette, text_size: float) -> None:
    axes.text(
        0.5,
        0.5,
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
    axes.set_yticks(values.ticks, values.texts)
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
