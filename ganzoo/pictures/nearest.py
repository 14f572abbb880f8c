"""Samples beside the training pictures that they are nearest to, as one picture."""

from pathlib import Path

import numpy as np

from ganzoo.data.reals import to_float
from ganzoo.data.storage import StoredPictures
from ganzoo.pictures.drawing import to_uint8, write_png

ROWS = 8  # samples in each of the two columns
_CELL, _HEADING = 0.62, 0.75  # inches


def write_nearest(
    path: Path, samples: np.ndarray, training: np.ndarray | StoredPictures, nearest: np.ndarray, sampler: str
) -> None:
    """Writes a PNG: on the left the samples nearest to a training picture, each to another one, on the right some at
    random.

    Args:
        path: written whole or not at all.
        samples: [n, height, width, channels], float32 in [-1, 1] or uint8.
        training: the train part, uint8 [N, height, width, channels].
        nearest: int [k, 1 + m], sorted: the number of a sample, and of its nearest training pictures; -1 is none.
        sampler: the samples' name.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    count = min(ROWS, len(nearest))
    chosen = [
        _to_different(nearest, count),
        nearest[np.sort(np.random.default_rng(0).permutation(len(nearest))[:count])],
    ]
    titles = (f"{sampler}: the {count} samples nearest to training pictures", f"{sampler}: {count} samples at random")
    across = 2 * nearest.shape[1] + 1  # an empty column between the two
    size = across * _CELL, count * _CELL + _HEADING
    figure = Figure(figsize=size, dpi=160)
    top = 1 - _HEADING / size[1]
    for block, (rows, title) in enumerate(zip(chosen, titles, strict=True)):
        first = block * (nearest.shape[1] + 1)
        figure.text(
            (first + nearest.shape[1] / 2) / across, 1 - 0.2 / size[1], title, ha="center", va="center", fontsize=5
        )
        for column in range(nearest.shape[1]):
            heading = "sample" if column == 0 else "nearest" if column == 1 else f"{column}."
            place = (first + column + 0.5) / across, top + 0.12 / size[1]
            figure.text(*place, heading, ha="center", va="bottom", fontsize=5)
            for row, number in enumerate(rows[:, column]):
                if number < 0:
                    continue
                picture = samples[number] if column == 0 else training[np.array([number])][0]
                box = (
                    (first + column + 0.04) / across,
                    top * (1 - (row + 0.96) / count),
                    0.92 / across,
                    0.92 * top / count,
                )
                axes = figure.add_axes(box)
                axes.imshow(_in_colour(picture), interpolation="nearest")
                axes.set_axis_off()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    write_png(path, np.asarray(canvas.buffer_rgba())[..., :3])


def _to_different(nearest: np.ndarray, count: int) -> np.ndarray:
    """The first rows with different nearest pictures, filled up with the first of the others; int [count, ...]."""
    _, first = np.unique(nearest[:, 1], return_index=True)
    chosen = np.sort(first)[:count]
    others = np.setdiff1d(np.arange(len(nearest)), chosen)[: count - len(chosen)]
    return nearest[np.sort(np.concatenate([chosen, others]))]


def _in_colour(picture: np.ndarray) -> np.ndarray:
    """uint8 [height, width, 3]."""
    return np.broadcast_to(to_uint8(to_float(picture)), (*picture.shape[:2], 3))
