"""Why each proposal was accepted or rejected, as one picture."""

from collections.abc import Mapping

import numpy as np

from ganzoo.pictures.drawing import to_uint8

MOST = 128  # proposals in one picture
PER_COLUMN = 32
ROW, HEADING, MARGIN = 0.56, 1.3, 0.12  # inches
COLOURS = {True: "#1b6ca8", False: "#c4451c"}  # told apart by the colour-blind, too
BAR = 1.3  # inches that a probability of 1 is long


def draw(explained: Mapping[str, np.ndarray], *, title: str, background: np.ndarray | None = None) -> np.ndarray:
    """A row for each proposal: the picture, its log ratio, its probability of acceptance, the uniform number, the
    verdict, and a bar as long as the probability with a tick at the uniform number.

    The threshold and the maximum are in the heading if they are the same for all rows, and otherwise in each row.

    Args:
        explained: the data of n proposals: `samples` float32 [n, ...], pictures in [-1, 1] or points; `log_ratio`,
            `threshold`, `maximum`, `accept_probability`, `uniforms` [n]; `accepted` bool [n]; for a conditional model
            `labels` [n].
        title: the request, such as the model and the seed.
        background: points [m, d], drawn in grey behind each point together with the other proposals.

    Returns:
        uint8 [height, width, 3].

    Raises:
        ValueError: if there are more than `MOST` proposals.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    count = len(explained["samples"])
    if count > MOST:
        raise ValueError(f"{count} proposals are more than a picture shows: at most {MOST}")
    columns = _columns(explained)
    blocks = -(-count // PER_COLUMN)
    row_count = -(-count // blocks)
    block_width = 0.75 + sum(width for _, width, _ in columns) + BAR + 0.35
    width, height = blocks * block_width + 2 * MARGIN, HEADING + row_count * ROW + MARGIN
    figure = Figure(figsize=(width, height), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    _heading(axes, explained, title)
    samples = explained["samples"]
    cell = _picture if samples.ndim == 4 else _point
    around = samples if background is None or samples.ndim == 4 else np.concatenate([samples, background])
    for index in range(count):
        left = MARGIN + (index // row_count) * block_width
        top = HEADING + (index % row_count) * ROW
        if index % row_count == 0:
            _column_heads(axes, columns, left)
        colour = COLOURS[bool(explained["accepted"][index])]
        cell(axes, samples[index], (left, top), around, colour)
        _text_and_bar(axes, explained, index, columns, (left, top + ROW / 2 - 0.03), colour)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _columns(explained: Mapping[str, np.ndarray]) -> list[tuple[str, float, list[str]]]:
    """Each column's head, its width in inches and its texts."""
    columns = [("row", 0.35, [str(index) for index in range(len(explained["samples"]))])]
    if "labels" in explained:
        columns.append(("class", 0.5, [str(label) for label in explained["labels"]]))
    columns.append(("log ratio\nD", 0.8, [f"{value:.3f}" for value in explained["log_ratio"]]))
    columns += [
        (f"{name}\n{letter}", 0.85, [f"{value:.3f}" for value in explained[name]])
        for name, letter in (("threshold", "T"), ("maximum", "M"))
        if _is_varied(explained[name])
    ]
    columns.append(("probability\np", 0.95, [_three_digits(value) for value in explained["accept_probability"]]))
    columns.append(("uniform\nu", 0.7, [_three_digits(value) for value in explained["uniforms"]]))
    verdicts = ["accepted" if accepted else "rejected" for accepted in explained["accepted"]]
    columns.append(("verdict", 0.85, verdicts))
    return columns


def _is_varied(values: np.ndarray) -> bool:
    return bool((values != values[0]).any())


def _three_digits(value: float) -> str:
    """A number in [0, 1] with three digits.

    >>> _three_digits(0.12345), _three_digits(0.00012345), _three_digits(0.99999), _three_digits(0.0)
    ('0.123', '1.23e-04', '1.000', '0.000')
    """
    return f"{value:.3f}" if value == 0.0 or value >= 0.001 else f"{value:.2e}"


