"""The arrays of a safetensors file: a header of JSON, and the numbers behind it.

The layout is https://github.com/huggingface/safetensors#format. Reading it takes less than a dependency would.
"""

import json
import math
import struct
from pathlib import Path

import ml_dtypes
import numpy as np

_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": ml_dtypes.bfloat16, "I64": "<i8", "I32": "<i4"}
_LONGEST = 100_000_000  # bytes of a header


def read(path: Path) -> dict[str, np.ndarray]:
    """All arrays by their names.

    Raises:
        ValueError: for what is no safetensors file, and for a damaged one.
    """
    content = path.read_bytes()
    if len(content) < 8:
        raise ValueError("it has no header")
    (length,) = struct.unpack("<Q", content[:8])
    if length > min(_LONGEST, len(content) - 8):
        raise ValueError("its header is longer than the file")
    header = json.loads(content[8 : 8 + length])
    if not isinstance(header, dict):
        raise ValueError("its header is no table of arrays")
    header.pop("__metadata__", None)
    return {name: _array(name, entry, memoryview(content)[8 + length :]) for name, entry in header.items()}


def _array(name: str, entry: dict, numbers: memoryview) -> np.ndarray:
    dtype = np.dtype(_TYPES[entry["dtype"]])
    first, end = entry["data_offsets"]
    size = dtype.itemsize * math.prod(entry["shape"])
    if not 0 <= first <= end <= len(numbers) or end - first != size:
        raise ValueError(f"{name} takes {size} bytes and has {end - first} of the file's {len(numbers)}")
    return np.frombuffer(numbers[first:end], dtype).reshape(entry["shape"])
