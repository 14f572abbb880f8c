"""Joins the answers of several requests to an export, with NumPy alone, so that a REST client needs no TensorFlow."""

from collections.abc import Mapping, Sequence

import numpy as np


def joined(answers: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """One answer from several: rows joined, counts summed, and the acceptance rate of all proposals together.

    Args:
        answers: outputs by name of one signature; at least one answer.
    """
    together = {}
    for name, value in answers[0].items():
        values = [answer[name] for answer in answers]
        together[name] = np.concatenate(values) if value.ndim else np.sum(values, dtype=value.dtype)
    if {"acceptance_rate", "num_proposed"} <= together.keys():
        rates, proposed = ([answer[name] for answer in answers] for name in ("acceptance_rate", "num_proposed"))
        together["acceptance_rate"] = np.average(rates, weights=proposed).astype(np.float32)
    return together
