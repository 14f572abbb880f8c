"""Samples as pictures: grids of images, scatter plots of points, PNG files."""

from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo.files import whole


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Pictures in [-1, 1] as uint8 in 0 .. 255, rounded."""
    return np.clip(np.rint((np.asarray(images, np.float32) + 1.0) * 127.5), 0, 255).astype(np.uint8)


def grid(images: np.ndarray, columns: int | None = None) -> np.ndarray:
    """One picture of many pictures, row by row with a thin gap.

    Args:
        images: float32 [n, height, width, channels] in [-1, 1].
        columns: the number of columns; None makes the grid about square.

    Returns:
        uint8 [rows * (height + 2) - 2, columns * (width + 2) - 2, channels].
    """
    count, height, width, channels = images.shape
    columns = min(columns or int(np.ceil(np.sqrt(count))), count)
    row_count = -(-count // columns)
    cells = np.full((row_count * columns, height + 2, width + 2, channels), 128, np.uint8)
    cells[count:] = 255
    cells[:count, :height, :width] = to_uint8(images)
    sheet = cells.reshape(row_count, columns, height + 2, width + 2, channels).swapaxes(1, 2)
    return sheet.reshape(row_count * (height + 2), columns * (width + 2), channels)[:-2, :-2]


def scatter(points: np.ndarray, reals: np.ndarray | None = None) -> np.ndarray:
    """A plot of points in the plane over the reals in grey, uint8 [480, 480, 3]."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8, 4.8), dpi=100, layout="tight")
    axes = figure.add_subplot(aspect="equal")
    if reals is not None:
        axes.plot(*reals[:5000, :2].T, ".", markersize=2, color="0.8", rasterized=True)
        centre, half = (reals.max(0) + reals.min(0)) / 2, 0.6 * np.ptp(reals, axis=0).max()
        axes.set(xlim=(centre[0] - half, centre[0] + half), ylim=(centre[1] - half, centre[1] + half))
    axes.plot(*points[:, :2].T, ".", markersize=3, color="tab:blue")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def overview(samples: np.ndarray, reals: np.ndarray | None = None) -> np.ndarray:
    """One picture of all samples: a grid of images or a plot of points."""
    return grid(samples) if samples.ndim == 4 else scatter(samples, reals)


def write_png(path: str | Path, picture: np.ndarray) -> None:
    """Writes uint8 [height, width, 1 or 3] as PNG, whole or not at all."""
    with whole(path) as beside:
        Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(beside, format="PNG")


def sample_pictures(workdir: Path) -> dict[int, Path]:
    """A run's `samples/step_*.png` by their steps, in the order of the steps."""
    named = ((path.stem.removeprefix("step_"), path) for path in (workdir / "samples").glob("step_*.png"))
    return dict(sorted((int(step), path) for step, path in named if step.isdigit()))
