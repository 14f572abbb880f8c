"""Networks of any family that take labels: the label's embedding enters with the inputs or in the last layer."""

import keras
import tensorflow as tf

from ganzoo import networks
from ganzoo.errors import GanzooError, did_you_mean
from ganzoo.networks import categories
from ganzoo.networks.layers.basic import cut


def generator(
    network: str,
    latent_dim: int,
    image_shape: tuple[int, ...],
    *,
    num_classes: int,
    latent_categories: int = 0,
    **options,
) -> keras.Model:
    """[latents float32 [batch, latent_dim], labels int64 [batch]] to samples float32 [batch, *image_shape].

    The family's generator takes the latents, followed by an embedding of the label of the same length (Mirza and
    Osindero 2014, https://arxiv.org/abs/1411.1784, figure 1). `latent_categories` is as in `categories.generator`.
    """
    latents, labels = keras.Input((latent_dim,), name="latents"), keras.Input((), dtype="int64", name="labels")
    x = keras.layers.Concatenate()([latents, _embedding(num_classes, latent_dim)(labels)])
    inner = categories.generator(network, 2 * latent_dim, image_shape, latent_categories=latent_categories, **options)
    return keras.Model([latents, labels], inner(x), name="generator")


def concatenated(network: str, image_shape: tuple[int, ...], *, num_classes: int, **options) -> keras.Model:
    """[samples float32 [batch, *image_shape], labels int64 [batch]] to logits float32 [batch].

    The family's discriminator takes the samples with an embedding of the label joined along the last axis. The
    embedding is one more channel for pictures, and doubles the coordinates of points (Mirza and Osindero 2014,
    figure 1).
    """
    *sides, channels = image_shape
    extra = (*sides, 1) if sides else (channels,)
    samples, labels = keras.Input(image_shape, name="samples"), keras.Input((), dtype="int64", name="labels")
    embedded = _embedding(num_classes, tf.TensorShape(extra).num_elements())(labels)
    x = keras.layers.Concatenate()([samples, keras.layers.Reshape(extra)(embedded)])
    inner = networks.family(network).discriminator((*sides, channels + extra[-1]), **options)
    return keras.Model([samples, labels], inner(x), name="discriminator")


def projection(network: str, image_shape: tuple[int, ...], *, num_classes: int, **options) -> keras.Model:
    """[samples float32 [batch, *image_shape], labels int64 [batch]] to logits float32 [batch].

    The family's trunk with `Projection` as its last layer, where alone the label enters. The log ratio has this form if
    the classes are Gaussian in the features (Miyato and Koyama 2018, https://arxiv.org/abs/1802.05637, equation 3).
    """
    trunk, _ = cut(networks.family(network).discriminator(image_shape, **options))
    labels = keras.Input((), dtype="int64", name="labels")
    logits = Projection(num_classes)([trunk.output, labels])
    return keras.Model([trunk.input, labels], logits, name="discriminator")


DISCRIMINATORS = {"concatenated": concatenated, "projection": projection}


def discriminator(conditioning: str) -> "type[concatenated]":
    """The builder named "concatenated" or "projection".

    Raises:
        GanzooError: for any other name.
    """
    if conditioning not in DISCRIMINATORS:
        raise GanzooError(
            f"no conditioning '{conditioning}'.{did_you_mean(conditioning, DISCRIMINATORS)} "
            f"There are: {', '.join(DISCRIMINATORS)}."
        )
    return DISCRIMINATORS[conditioning]


@keras.saving.register_keras_serializable("ganzoo")
class Projection(keras.layers.Layer):
    """[features [batch, d], labels int64 [batch]] to logits float32 [batch]: (w + v_label) . features + b.

    The class vectors v begin at 0, so that at first the discriminator does not see the label.
    """

    def __init__(self, num_classes: int, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.num_classes = num_classes

    def build(self, input_shape):
        width = input_shape[0][-1]
        self.kernel = self.add_weight(name="kernel", shape=(1, width), initializer="glorot_uniform")
        self.classes = self.add_weight(name="classes", shape=(self.num_classes, width), initializer="zeros")
        self.bias = self.add_weight(name="bias", shape=(1,), initializer="zeros")

    def call(self, inputs):
        features, labels = inputs
        weights = tf.convert_to_tensor(self.kernel) + tf.gather(tf.convert_to_tensor(self.classes), labels)
        return tf.reduce_sum(weights * tf.cast(features, tf.float32), axis=1) + self.bias

    def compute_output_shape(self, input_shape):
        return input_shape[0][:1]

    def get_config(self) -> dict:
        return super().get_config() | {"num_classes": self.num_classes}


def _embedding(num_classes: int, width: int) -> keras.layers.Layer:
    """An embedding that starts with normal numbers, as large as the latents."""
    return keras.layers.Embedding(
        num_classes, width, embeddings_initializer=keras.initializers.RandomNormal(stddev=1.0)
    )
