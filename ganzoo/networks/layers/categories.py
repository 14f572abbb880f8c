"""A latent that chooses one of several categories, so that a generator's samples need not hang together.

A continuous generator of normal latents makes one connected set: between two kinds of samples there are always samples
of neither kind (Khayatkhoei et al., "Disconnected Manifold Learning for Generative Adversarial Networks", NeurIPS 2018,
https://arxiv.org/abs/1806.00880). A mixture of latents needs no such bridges (Gurumurthy et al., "DeLiGAN", CVPR 2017,
https://arxiv.org/abs/1706.02071).
"""

import keras
import numpy as np
import scipy.special
import tensorflow as tf

SCALE = 4.0  # of the chosen category's number: then it is as long as 16 normal latents


@keras.saving.register_keras_serializable("ganzoo")
class LatentCategory(keras.layers.Layer):
    """Latents float32 [batch, d] to [batch, d - 1 + categories]: the first one chooses a category, by its quantile.

    The first latent is standard normal, so that all categories are equally frequent. The category follows the other
    latents as a one-hot vector times `SCALE`.

    Args:
        categories: at least 2.
    """

    def __init__(self, categories: int, **kwargs):
        super().__init__(**kwargs)
        self.categories = categories
        inner = scipy.special.ndtri(np.arange(1, categories) / categories)
        self.bounds = np.concatenate([[-np.inf], inner, [np.inf]]).astype(np.float32)

    def call(self, latents):
        first = latents[:, :1]
        is_chosen = tf.logical_and(first >= self.bounds[:-1], first < self.bounds[1:])
        return tf.concat([latents[:, 1:], SCALE * tf.cast(is_chosen, latents.dtype)], axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] - 1 + self.categories)

    def get_config(self) -> dict:
        return super().get_config() | {"categories": self.categories}
