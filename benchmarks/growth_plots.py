"""The two pictures of `benchmarks.growth`."""

from collections.abc import Mapping
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, ScalarFormatter

POWERS = {"batch": 1, "size": 2, "width": 2}  # a step's multiplications grow with this power of the value


def time_plot(sweeps: Mapping[str, Mapping[str, list[float]]], usual: Mapping[str, int], path: Path) -> None:
    """Plots a step's best milliseconds over each value, both logarithmic, beside the growth of its multiplications.

    Args:
        sweeps: by part, {value: [best, median] seconds}.
        usual: the values of the other parts.
        path: the PNG file.
    """
    figure = Figure(figsize=(9.6, 3.2), dpi=100, layout="constrained")
    panels = figure.subplots(1, len(sweeps), sharey=True, squeeze=False)[0]
    for axes, (part, times) in zip(panels, sweeps.items(), strict=True):
        values = [int(value) for value in times]
        best = [1e3 * seconds[0] for seconds in times.values()]
        power = POWERS[part]
        as_the_work = [best[-1] * (value / values[-1]) ** power for value in values]
        label = f"proportional to {part}{'²' if power == 2 else ''}"
        axes.loglog(values, as_the_work, "--", color="0.6", label=label)
        axes.loglog(values, best, "o-", color="tab:blue", label="measured")
        axes.set_xticks(values, [str(value) for value in values])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(ScalarFormatter())
        others = ", ".join(f"{name} {value}" for name, value in usual.items() if name != part)
        axes.set(xlabel=f"{part} ({others})")
        axes.grid(True, color="0.9")
        axes.legend(fontsize=8)
    figure.axes[0].set(ylabel="ms a step")
    _write(figure, path)


def memory_plot(memory: Mapping[str, Mapping[str, Mapping[str, float]]], path: Path) -> None:
    """Plots peak memory over the number of examples, a line for each way of keeping them.

    Args:
        memory: by way, {examples: {"peak_mb": ...}}.
        path: the PNG file.
    """
    figure = Figure(figsize=(5.2, 3.4), dpi=100, layout="constrained")
    axes = figure.subplots()
    for (way, runs), colour in zip(memory.items(), ("tab:blue", "tab:orange"), strict=True):
        peaks = [run["peak_mb"] for run in runs.values()]
        axes.semilogx([int(count) for count in runs], peaks, "o-", color=colour, label=way)
    axes.set(xlabel="examples in the set", ylabel="peak memory of the process, MB", ylim=(0, None))
    axes.grid(True, color="0.9")
    axes.legend()
    _write(figure, path)


def _write(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure).print_png(str(path))
