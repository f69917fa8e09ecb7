"""The picture of a report for Discord: four charts in the slips' colours, read on a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Literal

from dbsbm.monitor.report.chart.canvas import face, new_canvas, points, rgb, rounded_box
from dbsbm.monitor.report.chart.palette import PICTURE, Palette
from dbsbm.monitor.report.chart.panel import draw_panel, line_colors
from dbsbm.monitor.report.model import Figure, Overview, Trend
from dbsbm.monitor.report.wording import (
    NO_COMPARISON,
    judge_change,
    spell,
    spell_change,
    spell_span,
)
from dbsbm.slips.faces import Weight

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

# Discord shows a picture of this shape as wide as it shows any.
WIDTH, HEIGHT = 1000, 740
_EDGE, _GAP, _HEADER = 24, 18, 74
_PADDING = 22


@dataclass(frozen=True, slots=True)
class _Card:
    """Where a panel lies, in pixels from the upper left."""

    x: float
    y: float
    width: float
    height: float


def draw_picture(overview: Overview) -> bytes:
    """How a span went, as a PNG, 1,000 pixels wide."""
    palette = PICTURE
    canvas = new_canvas(WIDTH, HEIGHT)
    ground = _ground(canvas, palette)
    _draw_header(ground, overview, palette)
    for trend, card in zip(overview.trends, _cards(), strict=False):
        _draw_card(ground, card, palette)
        _draw_title(ground, card, trend, overview, palette)
        draw_panel(_axes(canvas, card), trend, palette)
    target = BytesIO()
    canvas.savefig(target, format="png")
    return target.getvalue()


def _cards() -> Sequence[_Card]:
    width = (WIDTH - 2 * _EDGE - _GAP) / 2
    height = (HEIGHT - _HEADER - _EDGE - _GAP) / 2
    return [
        _Card(_EDGE + column * (width + _GAP), _HEADER + row * (height + _GAP), width, height)
        for row in range(2)
        for column in range(2)
    ]


def _ground(canvas: Canvas, palette: Palette) -> Axes:
    """The whole picture in pixels from the upper left, with the slips' background."""
    ground = canvas.add_axes((0, 0, 1, 1))
    ground.set_axis_off()
    fade = [[rgb(palette.top)], [rgb(palette.bottom)]]
    ground.imshow(fade, extent=(0, WIDTH, HEIGHT, 0), aspect="auto", interpolation="bilinear")
    ground.set_xlim(0, WIDTH)
    ground.set_ylim(HEIGHT, 0)
    return ground


def _draw_header(ground: Axes, overview: Overview, palette: Palette) -> None:
    title, small = _Ink(palette.text, 34, Weight.BOLD), _Ink(palette.muted, 22, Weight.MEDIUM)
    until = overview.span.until
    is_now = overview.made_at - until < timedelta(hours=1)
    length = spell_span(overview.span)
    _write(ground, (_EDGE + 4, 42), f"Last {length}" if is_now else length, title)
    against = f", against the {overview.compared[0].name}" if overview.compared else ""
    when = f"to {until:%-d %b %H:%M} UTC{against}"
    _write(ground, (WIDTH - _EDGE - 4, 43), when, small, "right")


def _draw_card(ground: Axes, card: _Card, palette: Palette) -> None:
    box = rounded_box((card.x, card.y), card.width, card.height, palette.card)
    ground.add_patch(box)


def _draw_title(
    ground: Axes, card: _Card, trend: Trend, overview: Overview, palette: Palette
) -> None:
    """The title, how its number has changed, and below it the numbers of the whole span."""
    left, right = card.x + _PADDING, card.x + card.width - _PADDING
    _write(ground, (left, card.y + 30), trend.title, _Ink(palette.muted, 24, Weight.SEMIBOLD))
    numbers = _numbers(trend, overview.headline)
    if not numbers:
        return
    last = numbers[-1][1]
    if (change := spell_change(last, 0)) != NO_COMPARISON:
        ink = _Ink(_change_color(last, palette), 24, Weight.SEMIBOLD)
        _write(ground, (right, card.y + 30), change, ink, "right")
    colors = line_colors(trend, palette)
    for place, ((name, figure), color) in enumerate(zip(numbers, colors, strict=False)):
        x = left + place * (card.width - _PADDING) / 2
        if name:
            _write(ground, (x, card.y + 76), name, _Ink(color, 22, Weight.SEMIBOLD))
            x += 50
        number = _Ink(palette.text, 38, Weight.BOLD)
        _write(ground, (x, card.y + 73), spell(figure.value, figure.unit), number)


def _change_color(figure: Figure, palette: Palette) -> str:
    colors = {"better": palette.better, "worse": palette.worse}
    return colors.get(judge_change(figure, 0), palette.muted)


def _numbers(trend: Trend, headline: Mapping[str, Figure]) -> list[tuple[str, Figure]]:
    """The figures of a trend, as far as they were measured, with the names of its lines."""
    names = {"response_times": ["p50", "p95"], "tasks": ["tasks_per_minute"]}
    keys = names.get(trend.key, [trend.key])
    return [
        (key if len(keys) > 1 else "", headline[key])
        for key in keys
        if headline[key].value is not None
    ]


def _axes(canvas: Canvas, card: _Card) -> Axes:
    left, right, top, bottom = 112, 22, 116, 50
    return canvas.add_axes(
        (
            (card.x + left) / WIDTH,
            1 - (card.y + card.height - bottom) / HEIGHT,
            (card.width - left - right) / WIDTH,
            (card.height - top - bottom) / HEIGHT,
        )
    )


@dataclass(frozen=True, slots=True)
class _Ink:
    """How a text is written; its size is in pixels."""

    color: str
    size: float
    weight: Weight


def _write(
    ground: Axes,
    place: tuple[float, float],
    text: str,
    ink: _Ink,
    side: Literal["left", "right"] = "left",
) -> None:
    ground.text(
        *place,
        text,
        color=ink.color,
        fontproperties=face(ink.weight),
        fontsize=points(ink.size),
        ha=side,
        va="center",
    )
