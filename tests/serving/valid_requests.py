"""A right request for any signature of the tiny exports, made up from the specs of its inputs."""

import numpy as np
import tensorflow as tf

from ganzoo.export.sampling_signatures import png

ROWS = 5
SCALARS = {"num_samples": ROWS, "gamma_percentile": 50.0, "budget": 2.0, "chain_length": 4}
SCALARS |= {"truncation": 0.7, "style_mixing": 0.5, "crossover": 1}


def valid_request(signature, seed: int = 0) -> dict[str, np.ndarray]:
    """The inputs by name, `ROWS` rows of each that has rows; another seed gives other numbers.

    Args:
        signature: a loaded SavedModel's, with its `structured_input_signature`.
    """
    specs = signature.structured_input_signature[1]
    return {name: _value(name, spec, np.random.default_rng([seed, len(name)])) for name, spec in specs.items()}


def _value(name: str, spec: tf.TensorSpec, rng: np.random.Generator) -> np.ndarray:
    if name in SCALARS:
        return np.array(SCALARS[name], spec.dtype.as_numpy_dtype)
    if name == "seed":
        return rng.integers(0, 1000, 2).astype(np.int32)
    if name == "image_bytes":
        return png(tf.constant(rng.uniform(-1, 1, (ROWS, 16, 16, 1)).astype(np.float32))).numpy()
    if spec.dtype == tf.int64:  # labels, categories and domains: any model has three of them
        return np.arange(ROWS) % 3
    if name == "uniforms":
        return rng.uniform(0, 1, ROWS).astype(np.float32)
    shape = [ROWS, *(16 if side is None else side for side in spec.shape[1:])]
    return rng.uniform(-1, 1, shape).astype(np.float32)
