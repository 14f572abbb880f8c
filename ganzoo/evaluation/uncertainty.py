"""How far a figure moves from one draw of samples to another."""

import numpy as np


def error_of_mean(values: np.ndarray) -> float:
    """The standard error of a mean over samples, by the value of each, [n]; nan of a single one."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def error_by_jackknife(changes: np.ndarray) -> float:
    """The standard error of a figure, by how far it moves without each of the samples, [n].

    Efron and Stein, "The Jackknife Estimate of Variance", 1981. It comes out too large rather than too small.
    """
    return float(np.sqrt((len(changes) - 1) * np.var(changes)))
