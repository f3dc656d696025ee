"""Charts as inline SVG, shaped by hand: the same bytes everywhere, a few KB each, and coloured by the page's own CSS.

No drawing library takes part, so a report does not change with one, and charts follow the reader's light or dark
preference. Coordinates have one decimal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ml8s.evaluation.markup import Markup, element
from ml8s.evaluation.wording import aligned, shortened, tick

WIDTH: Final = 360
HEIGHT: Final = 250
LEFT: Final = 56
RIGHT: Final = 12
TOP: Final = 10
BOTTOM: Final = 42
COLOURS: Final = 6
GREY: Final = 5

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart. ``shape`` is line, thin, step or dots; ``colour`` from 0 picks the page's series colour."""

    label: str
    points: Points
    colour: int = 0
    shape: str = "line"


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: its label, its range, how its ticks are written, and whether they are whole numbers only."""

    label: str
    low: float
    high: float
    write: Callable[[float], str] = tick
    whole: bool = False

    @classmethod
    def around(cls, label: str, values: Sequence[float], write: Callable[[float], str] = tick) -> Axis:
        """An axis that holds all values with a margin of 4 %."""
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        margin = (high - low) * 0.04 or abs(high) * 0.04 or 1.0
        return cls(label, low - margin, high + margin, write)

    def ticks(self, about: int = 5) -> list[float]:
        """Round values within the range: multiples of 1, 2 or 5 times a power of ten."""
        span = self.high - self.low
        if not (math.isfinite(span) and span > 0):
            return [self.low]
        power = 10.0 ** math.floor(math.log10(span / about))
        step = next((m * power for m in (1, 2, 5) if span / (m * power) <= about), 10 * power)
        step = max(step, 1.0) if self.whole else step
        first = math.ceil(self.low / step - 1e-9)
        count = int(math.floor(self.high / step + 1e-9) - first) + 1
        return [float(f"{(first + i) * step:.12g}") for i in range(max(count, 0))]


@dataclass(frozen=True, slots=True)
class Frame:
    """Maps values to coordinates."""

    x: Axis
    y: Axis

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The coordinates of a value; what lies outside the range lands on its edge."""
        across = _share(x, self.x) * (WIDTH - LEFT - RIGHT)
        up = _share(y, self.y) * (HEIGHT - TOP - BOTTOM)
        return LEFT + across, HEIGHT - BOTTOM - up

    def drawn(self) -> list[Markup]:
        """Grid, ticks and labels."""
        parts = []
        for value in self.y.ticks():
            _, y = self.at(self.x.low, value)
            parts.append(_line(LEFT, y, WIDTH - RIGHT, y, "grid"))
            parts.append(_text(LEFT - 6, y + 3.5, self.y.write(value), "end"))
        for value in self.x.ticks():
            x, _ = self.at(value, self.y.low)
            parts.append(_line(x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 4, "axis"))
            parts.append(_text(x, HEIGHT - BOTTOM + 16, self.x.write(value), "middle"))
        parts.append(_line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "axis"))
        parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, self.x.label, "middle", "label"))
        turned = f"rotate(-90 11 {_n((HEIGHT - BOTTOM + TOP) / 2)})"
        parts.append(_text(11, (HEIGHT - BOTTOM + TOP) / 2, self.y.label, "middle", "label", transform=turned))
        return parts


def line_chart(
    description: str, x: Axis, y: Axis, series: Sequence[Series], *, diagonal: bool = False, mark: float | None = None
) -> Markup:
    """Lines, steps or dots in one frame.

    Args:
        description: what the chart shows, for readers who do not see it.
        x: the horizontal axis.
        y: the vertical axis.
        series: drawn in order, the last on top.
        diagonal: draws the line from the lower left to the upper right corner, for comparison.
        mark: draws a dotted upright line at this value of x, where it lies in the range.
    """
    frame = Frame(x, y)
    parts = frame.drawn()
    if diagonal:
        (x1, y1), (x2, y2) = frame.at(x.low, y.low), frame.at(x.high, y.high)
        parts.append(_line(x1, y1, x2, y2, "reference"))
    if mark is not None and x.low <= mark <= x.high:
        (x1, y1), (x2, y2) = frame.at(mark, y.low), frame.at(mark, y.high)
        parts.append(_line(x1, y1, x2, y2, "mark"))
    for one in series:
        parts.extend(_drawn_series(frame, one))
    return _svg(description, WIDTH, HEIGHT, parts)


