"""Metrics as a person reads them: aligned, with an arrow towards the better."""

from collections.abc import Mapping

LOWER_IS_BETTER = {
    "fd": True,
    "kid": True,
    "kl": True,
    "jsd": True,
    "is": False,
    "precision": False,
    "recall": False,
    "density": False,
    "coverage": False,
    "modes": False,
    "high_quality": False,
    "label_accuracy": False,
    "l1": True,
    "psnr": False,
    "ssim": False,
    "cycle_error": True,
    "identity_error": True,
    "class_survives": False,
    "domain_accuracy": False,
}
"""By a metric's family, the name without features and count. `std` is not here: it should equal the floor's."""


def lower_is_better(metric: str) -> bool | None:
    """For a full name such as `fd_digits10k`; None where neither direction is the better one."""
    for family, lower in LOWER_IS_BETTER.items():
        if metric == family or metric.startswith(f"{family}_"):
            return lower
    return None


def arrow(metric: str) -> str:
    """`↓` where lower is better, `↑` where higher is, nothing where neither is."""
    return {True: "↓", False: "↑", None: ""}[lower_is_better(metric)]


def format_table(metrics: Mapping[str, Mapping[str, float]]) -> str:
    """Rows such as generate, drs and floor, one column per metric.

    Args:
        metrics: {row: {metric: value}}, as in `metrics.json`; a metric that a row lacks shows as `-`.
    """
    columns = list(dict.fromkeys(metric for row in metrics.values() for metric in row))
    header = ["", *(f"{metric} {arrow(metric)}".rstrip() for metric in columns)]
    body = [[name, *(_number(row.get(metric)) for metric in columns)] for name, row in metrics.items()]
    lines = [header, *body]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines
    )


def _number(value: float | None) -> str:
    """Four significant digits; whole numbers stay whole."""
    if value is None:
        return "-"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e6 else f"{value:#.4g}"
