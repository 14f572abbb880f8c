"""The streams of a training's random numbers as of commit 1e8b19c. Run as a script, it is `ganzoo.run` with them.

What was saved then, and trains on with the numbers of then, must reach the weights of then. This shows that the whole
state is loaded, although a training has other streams today.
"""

import runpy
from collections.abc import Callable

import tensorflow as tf

from ganzoo import noise
from ganzoo.bases.stepped import TwoOptimizerModel
from ganzoo.noise import Purpose

NUMBERS = {
    Purpose.LATENTS: 0,
    Purpose.UNIFORMS: 1,
    Purpose.POOL: 2,
    Purpose.POOL_ORDER: 0,
    Purpose.POOL_CHOICES: 1,
}


def fold_in(seed: tf.Tensor, *data: int | tf.Tensor) -> tf.Tensor:
    """A new seed of 32 random bits and the value."""
    seed = tf.convert_to_tensor(seed, tf.int32)
    for value in data:
        value = NUMBERS.get(value, value) if isinstance(value, Purpose) else value
        stream = tf.raw_ops.StatelessRandomGetKeyCounter(seed=seed)
        number = tf.raw_ops.StatelessRandomUniformFullIntV2(
            shape=(), key=stream.key, counter=stream.counter, alg=1, dtype=tf.int32
        )
        seed = tf.stack([number, tf.cast(value, tf.int32)])
    return seed


def step_seed(model: TwoOptimizerModel, purpose: Purpose, draw: int | tf.Tensor) -> tf.Tensor:
    return fold_in([model.seed, NUMBERS.get(purpose, purpose)], model.step, draw, 0)


def restore(setattr: Callable[[object, str, object], None]) -> None:
    """Puts the streams of then in the place of today's, by `setattr` or a function like it."""
    setattr(noise, "fold_in", fold_in)
    setattr(TwoOptimizerModel, "step_seed", step_seed)


if __name__ == "__main__":
    restore(setattr)
    runpy.run_module("ganzoo.run", run_name="__main__", alter_sys=True)