def _heading(axes, explained: Mapping[str, np.ndarray], title: str) -> None:
    accepted, count = int(explained["accepted"].sum()), len(explained["samples"])
    summary = f"{title}: {accepted} of {count} proposals accepted"
    axes.text(MARGIN, 0.2, summary, fontsize=11, weight="bold", va="center")
    capped = (explained["log_ratio"] > explained["maximum"]).any()  # by `maximum_percentile`
    value = r"\min(D, M)" if capped else "D"
    rule = (
        rf"accepted where $u < p$,   $p = \sigma(F({value}) - F(T))$,   "
        r"$F(x) = x - M - \log(1 - e^{x - M - 10^{-8}})$"
    )
    axes.text(MARGIN, 0.47, rule, fontsize=9, va="center")
    same = [
        f"{name} {letter} = {explained[name][0]:.3f}"
        for name, letter in (("threshold", "T"), ("maximum", "M"))
        if not _is_varied(explained[name])
    ]
    axes.text(MARGIN, 0.72, ",   ".join(same), fontsize=9, va="center")


def _column_heads(axes, columns: list[tuple[str, float, list[str]]], left: float) -> None:
    right = left + 0.6
    for head, width, _ in columns:
        right += width
        axes.text(right, HEADING - 0.08, head, fontsize=8, color="0.35", ha="right", va="bottom", linespacing=1.3)
    axes.text(right + 0.2, HEADING - 0.08, "0", fontsize=8, color="0.35", ha="center", va="bottom")
    axes.text(
        right + 0.2 + BAR / 2, HEADING - 0.08, "bar: p, tick: u", fontsize=8, color="0.35", ha="center", va="bottom"
    )
    axes.text(right + 0.2 + BAR, HEADING - 0.08, "1", fontsize=8, color="0.35", ha="center", va="bottom")


def _text_and_bar(axes, explained, index: int, columns, at: tuple[float, float], colour: str) -> None:
    from matplotlib.patches import Rectangle

    right, middle = at[0] + 0.6, at[1]
    for head, width, texts in columns:
        right += width
        style = dict(color=colour, weight="bold") if head == "verdict" else {}
        axes.text(right, middle, texts[index], fontsize=9, ha="right", va="center", **style)
    left, height = right + 0.2, 0.18
    probability, uniform = float(explained["accept_probability"][index]), float(explained["uniforms"][index])
    axes.add_patch(Rectangle((left, middle - height / 2), BAR, height, facecolor="0.92"))
    axes.add_patch(Rectangle((left, middle - height / 2), BAR * probability, height, facecolor=colour, alpha=0.55))
    axes.plot([left + BAR * uniform] * 2, [middle - 0.15, middle + 0.15], color="black", linewidth=1.5)


def _picture(axes, picture: np.ndarray, at: tuple[float, float], around, colour: str) -> None:
    """The picture in a square of half an inch, framed in the verdict's colour."""
    from matplotlib.patches import Rectangle

    (left, top), side = at, ROW - 0.06
    height, width, channels = picture.shape
    tall, wide = side * height / max(height, width), side * width / max(height, width)
    pixels = np.broadcast_to(to_uint8(picture), (height, width, 3)) if channels == 1 else to_uint8(picture)
    axes.imshow(pixels, extent=(left, left + wide, top + tall, top), interpolation="nearest", aspect="auto", zorder=2)
    axes.add_patch(Rectangle((left, top), wide, tall, fill=False, edgecolor=colour, linewidth=1.2, zorder=3))


def _point(axes, point: np.ndarray, at: tuple[float, float], around: np.ndarray, colour: str) -> None:
    """The first two coordinates in a square of half an inch, among the other points in grey."""
    from matplotlib.patches import Rectangle

    (left, top), side = at, ROW - 0.06
    low, high = around[:, :2].min(0), around[:, :2].max(0)
    centre, reach = (low + high) / 2, 1.15 * (high - low).max() or 1.0

    def placed(points):
        x, y = ((points[..., :2] - centre) / reach).T
        return left + side * (0.5 + x), top + side * (0.5 - y)

    axes.add_patch(Rectangle((left, top), side, side, facecolor="white", edgecolor=colour, linewidth=1.2))
    axes.plot(*placed(around), ".", markersize=1.2, color="0.75", zorder=2)
    axes.plot(*placed(point[None]), "o", markersize=4.5, color=colour, markeredgecolor="white", markeredgewidth=0.6)
