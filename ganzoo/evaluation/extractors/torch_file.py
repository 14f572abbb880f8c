"""The weights in a `.pth` file of PyTorch, without PyTorch.

`torch.save` has two layouts: since version 1.6 a zip with `data.pkl` and a file for each storage, before that a row of
pickles with the storages behind them. A pickle can call anything, so this reader allows what a state dict consists of,
and nothing else: ordered dicts, tensors, parameters and storages, each built here.
"""

import collections
import io
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_TYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}


class TorchFileError(ValueError):
    """A file that is no state dict, or holds more than one."""


def read(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a state dict by their names.

    Raises:
        TorchFileError: says what is wrong with the file.
    """
    try:
        state = _from_zip(path) if zipfile.is_zipfile(path) else _from_pickles(path)
    except TorchFileError:
        raise
    except Exception as error:  # a damaged pickle raises nearly anything
        raise TorchFileError(f"it is damaged ({type(error).__name__}: {error})") from error
    if not isinstance(state, dict) or not all(isinstance(value, _Tensor) for value in state.values()):
        raise TorchFileError("it holds something else than a state dict")
    return {str(name): tensor.array() for name, tensor in state.items()}


def _from_zip(path: Path) -> object:
    with zipfile.ZipFile(path) as archive:
        (pickled,) = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        folder = pickled.removesuffix("data.pkl")
        order = f"{folder}byteorder"
        if order in archive.namelist() and archive.read(order) != b"little":
            raise TorchFileError("its numbers are big-endian")
        return _Reader(io.BytesIO(archive.read(pickled)), lambda key: archive.read(f"{folder}data/{key}")).load()


def _from_pickles(path: Path) -> object:
    with path.open("rb") as file:
        if _Reader(file).load() != _MAGIC or _Reader(file).load() != _PROTOCOL:
            raise TorchFileError("it is no file of torch.save")
        if not _Reader(file).load()["little_endian"]:
            raise TorchFileError("its numbers are big-endian")
        reader = _Reader(file)
        state = reader.load()
        for key in _Reader(file).load():
            storage = reader.storages[key]
            (count,) = struct.unpack("<q", file.read(8))
            size = count * storage.dtype.itemsize
            storage.content = file.read(size)
            if len(storage.content) != size:
                raise TorchFileError("it ends too early")
    return state


class _Storage:
    """Numbers that tensors are views of."""

    def __init__(self, dtype: np.dtype):
        self.dtype, self.content = dtype, b""


class _Tensor:
    """A view of a storage, as PyTorch pickles it."""

    def __init__(self, storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_):
        self._storage, self._offset, self._shape, self._strides = storage, offset, shape, strides

    def array(self) -> np.ndarray:
        numbers = np.frombuffer(self._storage.content, self._storage.dtype)
        last = self._offset + sum((side - 1) * stride for side, stride in zip(self._shape, self._strides, strict=True))
        is_empty = 0 in self._shape
        if min(self._offset, *self._shape, *self._strides, 0) < 0 or (not is_empty and last >= len(numbers)):
            raise TorchFileError("a tensor reaches beyond its storage")
        if is_empty:
            return np.zeros(self._shape, numbers.dtype)
        strides = [stride * numbers.itemsize for stride in self._strides]
        return np.lib.stride_tricks.as_strided(numbers[self._offset :], self._shape, strides, writeable=False).copy()


class _Reader(pickle.Unpickler):
    """A pickle of nothing but a state dict.

    Args:
        file: opened, at the pickle.
        read_storage: a storage's bytes by its key; None if they come later.
    """

    def __init__(self, file, read_storage=None):
        super().__init__(file, encoding="utf-8")
        self.storages: dict[str, _Storage] = {}
        self._read = read_storage

    def find_class(self, module: str, name: str):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) in (("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor")):
            return _Tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda tensor, *_: tensor
        if module in ("torch", "torch.storage") and name in _TYPES:
            return np.dtype(_TYPES[name])
        raise TorchFileError(f"it holds {module}.{name}, which no state dict needs")

    def persistent_load(self, saved):
        kind, dtype, key = saved[:3]
        if kind != "storage" or not isinstance(dtype, np.dtype) or (len(saved) > 5 and saved[5] is not None):
            raise TorchFileError("it holds a storage of an unknown kind")
        if key not in self.storages:
            self.storages[key] = _Storage(dtype)
            if self._read is not None:
                self.storages[key].content = self._read(key)
        return self.storages[key]
