"""Curves as the page draws them: thinned, grouped into charts, and placed in a box of 1,000 by 1,000 units."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.ticker import MaxNLocator

from ganzoo.reports.stored import Points

BUCKETS = 250  # of a curve's steps; each keeps its lowest and its highest value, so that no peak is lost
BOX = 1000
ROWS = 12  # of a chart's table
COLOURS = 6  # of lines; more lines repeat the colours with other dashes

GROUPS = {  # the chart of a tag, by how the tag begins or ends
    "Losses": ("loss", "wasserstein"),
    "Outputs of the discriminator": ("real_logits", "fake_logits", "logit_gap"),
    "Diversity of the samples": ("fakes_spread", "fakes_modes"),
}
NOTES = {
    "Losses": "Means since the last point. A loss of a GAN is no measure of quality: each network's loss depends on "
    "the other network.",
    "Outputs of the discriminator": "The means on real and on generated samples, and the gap between the two. A gap "
    "that grows without end says that the discriminator wins.",
    "Diversity of the samples": "1 is as diverse as the real data. A fall means that samples become alike "
    "(mode collapse).",
}


class Line(NamedTuple):
    """A line of a chart: its name, its colour 0 .. 5, whether it is dashed, its SVG path, and a lone point or None."""

    name: str
    colour: int
    dashed: bool
    path: str
    dot: tuple[float, float] | None


class Chart(NamedTuple):
    """A chart.

    Attributes:
        title, note: texts; the note may be empty.
        lines: what is drawn.
        x_ticks, y_ticks: (text, place in percent from the left or the bottom).
        marks: (text, place in percent from the left) of steps to point out.
        columns, rows: the same as a table of texts, thinned.
        summary: the chart in one sentence, for those who do not see it.
        lost: the number of values that are not finite and so cannot be drawn.
    """

    title: str
    note: str
    lines: list[Line]
    x_ticks: list[tuple[str, float]]
    y_ticks: list[tuple[str, float]]
    marks: list[tuple[str, float]]
    columns: list[str]
    rows: list[list[str]]
    summary: str
    lost: int


def thin(curve: Points, buckets: int = BUCKETS) -> list[tuple[int, float]]:
    """At most two points of each of `buckets` equal ranges of steps: the lowest and the highest value, in order.

    The first and the last point stay. A value that is not finite stays once for each bucket, as NaN, so that the line
    has a gap there.

    Args:
        curve: the value at each step.
        buckets: the number of ranges; a curve of at most twice as many points stays as it is.
    """
    points = sorted(curve.items())
    if len(points) <= 2 * buckets:
        return [(step, value if math.isfinite(value) else math.nan) for step, value in points]
    first, last = points[0][0], points[-1][0]
    kept = {first: points[0][1], last: points[-1][1]}
    in_bucket: dict[int, list[tuple[int, float]]] = {}
    for step, value in points:
        in_bucket.setdefault(min(int((step - first) / (last - first) * buckets), buckets - 1), []).append((step, value))
    for members in in_bucket.values():
        finite = [point for point in members if math.isfinite(point[1])]
        if len(finite) < len(members):
            step = next(step for step, value in members if not math.isfinite(value))
            kept[step] = math.nan
        if finite:
            kept |= dict([min(finite, key=lambda point: point[1]), max(finite, key=lambda point: point[1])])
    return [(step, value if math.isfinite(value) else math.nan) for step, value in sorted(kept.items())]


def charts(curves: Mapping[str, Points]) -> list[Chart]:
    """The charts of a run's curves: those of `GROUPS`, then one for each other tag.

    Args:
        curves: by tag; measurements of the validation are left out.
    """
    tags = [tag for tag in curves if not tag.startswith("validation/")]
    grouped: dict[str, dict[str, Points]] = {title: {} for title in GROUPS}
    for tag in tags:
        title = next((title for title, ends in GROUPS.items() if tag.endswith(ends)), tag)
        grouped.setdefault(title, {})[tag] = curves[tag]
    return [chart(title, of, note=NOTES.get(title, "")) for title, of in grouped.items() if of]


def chart(title: str, curves: Mapping[str, Points], *, note: str = "", marks: Mapping[str, int] | None = None) -> Chart:
    """One chart of several curves over the steps.

    Args:
        title: its heading.
        curves: by the name in the legend.
        note: a text below the heading.
        marks: steps to point out, by their texts.
    """
    thinned = {name: thin(curve) for name, curve in curves.items()}
    finite = [point for points in thinned.values() for point in points if math.isfinite(point[1])]
    lost = sum(not math.isfinite(value) for curve in curves.values() for value in curve.values())
    steps = [step for step, _ in finite]
    x_low, x_high = _range(steps)
    y_low, y_high = _range([value for _, value in finite], margin=0.05)

    def x(step: float) -> float:
        return (step - x_low) / (x_high - x_low)

    def y(value: float) -> float:
        return (value - y_low) / (y_high - y_low)

    lines = []
    for number, (name, points) in enumerate(thinned.items()):
        placed = [(BOX * x(step), BOX * (1 - y(value))) if math.isfinite(value) else None for step, value in points]
        alone = [point for point in placed if point]
        dot = alone[0] if len(alone) == 1 else None
        lines.append(Line(name, number % COLOURS, number >= COLOURS, _path(placed), dot))
    return Chart(
        title,
        note,
        lines,
        [(f"{tick:,.0f}", 100 * x(tick)) for tick in _ticks(x_low, x_high, 4, whole=True)] if finite else [],
        [(f"{tick:.3g}", 100 * y(tick)) for tick in _ticks(y_low, y_high, 4)] if finite else [],
        [(text, 100 * x(step)) for text, step in (marks or {}).items() if x_low <= step <= x_high],
        ["step", *curves],
        _rows(thinned),
        _summary(title, thinned),
        lost,
    )


def _range(values: Sequence[float], margin: float = 0.0) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low == high:
        return low - 0.5, high + 0.5
    return low - margin * (high - low), high + margin * (high - low)


def _ticks(low: float, high: float, count: int, *, whole: bool = False) -> list[float]:
    ticks = MaxNLocator(nbins=count, integer=whole, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [tick for tick in map(float, ticks) if low <= tick <= high and (tick.is_integer() or not whole)]


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """An SVG path with a gap wherever there is None."""
    parts, is_open = [], False
    for point in points:
        if point is not None:
            parts.append(f"{'L' if is_open else 'M'}{point[0]:.1f} {point[1]:.1f}")
        is_open = point is not None
    return "".join(parts)


def _rows(curves: Mapping[str, Sequence[tuple[int, float]]]) -> list[list[str]]:
    """About a dozen steps and the curves' values there."""
    steps = sorted({step for points in curves.values() for step, _ in points})
    every = max(1, -(-len(steps) // ROWS))
    chosen = steps[::-1][::every][::-1]  # the last step is among them
    values = [dict(points) for points in curves.values()]
    return [[f"{step:,}", *(number(of.get(step)) for of in values)] for step in chosen]


def _summary(title: str, curves: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    ends = []
    for name, points in curves.items():
        finite = [value for _, value in points if math.isfinite(value)]
        ends.append(f"{name} from {finite[0]:.3g} to {finite[-1]:.3g}" if finite else f"{name} without a number")
    return f"{title}: {', '.join(ends)}."


def number(value: float | None) -> str:
    """Three significant digits; whole numbers stay whole, and None is a dash.

    >>> number(2.23699), number(25.0), number(3828.7), number(None), number(float("nan"))
    ('2.24', '25', '3,830', '–', 'not a number')
    """
    if value is None:
        return "–"
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite"
    if float(value).is_integer() and abs(value) < 1e6:
        return f"{value:,.0f}"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if 100 <= abs(rounded) < 1e6 else f"{rounded:.3g}"


def with_error(value: float | None, error: float | None) -> str:
    """A number with its standard error, where there is one.

    >>> with_error(7.1886, 0.5412), with_error(7.1886, None), with_error(None, None)
    ('7.19 ± 0.54', '7.19', '–')
    """
    return number(value) if value is None or error is None else f"{number(value)} ± {error:.2g}"