def histogram(
    description: str, x: Axis, edges: Sequence[float], groups: Sequence[Sequence[float]], y_label: str
) -> Markup:
    """Bars between edges, [bins + 1]; each group of heights [bins] in a colour of its own, half transparent."""
    highest = max((max(group, default=0.0) for group in groups), default=0.0)
    frame = Frame(x, Axis(y_label, 0.0, highest * 1.04 or 1.0))
    parts = frame.drawn()
    for colour, heights in enumerate(groups):
        for low, high, height in zip(edges[:-1], edges[1:], heights, strict=True):
            (x1, y1), (x2, y2) = frame.at(low, height), frame.at(high, 0.0)
            if height > 0:
                parts.append(_rect(x1 + 0.4, y1, max(x2 - x1 - 0.8, 0.6), y2 - y1, f"fill c{colour % COLOURS} soft"))
    return _svg(description, WIDTH, HEIGHT, parts)


def bar_chart(description: str, bars: Sequence[tuple[str, float, float, float]]) -> Markup:
    """Horizontal bars of (label, value, lowest, highest), the spread drawn as a thin line over the bar.

    They are HTML rather than SVG, so that their text stays readable on a narrow screen.
    """
    low = min([0.0, *(bar[2] for bar in bars)])
    high = max([0.0, *(bar[3] for bar in bars)])
    axis = Axis("", low, high if high > low else low + 1.0)
    texts = aligned([bar[1] for bar in bars])
    rows = []
    for (label, value, lowest, highest), text in zip(bars, texts, strict=True):
        drawn = [
            element("i", class_="bar", style=_extent(axis, min(0.0, value), max(0.0, value))),
            element("i", class_="spread", style=_extent(axis, lowest, highest)),
            element("i", class_="zero", style=_extent(axis, 0.0, 0.0)),
        ]
        name, track = element("span", shortened(label, 40), class_="label"), element("span", drawn, class_="track")
        rows.append(element("li", name, track, element("span", text, class_="value")))
    return element("ul", rows, class_="bars", aria_label=description)


def _extent(axis: Axis, low: float, high: float) -> str:
    left, right = 100.0 * _share(low, axis), 100.0 * _share(high, axis)
    return f"left:{_n(left)}%;width:{_n(right - left)}%"


def legend(series: Sequence[tuple[str, int]]) -> Markup:
    """The names of series beside their colours."""
    items = [
        element("span", element("i", class_=f"swatch s{colour % COLOURS}"), shortened(label), class_="entry")
        for label, colour in series
    ]
    return element("p", items, class_="legend")


def _drawn_series(frame: Frame, series: Series) -> list[Markup]:
    colour = f"c{series.colour % COLOURS}"
    at = [frame.at(x, y) for x, y in series.points]
    if series.shape == "step":
        at = [point for i, (x, y) in enumerate(at) for point in ((x, at[i - 1][1] if i else y), (x, y))]
    parts = []
    if len(at) > 1:
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in at)
        thin = " thin" if series.shape == "thin" else ""
        parts.append(element("polyline", points=path, class_=f"line{thin} {colour}"))
    if series.shape == "dots" or len(series.points) == 1:
        parts.extend(element("circle", cx=_n(x), cy=_n(y), r="3", class_=f"fill {colour}") for x, y in at)
    return parts


def _share(value: float, axis: Axis) -> float:
    span = axis.high - axis.low
    return min(max((value - axis.low) / span, 0.0), 1.0) if span > 0 else 0.5


def _n(value: float) -> str:
    return f"{value + 0.0:.1f}".removesuffix(".0")


def _line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return element("line", x1=_n(x1), y1=_n(y1), x2=_n(x2), y2=_n(y2), class_=class_)


def _rect(x: float, y: float, width: float, height: float, class_: str) -> Markup:
    return element("rect", x=_n(x), y=_n(y), width=_n(width), height=_n(height), class_=class_)


def _text(
    x: float, y: float, text: str, anchor: str, class_: str | None = None, *, transform: str | None = None
) -> Markup:
    return element("text", text, x=_n(x), y=_n(y), text_anchor=anchor, class_=class_, transform=transform)


def _svg(description: str, width: float, height: float, parts: Sequence[Markup]) -> Markup:
    box = f"0 0 {_n(width)} {_n(height)}"
    return element("svg", element("title", description), parts, viewBox=box, role="img", class_="chart")
