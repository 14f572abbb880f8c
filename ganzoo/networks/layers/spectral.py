"""Spectral normalisation: layers that use W / sigma(W) in place of their kernel W.

Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", https://arxiv.org/abs/1802.05957,
equation 8 and Algorithm 1.

Keras has a `SpectralNormalization`, which is not used: it assigns W / sigma to the kernel at each call in training, so
that the optimizer moves another matrix than the paper's, several times per discriminator step, and with the gradient
through sigma stopped. Here W is what the optimizer moves, sigma is part of the graph, and a call assigns nothing: the
model says by `power_iteration` when the estimate of the singular vector is to move.
"""

import keras
import tensorflow as tf

from ganzoo.networks.layers.reparametrised import Conv2DLayer, DenseLayer

EPSILON = 1e-12  # under the roots, as in the authors' code: a kernel of zeros stays one


def power_iteration(network: keras.Model) -> None:
    """One step of power iteration in every spectrally normalised layer; once per discriminator step in Algorithm 1."""
    for layer in network.layers:
        if isinstance(layer, SpectralLayer):
            layer.power_iteration()
        elif isinstance(layer, keras.Model):
            power_iteration(layer)


def layer_classes(norm: str) -> tuple[type[keras.layers.Layer], type[keras.layers.Layer]]:
    """The convolution and the dense layer of a discriminator: spectrally normalised where its `norm` is "spectral"."""
    if norm == "spectral":
        return SpectralConv2D, SpectralDense
    return keras.layers.Conv2D, keras.layers.Dense


class SpectralLayer(keras.layers.Layer):
    """A kernel, its largest singular value and a bias.

    The paper's W is the kernel as a matrix of one row per output channel, a convolution's [out, in * height * width];
    here it is laid out as its transpose, [height * width * in, out], which has the same singular values. u [out] is a
    weight that no optimizer moves, saved as any other. Kernel, u and sigma are float32 whatever the precision.

    Args:
        use_bias: whether to add one to the outputs.
        kernel_initializer: of W. Its scale cancels in the outputs, but not in how fast W turns.
    """

    def __init__(self, *, use_bias: bool = True, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def add_weights(self, kernel_shape: tuple[int, ...]) -> None:
        """The kernel [..., out], u [out] and the bias [out]."""
        out = kernel_shape[-1:]
        self.kernel = self.add_weight(
            name="kernel", shape=kernel_shape, initializer=self.kernel_initializer, dtype="float32", autocast=False
        )
        self.u = self.add_weight(
            name="u",
            shape=out,
            initializer=unit_vector,
            trainable=False,
            dtype="float32",
            autocast=False,
            aggregation="only_first_replica",  # all replicas compute the same
        )
        self.bias = self.add_weight(name="bias", shape=out, initializer="zeros") if self.use_bias else 0.0

    def power_iteration(self) -> None:
        """u moves to the left singular vector of W: v = W'u / |W'u|, then u = Wv / |Wv|."""
        kernel = self.matrix()
        v = tf.math.l2_normalize(tf.linalg.matvec(kernel, self.u), epsilon=EPSILON)
        self.u.assign(tf.math.l2_normalize(tf.linalg.matvec(kernel, v, transpose_a=True), epsilon=EPSILON))

    def sigma(self) -> tf.Tensor:
        """u'Wv with v = W'u / |W'u|, that is |W'u|: float32, at most the largest singular value and soon equal to it.

        Its derivative by W is u v', the paper's: v is the best for its u, so that its own change does not count.
        """
        u = tf.stop_gradient(tf.convert_to_tensor(self.u))
        return tf.sqrt(tf.reduce_sum(tf.square(tf.linalg.matvec(self.matrix(), u))) + EPSILON)

    def effective_kernel(self) -> tf.Tensor:
        """W / sigma(W), equation 8, in the precision of the layer's inputs."""
        return tf.cast(self.kernel / self.sigma(), self.compute_dtype)

    def matrix(self) -> tf.Tensor:
        return tf.reshape(self.kernel, [-1, self.kernel.shape[-1]])

    def get_config(self) -> dict:
        initializer = keras.initializers.serialize(self.kernel_initializer)
        return super().get_config() | {"use_bias": self.use_bias, "kernel_initializer": initializer}


@keras.saving.register_keras_serializable("ganzoo")
class SpectralDense(DenseLayer, SpectralLayer):
    """Inputs [batch, in] to outputs [batch, units] by W / sigma(W)."""


@keras.saving.register_keras_serializable("ganzoo")
class SpectralConv2D(Conv2DLayer, SpectralLayer):
    """Inputs [batch, height, width, in] to outputs [batch, ..., filters] by W / sigma(W)."""


def unit_vector(shape: tuple[int, ...], dtype: str) -> tf.Tensor:
    """A random direction: where power iteration begins."""
    return tf.math.l2_normalize(keras.random.normal(shape, dtype=dtype))
