"""Rounds the kernels of an export, so that they compress.

The low bits of trained weights are noise, which no archive can compress. Rounded kernels stay float32, and the export
is used as before.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf

MANTISSA_BITS = 10  # kept of float32's 23; float16 has as many
NOTE = f"""
## Rounded weights
The kernels are rounded to {MANTISSA_BITS} bits of mantissa, a relative error of at most 2^-{MANTISSA_BITS + 1}, so that
the package is small. They are float32 as before. The figures above are of the kernels before rounding.
"""


def round_kernels(version: Path) -> None:
    """Rounds every variable of two or more axes in a version's files, and says so in its model card.

    Biases, statistics, calibrations and the figures of the burn-in keep all bits.

    Args:
        version: the folder of an export's version.
    """
    prefix = str(version / "variables" / "variables")
    reader = tf.train.load_checkpoint(prefix)
    names = sorted(reader.get_variable_to_shape_map())
    dtypes = reader.get_variable_to_dtype_map()
    tensors = [tf.constant(reader.get_tensor(name), dtypes[name]) for name in names]
    is_kernel = [tensor.dtype == tf.float32 and tensor.shape.rank >= 2 for tensor in tensors]
    tensors = [
        tf.constant(rounded(tensor.numpy())) if kernel else tensor
        for tensor, kernel in zip(tensors, is_kernel, strict=True)
    ]
    tf.raw_ops.SaveV2(prefix=prefix, tensor_names=names, shape_and_slices=[""] * len(names), tensors=tensors)
    card = version / "README.md"
    card.write_text(card.read_text() + NOTE)


def rounded(values: np.ndarray) -> np.ndarray:
    """The nearest float32 numbers with `MANTISSA_BITS` bits of mantissa; ties go to even.

    Args:
        values: float32, finite.
    """
    dropped = 23 - MANTISSA_BITS
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.uint64)
    bits += (1 << (dropped - 1)) - 1 + ((bits >> dropped) & 1)
    return (bits >> dropped << dropped).astype(np.uint32).view(np.float32).reshape(values.shape)
