"""Spectral normalisation: layers that use W / sigma(W) in place of their kernel W.

Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", https://arxiv.org/abs/1802.05957,
equation 8 and Algorithm 1.

Keras's `SpectralNormalization` is not used. It assigns W / sigma to the kernel at each call in training, several times
per discriminator step, so that the optimizer does not change the paper's W. It also stops the gradient through sigma,
and under a mixed policy it rounds the float32 kernel to 16 bits (findings/keras_spectral_norm_rounds.sh). Here the
optimizer changes W, sigma is part of the graph, and a call assigns nothing: the model updates the estimate of the
singular vector by `power_iteration`.
"""

import keras
import tensorflow as tf

from ganzoo.networks.layers.reparametrised import Conv2DLayer, DenseLayer

EPSILON = 1e-12  # added under the roots, as in the authors' code: a kernel of zeros stays zero


def power_iteration(network: keras.Model) -> None:
    """Takes a step of power iteration in every spectral layer; Algorithm 1 has one in each discriminator step."""
    for layer in network.layers:
        if isinstance(layer, SpectralLayer):
            layer.power_iteration()
        elif isinstance(layer, keras.Model):
            power_iteration(layer)


def layer_classes(norm: str) -> tuple[type[keras.layers.Layer], type[keras.layers.Layer]]:
    """The convolution and the dense layer of a discriminator: spectrally normalised if `norm` is "spectral"."""
    if norm == "spectral":
        return SpectralConv2D, SpectralDense
    return keras.layers.Conv2D, keras.layers.Dense


class SpectralLayer(keras.layers.Layer):
    """A kernel, its largest singular value and a bias.

    The paper's W is the kernel as a matrix with one row per output channel, [out, in * height * width] for a
    convolution. Here the matrix is the transpose, [height * width * in, out], with the same singular values. u [out] is
    a saved weight that no optimizer changes. Kernel, u and sigma are float32 in any precision.

    Args:
        use_bias: whether to add a bias to the outputs.
        kernel_initializer: the initializer of W. Its scale cancels in the outputs, but changes how fast W turns.
    """

    def __init__(self, *, use_bias: bool = True, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def add_weights(self, kernel_shape: tuple[int, ...]) -> None:
        """Makes the kernel [..., out], u [out] and the bias [out]."""
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
            aggregation="only_first_replica",  # all replicas compute the same u
        )
        self.bias = self.add_weight(name="bias", shape=out, initializer="zeros") if self.use_bias else 0.0

    def power_iteration(self) -> None:
        """Moves u towards the left singular vector of W: v = W'u / |W'u|, then u = Wv / |Wv|."""
        kernel = self.matrix()
        v = tf.math.l2_normalize(tf.linalg.matvec(kernel, self.u), epsilon=EPSILON)
        self.u.assign(tf.math.l2_normalize(tf.linalg.matvec(kernel, v, transpose_a=True), epsilon=EPSILON))

    def sigma(self) -> tf.Tensor:
        """u'Wv with v = W'u / |W'u|, that is |W'u|, float32. It rises to the largest singular value within few steps.

        The derivative by W is u v', as in the paper: v maximises u'Wv for this u, so the change of v adds nothing.
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
    """A random unit vector, the start of power iteration."""
    return tf.math.l2_normalize(keras.random.normal(shape, dtype=dtype))
