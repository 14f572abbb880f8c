"""A pool of past fakes for a discriminator, so that the discriminator does not only follow the last generator step."""

import keras
import tensorflow as tf

from ganzoo import noise
from ganzoo.errors import GanzooError


class FakePool(keras.layers.Layer):
    """Shrivastava et al. 2017, https://arxiv.org/abs/1612.07828, section 2.3, as in CycleGAN's authors' code.

    Until the pool is full, every fake enters the pool and is shown. Afterwards a fake is shown with probability 1/2. In
    the other case a random old fake is shown, and the new fake takes its place in the pool.

    The pictures and their number are weights, and therefore in every checkpoint.

    Args:
        size: the number of pictures in the pool; 0 always shows the new fakes.
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
            GanzooError: if `count` fakes do not fit into the pool.
        """
        if 0 < self.size < count:
            raise GanzooError(
                f"a batch of {count} fakes does not fit into a pool of {self.size} past ones. Give "
                f"--config.model.pool_size={count} or more, 0 for none, or smaller batches."
            )

    def exchange(self, fakes: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """The pictures to show in place of fakes, float32 [batch, ...]; the batch must not be larger than the pool.

        Args:
            fakes: float32 [batch, height, width, channels].
            seed: int32 [2], a new one in every step.

        Raises:
            GanzooError: if the batch is larger than the pool.
        """
        if self.size == 0:
            return tf.stop_gradient(fakes)
        self.check_batch(fakes.shape[0] or 0)
        count = tf.shape(fakes, out_type=tf.int64)[0]
        # Each fake draws a different slot, so that the order of writing does not matter.
        shuffled = tf.argsort(noise.uniform(noise.fold_in(seed, noise.Purpose.POOL_ORDER), self.size))[:count]
        is_full = self.filled >= self.size
        fresh = (self.filled + tf.range(count)) % self.size
        slots = tf.where(is_full, tf.cast(shuffled, tf.int64), fresh)
        shows_old = is_full & (noise.uniform(noise.fold_in(seed, noise.Purpose.POOL_CHOICES), tf.shape(fakes)[0]) < 0.5)
        enters = shows_old | ~is_full

        old = tf.gather(self.pictures, slots)
        chosen = tf.reshape(shows_old, [-1, 1, 1, 1])
        shown = tf.where(chosen, old, fakes)
        entering = tf.where(tf.reshape(enters, [-1, 1, 1, 1]), tf.stop_gradient(fakes), old)
        self.pictures.assign(tf.tensor_scatter_nd_update(self.pictures, slots[:, None], entering))
        self.filled.assign(tf.minimum(self.filled + count, self.size))
        return tf.stop_gradient(shown)
