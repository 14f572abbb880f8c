"""DINOv2 (Oquab et al. 2023, https://arxiv.org/abs/2304.07193) from a safetensors file as `transformers` lays it out.

A vision transformer on patches of 14 x 14 pixels. The features are the class token behind the last normalisation, as in
FD-DINOv2 (Stein et al. 2023, https://arxiv.org/abs/2306.04675). Pictures become 224 x 224 by bicubic interpolation with
antialiasing. Models with registers, and the giant one with its gated layers, are laid out otherwise and are refused.
"""

import re
from pathlib import Path

import numpy as np
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.evaluation.extractors import safetensors_file
from ganzoo.evaluation.extractors.network import Network, square

SIDE, PATCH, HEAD = 224, 14, 64
NAMES = {384: "dinov2_vits14_", 768: "dinov2_vitb14_", 1024: "dinov2_vitl14_"}  # by the width
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, on the scale 0 .. 1
_EPSILON = 1e-6


def of_safetensors(path: Path) -> Network:
    """A file such as `model.safetensors` of `facebook/dinov2-small`.

    Raises:
        GanzooError: for a width that no DINOv2 has.
        KeyError: if a weight is missing.
        ValueError: if the file is no safetensors file.
    """
    arrays = safetensors_file.read(path)
    weights = {name.removeprefix("dinov2."): tf.cast(array, tf.float32) for name, array in arrays.items()}
    width = int(weights["embeddings.cls_token"].shape[-1])
    if width not in NAMES:
        raise GanzooError(f"{path} is a DINOv2 of width {width}, expected {', '.join(map(str, NAMES))}.")
    network = _Transformer(weights, width)
    network.features(tf.zeros([1, SIDE, SIDE, 3]))  # what is missing is found now
    return Network(NAMES[width], width, network.features, square(SIDE), resize="bicubic", batch_size=16)


class _Transformer:
    """Weights by the names that `transformers.Dinov2Model` gives them."""

    def __init__(self, weights: dict[str, tf.Tensor], width: int):
        self._weights, self._width = weights, width
        self._layers = 1 + max(
            int(match[1]) for name in weights if (match := re.match(r"encoder\.layer\.(\d+)\.", name))
        )
        self._positions = _positions(weights["embeddings.position_embeddings"].numpy(), SIDE // PATCH)

    def features(self, pictures: tf.Tensor) -> tf.Tensor:
        """Pictures [n, 224, 224, 3] on the scale 0 .. 255 to [n, width]."""
        weights = self._weights
        x = (tf.round(pictures) / 255.0 - tf.constant(_MEAN)) / tf.constant(_DEVIATION)
        kernel = tf.transpose(weights["embeddings.patch_embeddings.projection.weight"], (2, 3, 1, 0))
        x = tf.nn.conv2d(x, kernel, PATCH, "VALID") + weights["embeddings.patch_embeddings.projection.bias"]
        x = tf.reshape(x, [-1, (SIDE // PATCH) ** 2, self._width])
        token = tf.repeat(weights["embeddings.cls_token"], tf.shape(x)[0], axis=0)
        x = tf.concat([token, x], axis=1) + self._positions
        for number in range(self._layers):
            layer = f"encoder.layer.{number}"
            x += weights[f"{layer}.layer_scale1.lambda1"] * self._attention(layer, self._norm(f"{layer}.norm1", x))
            inner = tf.nn.gelu(self._dense(f"{layer}.mlp.fc1", self._norm(f"{layer}.norm2", x)))
            x += weights[f"{layer}.layer_scale2.lambda1"] * self._dense(f"{layer}.mlp.fc2", inner)
        return self._norm("layernorm", x[:, 0])

    def _attention(self, layer: str, x: tf.Tensor) -> tf.Tensor:
        def heads(name: str) -> tf.Tensor:
            values = self._dense(f"{layer}.attention.attention.{name}", x)
            return tf.transpose(tf.reshape(values, [-1, x.shape[1], self._width // HEAD, HEAD]), (0, 2, 1, 3))

        scores = tf.matmul(heads("query"), heads("key"), transpose_b=True) / HEAD**0.5
        mixed = tf.transpose(tf.nn.softmax(scores) @ heads("value"), (0, 2, 1, 3))
        return self._dense(f"{layer}.attention.output.dense", tf.reshape(mixed, [-1, x.shape[1], self._width]))

    def _dense(self, name: str, x: tf.Tensor) -> tf.Tensor:
        return tf.matmul(x, self._weights[f"{name}.weight"], transpose_b=True) + self._weights[f"{name}.bias"]

    def _norm(self, name: str, x: tf.Tensor) -> tf.Tensor:
        mean, variance = tf.nn.moments(x, axes=-1, keepdims=True)
        scale, offset = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return tf.nn.batch_normalization(x, mean, variance, offset, scale, _EPSILON)


def _positions(embeddings: np.ndarray, side: int) -> tf.Tensor:
    """Position embeddings [1, 1 + k * k, width] for side x side patches, the class token's first."""
    token, patches = embeddings[:, :1], embeddings[:, 1:]
    k = round(patches.shape[1] ** 0.5)
    grid = patches.reshape(k, k, -1)
    matrix = _cubic(k, side)
    grid = np.einsum("ai,bj,ijc->abc", matrix, matrix, grid)
    return tf.constant(np.concatenate([token, grid.reshape(1, side * side, -1)], axis=1), tf.float32)


def _cubic(old: int, new: int) -> np.ndarray:
    """The matrix [new, old] of PyTorch's bicubic interpolation: its kernel has a = -.75, TensorFlow's -.5."""
    if old == new:
        return np.eye(old)
    a, matrix = -0.75, np.zeros((new, old))
    for row in range(new):
        place = (row + 0.5) * old / new - 0.5
        for column in range(int(np.floor(place)) - 1, int(np.floor(place)) + 3):
            x = abs(place - column)
            near = (a + 2) * x**3 - (a + 3) * x**2 + 1
            far = a * (x**3 - 5 * x**2 + 8 * x - 4)
            matrix[row, np.clip(column, 0, old - 1)] += near if x <= 1 else far
    return matrix
