"""Generators of any family whose first latent chooses a category, so that their samples need not hang together.

A continuous generator of normal latents makes one connected set: between two kinds of samples there are always samples
of neither kind (Khayatkhoei et al., "Disconnected Manifold Learning for Generative Adversarial Networks", NeurIPS 2018,
https://arxiv.org/abs/1806.00880). A mixture of latents needs no such bridges (Gurumurthy et al., "DeLiGAN", CVPR 2017,
https://arxiv.org/abs/1706.02071).
"""

import keras
import numpy as np
import tensorflow as tf

from ganzoo import networks, noise
from ganzoo.errors import GanzooError

STDDEVS = {"normal": 1.0, "uniform": 3.0**-0.5}
SCALE = 4.0  # of the chosen category's number, in standard deviations of a latent: then it is as long as 16 latents


def generator(
    network: str,
    latent_dim: int,
    image_shape: tuple[int, ...],
    *,
    latent_categories: int = 0,
    distribution: str = "normal",
    **options,
) -> keras.Model:
    """A family's generator, latents float32 [batch, latent_dim] to samples float32 [batch, *image_shape].

    Args:
        network: the family's name.
        latent_dim: d of the latents.
        image_shape: of one sample.
        latent_categories: how many there are for the first latent to choose one of (`LatentCategory`); 0: none.
        distribution: of the latents, "normal" or "uniform" on [-1, 1].
        **options: of the family.

    Raises:
        GanzooError: if there are categories and no second latent.
    """
    if not latent_categories:
        return networks.family(network).generator(latent_dim, image_shape, **options)
    if latent_dim < 2:
        raise GanzooError(
            "with latent_categories the first latent chooses a category, and the others vary it: latent_dim must be at "
            f"least 2, not {latent_dim}. Give a larger config.model.latent_dim, or config.model.latent_categories=0."
        )
    latents = keras.Input((latent_dim,), name="latents")
    chosen = LatentCategory(latent_categories, distribution, dtype="float32", name="category")(latents)
    inner = networks.family(network).generator(latent_dim - 1 + latent_categories, image_shape, **options)
    return keras.Model(latents, inner(chosen), name="generator")


def count_in(generator: keras.Model) -> int:
    """The number of categories that a generator's first latent chooses one of; 0 if it chooses none."""
    layers = generator._flatten_layers(include_self=False)
    return next((layer.categories for layer in layers if isinstance(layer, LatentCategory)), 0)


@keras.saving.register_keras_serializable("ganzoo")
class LatentCategory(keras.layers.Layer):
    """Latents float32 [batch, d] to [batch, d - 1 + categories]: the first one chooses a category, by its quantile.

    All categories are equally frequent. The category follows the other latents as a one-hot vector times `SCALE`
    and the standard deviation of a latent.

    Args:
        categories: at least 2.
        distribution: of the first latent, "normal" or "uniform" on [-1, 1].
    """

    def __init__(self, categories: int, distribution: str = "normal", **kwargs):
        super().__init__(**kwargs)
        self.categories, self.distribution = categories, distribution
        inner = noise.category_bounds(categories, distribution)
        self.bounds = np.concatenate([[-np.inf], inner, [np.inf]]).astype(np.float32)

    def call(self, latents):
        first = latents[:, :1]
        is_chosen = tf.logical_and(first >= self.bounds[:-1], first < self.bounds[1:])
        return tf.concat(
            [latents[:, 1:], SCALE * STDDEVS[self.distribution] * tf.cast(is_chosen, latents.dtype)], axis=1
        )

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] - 1 + self.categories)

    def get_config(self) -> dict:
        return super().get_config() | {"categories": self.categories, "distribution": self.distribution}
