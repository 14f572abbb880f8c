"""Adaptive discriminator augmentation: what the discriminator sees is transformed at random, more so as it overfits.

Karras et al., "Training Generative Adversarial Networks with Limited Data", NeurIPS 2020,
https://arxiv.org/abs/2006.06676, section 3.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

from ganzoo.bases import transforms as random_transforms

INTERVAL = 4  # steps whose signs are averaged before the probability moves


class Augmentation(keras.layers.Layer):
    """The probability of the transforms, and how it adapts. Its variables are part of a checkpoint.

    Every `INTERVAL` steps the probability moves towards more transforms if the mean sign of the reals' logits, the
    paper's r_t, is above `target`, and towards fewer if it is below.

    Args:
        policy: "ada" adapts the probability, which starts at 0; "fixed" keeps `probability`.
        target: r_t at which the probability stays; .6 in the paper.
        images: reals shown to the discriminator in which the probability could go from 0 to 1; 500,000 in the paper.
        probability: the probability of policy "fixed", in [0, 1].
        transforms: names, some of `ganzoo.zoo.values.TRANSFORMS`.

    Raises:
        TypeError: for an option that there is not.
    """

    def __init__(self, *, policy: str, target: float, images: int, probability: float, transforms: Sequence[str]):
        super().__init__(name="augmentation", dtype="float32", trainable=False)
        self.is_adaptive = policy == "ada"
        self.target, self.images, self.fixed, self.transforms = target, images, probability, tuple(transforms)
        self.probability = self._number("probability", 0.0 if self.is_adaptive else probability)
        self.signs = self._number("signs", 0.0)  # the sum of r_t since the last move
        self.is_used = False  # set while a step is traced
        self.built = True

    @property
    def options(self) -> dict:
        """The arguments of the constructor."""
        policy = "ada" if self.is_adaptive else "fixed"
        options = dict(policy=policy, target=self.target, images=self.images, probability=self.fixed)
        return options | {"transforms": tuple(self.transforms)}

    def augment(self, pictures: tf.Tensor, seed: tf.Tensor, first_row: int | tf.Tensor) -> tf.Tensor:
        """Pictures float [batch, height, width, channels], transformed by the rows from `first_row` on of a stream."""
        return random_transforms.at_random(pictures, seed, first_row, self.probability, self.transforms)

    def adapt(self, sign: tf.Tensor, step: tf.Tensor, images: tf.Tensor) -> None:
        """Moves the probability after a step.

        Args:
            sign: r_t of the step, float32 []; the same on all replicas.
            step: the number of steps before this one.
            images: reals that all replicas showed the discriminator in the step, float32 [].
        """
        signs = self.signs + sign
        is_due = tf.equal((step + 1) % INTERVAL, 0)
        way = INTERVAL * images / self.images
        moved = self.probability + way * tf.sign(signs / INTERVAL - self.target)
        self.probability.assign(tf.where(is_due, tf.clip_by_value(moved, 0.0, 1.0), self.probability))
        self.signs.assign(tf.where(is_due, 0.0, signs))

    def _number(self, name: str, value: float) -> keras.Variable:
        return self.add_weight(name=name, shape=(), initializer=keras.initializers.Constant(value), trainable=False)
