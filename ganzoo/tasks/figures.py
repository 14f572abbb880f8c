"""A run's metrics as they stand on the model card of its export."""

from collections.abc import Mapping
from numbers import Real
from pathlib import Path

from ganzoo.evaluation.sampling_report import NOT_SAMPLERS
from ganzoo.evaluation.table import arrow
from ganzoo.export import model_card

LEFT_OUT = ("samples_per_second", "fraction_of_bound", "num_restarted")  # of the machine rather than of the model
FLOORS = ("floor", "real")
NO_RESULTS = (*FLOORS, "untranslated", *NOT_SAMPLERS)


def add_to_card(version: str | Path, metrics: Mapping[str, Mapping]) -> None:
    """Writes the metrics of `metrics.json` into a version's card, and the numbers of its samplers into the header."""
    rows = {
        name: {metric: value for metric, value in row.items() if isinstance(value, Real) and metric not in LEFT_OUT}
        for name, row in metrics.items()
        if name != "features"  # which say how the figures were made, and nothing of the model
    }
    rows = {name: row for name, row in rows.items() if row}
    results = {name: row for name, row in rows.items() if not name.endswith(NO_RESULTS)}
    model_card.add_figures(Path(version), markdown(rows), results)


def markdown(rows: Mapping[str, Mapping[str, float]]) -> str:
    """A table with a line for each metric, for all rows that share a metric; the arrow points to the better.

    >>> print(markdown({"generate": {"fd_digits10k": 5.5812}, "floor": {"fd_digits10k": 0.44387}}))
    | metric | generate | floor |
    |---|---|---|
    | `fd_digits10k` ↓ | 5.58 | 0.444 |
    <BLANKLINE>
    `floor` is what real data score against other real data.
    """
    tables: list[dict[str, Mapping[str, float]]] = []
    for name, row in rows.items():
        table = next((table for table in tables if any(row.keys() & other.keys() for other in table.values())), None)
        if table is None:
            tables.append({name: row})
        else:
            table[name] = row
    parts = ["\n".join(_lines(table)) for table in tables]
    if any(name.endswith(FLOORS) for name in rows):
        named = next(name for name in FLOORS if any(row.endswith(name) for row in rows))
        parts.append(f"`{named}` is what real data score against other real data.")
    return "\n\n".join(parts)


def _lines(table: Mapping[str, Mapping[str, float]]) -> list[str]:
    metrics = list(dict.fromkeys(metric for row in table.values() for metric in row))
    lines = ["| " + " | ".join(["metric", *table]) + " |", "|---" * (len(table) + 1) + "|"]
    for metric in metrics:
        cells = ["-" if metric not in row else f"{row[metric]:.3g}" for row in table.values()]
        lines.append("| " + " | ".join([f"`{metric}` {arrow(metric)}".rstrip(), *cells]) + " |")
    return lines
