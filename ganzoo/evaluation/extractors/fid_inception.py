"""The Inception of 2015 that FID is defined by (Heusel et al. 2017), from pytorch-fid's `.pth` file.

It differs from InceptionV3 in three places, as in the graph `inception-2015-12-05`: average poolings leave the padding
out, the last block pools by the maximum, and there are 1,008 classes. Features are the 2,048 of the last pooling.
Pictures become 299 x 299 by bilinear interpolation without antialiasing, as in pytorch-fid.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf

from ganzoo.evaluation.extractors import torch_file
from ganzoo.evaluation.extractors.network import Network, square

_EPSILON = 1e-3
_STEM = ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3")


def of_pytorch_fid(path: Path) -> Network:
    """pytorch-fid's own file.

    Raises:
        torch_file.TorchFileError: if it cannot be read.
        KeyError: if a weight is missing.
    """
    weights = torch_file.read(path)
    folded = {}
    for name in weights:
        if name.endswith(".conv.weight"):
            layer = name.removesuffix(".conv.weight")
            folded[layer] = _folded(weights, layer)
    layers = _Layers(folded)
    layers.check()

    def apply(pictures: tf.Tensor) -> tf.Tensor:
        return layers.features(pictures / 127.5 - 1.0)

    return Network("inception", 2048, apply, square(299), antialias=False)


def _folded(weights: dict[str, np.ndarray], layer: str) -> tuple[tf.Tensor, tf.Tensor]:
    """A convolution [h, w, in, out] and its offset [out], with the batch norm behind it worked in."""
    mean, variance, offset, scale = (
        weights[f"{layer}.bn.{x}"] for x in ("running_mean", "running_var", "bias", "weight")
    )
    factor = scale / np.sqrt(variance + _EPSILON)
    kernel = weights[f"{layer}.conv.weight"].transpose(2, 3, 1, 0) * factor
    return tf.constant(kernel, tf.float32), tf.constant(offset - mean * factor, tf.float32)


class _Layers:
    """The network on convolutions by name."""

    def __init__(self, folded: dict[str, tuple[tf.Tensor, tf.Tensor]]):
        self._folded = folded

    def check(self) -> None:
        """Runs on one small picture: what is missing or has another shape is found now."""
        found = self.features(tf.zeros([1, 75, 75, 3]))
        if found.shape[1] != 2048:
            raise KeyError(f"{found.shape[1]} features, expected 2048")

    def features(self, x: tf.Tensor) -> tf.Tensor:
        """Pictures [n, 299, 299, 3] in [-1, 1] to [n, 2048]."""
        first, second, third, fourth, fifth = _STEM
        x = self._conv(first, x, 2, "VALID")
        x = self._conv(second, x, padding="VALID")
        x = self._conv(third, x)
        x = tf.nn.max_pool2d(x, 3, 2, "VALID")
        x = self._conv(fourth, x, padding="VALID")
        x = self._conv(fifth, x, padding="VALID")
        x = tf.nn.max_pool2d(x, 3, 2, "VALID")
        for block in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
            x = self._a(block, x)
        x = self._b("Mixed_6a", x)
        for block in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
            x = self._c(block, x)
        x = self._d("Mixed_7a", x)
        x = self._e("Mixed_7b", x, _average)
        x = self._e("Mixed_7c", x, lambda x: tf.nn.max_pool2d(x, 3, 1, "SAME"))
        return tf.reduce_mean(x, axis=(1, 2))

    def _conv(self, layer: str, x: tf.Tensor, strides: int = 1, padding: str = "SAME") -> tf.Tensor:
        kernel, offset = self._folded[layer]
        return tf.nn.relu(tf.nn.conv2d(x, kernel, strides, padding) + offset)

    def _chain(self, block: str, x: tf.Tensor, *layers: str) -> tf.Tensor:
        for layer in layers:
            x = self._conv(f"{block}.{layer}", x)
        return x

    def _a(self, block: str, x: tf.Tensor) -> tf.Tensor:
        branches = (
            self._chain(block, x, "branch1x1"),
            self._chain(block, x, "branch5x5_1", "branch5x5_2"),
            self._chain(block, x, "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
            self._chain(block, _average(x), "branch_pool"),
        )
        return tf.concat(branches, axis=-1)

    def _b(self, block: str, x: tf.Tensor) -> tf.Tensor:
        double = self._chain(block, x, "branch3x3dbl_1", "branch3x3dbl_2")
        branches = (
            self._conv(f"{block}.branch3x3", x, 2, "VALID"),
            self._conv(f"{block}.branch3x3dbl_3", double, 2, "VALID"),
            tf.nn.max_pool2d(x, 3, 2, "VALID"),
        )
        return tf.concat(branches, axis=-1)

    def _c(self, block: str, x: tf.Tensor) -> tf.Tensor:
        branches = (
            self._chain(block, x, "branch1x1"),
            self._chain(block, x, "branch7x7_1", "branch7x7_2", "branch7x7_3"),
            self._chain(block, x, *(f"branch7x7dbl_{number}" for number in range(1, 6))),
            self._chain(block, _average(x), "branch_pool"),
        )
        return tf.concat(branches, axis=-1)

    def _d(self, block: str, x: tf.Tensor) -> tf.Tensor:
        seven = self._chain(block, x, "branch7x7x3_1", "branch7x7x3_2", "branch7x7x3_3")
        branches = (
            self._conv(f"{block}.branch3x3_2", self._chain(block, x, "branch3x3_1"), 2, "VALID"),
            self._conv(f"{block}.branch7x7x3_4", seven, 2, "VALID"),
            tf.nn.max_pool2d(x, 3, 2, "VALID"),
        )
        return tf.concat(branches, axis=-1)

    def _e(self, block: str, x: tf.Tensor, pool) -> tf.Tensor:
        three = self._chain(block, x, "branch3x3_1")
        double = self._chain(block, x, "branch3x3dbl_1", "branch3x3dbl_2")
        branches = (
            self._chain(block, x, "branch1x1"),
            self._chain(block, three, "branch3x3_2a"),
            self._chain(block, three, "branch3x3_2b"),
            self._chain(block, double, "branch3x3dbl_3a"),
            self._chain(block, double, "branch3x3dbl_3b"),
            self._chain(block, pool(x), "branch_pool"),
        )
        return tf.concat(branches, axis=-1)


def _average(x: tf.Tensor) -> tf.Tensor:
    """3 x 3 means that leave the padding out, as TensorFlow's do."""
    return tf.nn.avg_pool2d(x, 3, 1, "SAME")
