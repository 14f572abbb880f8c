"""Metrics as a person reads them: aligned, with an arrow towards the better."""

from collections.abc import Mapping

from ganzoo.evaluation.suites import direction


def arrow(metric: str) -> str:
    """`↓` where lower is better, `↑` where higher is, nothing where neither is, by a name such as `fd_digits10k`."""
    return {"lower": "↓", "higher": "↑", None: ""}[direction(metric)]


def format_table(metrics: Mapping[str, Mapping[str, float]]) -> str:
    """Rows such as generate, drs and floor, one column per metric.

    Args:
        metrics: {row: {metric: value}}, as in `metrics.json`; a metric that a row lacks shows as `-`.
    """
    columns = _columns(metrics)
    header = ["", *(f"{metric} {arrow(metric)}".rstrip() for metric in columns)]
    body = [[name, *(_number(row.get(metric)) for metric in columns)] for name, row in metrics.items()]
    return _aligned([header, *body])


def format_errors(errors: Mapping[str, Mapping[str, float]]) -> str:
    """The standard errors in rows and columns as `format_table` has, with two digits.

    >>> print(format_errors({"generate": {"fd_digits10k": 0.5412}, "drs": {"fd_digits10k": 0.3501}}))
    standard error  fd_digits10k
    generate                0.54
    drs                     0.35
    """
    columns = _columns(errors)
    body = [
        [name, *(f"{row[metric]:.2g}" if metric in row else "-" for metric in columns)] for name, row in errors.items()
    ]
    return _aligned([["standard error", *columns], *body])


def _columns(metrics: Mapping[str, Mapping[str, float]]) -> list[str]:
    return list(dict.fromkeys(metric for row in metrics.values() for metric in row))


def _aligned(lines: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines
    )


def _number(value: float | None) -> str:
    """Four significant digits; whole numbers stay whole."""
    if value is None:
        return "-"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e6 else f"{value:#.4g}"
