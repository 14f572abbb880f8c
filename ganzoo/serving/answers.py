"""What several requests to an export give together; NumPy alone, so that a client by REST needs no TensorFlow."""

from collections.abc import Mapping, Sequence

import numpy as np


def joined(answers: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Rows one after the other, counts summed, and the acceptance rate of all proposals together.

    Args:
        answers: outputs by name, of one signature; at least one.
    """
    found = {}
    for name, value in answers[0].items():
        values = [answer[name] for answer in answers]
        found[name] = np.concatenate(values) if value.ndim else np.sum(values, dtype=value.dtype)
    if {"acceptance_rate", "num_proposed"} <= found.keys():
        rates, proposed = ([answer[name] for answer in answers] for name in ("acceptance_rate", "num_proposed"))
        found["acceptance_rate"] = np.average(rates, weights=proposed).astype(np.float32)
    return found
