"""Past fakes that a discriminator is shown from, so that it does not only follow the generator's last step."""

import keras
import tensorflow as tf

from ganzoo import noise
from ganzoo.errors import GanzooError


class FakePool(keras.layers.Layer):
    """Shrivastava et al. 2017, https://arxiv.org/abs/1612.07828, section 2.3, as in CycleGAN's authors' code.

    Until the pool is full, fakes go into it and are shown themselves. From then on each fake is shown with probability
    1/2; else an old one, drawn at random, is shown, and the new one takes its place.

    Its pictures and their number are weights, and so in every checkpoint.

    Args:
        size: pictures in it; 0 shows every fake itself.
        image_shape: (height, width, channels).
    """

    def __init__(self, size: int, image_shape: tuple[int, int, int], **kwargs):
        super().__init__(dtype="float32", trainable=False, **kwargs)
        frozen = dict(initializer="zeros", trainable=False)
        self.size = size
        self.pictures = self.add_weight(name="pictures", shape=(size, *image_shape), **frozen)
        self.filled = self.add_weight(name="filled", shape=(), dtype="int64", **frozen)
        self.built = True

    def check_batch(self, count: int) -> None:
        """
        Raises:
            GanzooError: if so many fakes do not fit into the pool.
        """
        if 0 < self.size < count:
            raise GanzooError(
                f"a batch of {count} fakes does not fit into a pool of {self.size} past ones. Give "
                f"--config.model.pool_size={count} or more, 0 for none, or smaller batches."
            )

    def exchange(self, fakes: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """What is shown in the place of fakes, float32 [batch, ...]; the batch is no larger than the pool.

        Args:
            fakes: float32 [batch, height, width, channels].
            seed: int32 [2], another in every step.

        Raises:
            GanzooError: if it is.
        """
        if self.size == 0:
            return tf.stop_gradient(fakes)
        self.check_batch(fakes.shape[0] or 0)
        rows = tf.shape(fakes, out_type=tf.int64)[0]
        # A slot is drawn for each fake, none twice, so that the order of writing does not matter.
        shuffled = tf.argsort(noise.uniform(noise.fold_in(seed, noise.Pool.ORDER), self.size))[:rows]
        is_full = self.filled >= self.size
        fresh = (self.filled + tf.range(rows)) % self.size
        slots = tf.where(is_full, tf.cast(shuffled, tf.int64), fresh)
        shows_old = is_full & (noise.uniform(noise.fold_in(seed, noise.Pool.CHOICES), tf.shape(fakes)[0]) < 0.5)
        enters = shows_old | ~is_full

        old = tf.gather(self.pictures, slots)
        chosen = tf.reshape(shows_old, [-1, 1, 1, 1])
        shown = tf.where(chosen, old, fakes)
        entering = tf.where(tf.reshape(enters, [-1, 1, 1, 1]), tf.stop_gradient(fakes), old)
        self.pictures.assign(tf.tensor_scatter_nd_update(self.pictures, slots[:, None], entering))
        self.filled.assign(tf.minimum(self.filled + rows, self.size))
        return tf.stop_gradient(shown)
