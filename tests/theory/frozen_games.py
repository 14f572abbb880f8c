"""Games against a generator that does not move, whose density is therefore known."""

import keras
import tensorflow as tf

from ganzoo import noise
from ganzoo.bases.adversarial import AdversarialModel


def affine_generator(dim, *, mean=0.0, scale=1.0):
    """Latents N(0, I) to N(mean, scale^2 I)."""
    latents = keras.Input((dim,))
    affine = keras.layers.Dense(dim)
    model = keras.Model(latents, affine(latents), name="generator")
    affine.set_weights([scale * tf.eye(dim).numpy(), tf.fill([dim], float(mean)).numpy()])
    return model


def parallel_line(theta):
    """Latents N(0, 1) to points (theta, U) with U uniform in [0, 1): Example 1 of the WGAN paper."""
    latents = keras.Input((1,))
    uniform = 0.5 + 0.5 * keras.ops.erf(latents / 2**0.5)
    return keras.Model(latents, keras.ops.concatenate([theta + 0.0 * uniform, uniform], axis=1), name="generator")


def play(
    objective: type[AdversarialModel],
    generator: keras.Model,
    discriminator: keras.Model,
    reals,
    *,
    steps,
    rate,
    **options,
) -> AdversarialModel:
    """Trains the discriminator alone, by the objective's own train_step; the generator's learning rate is 0.

    Args:
        objective: the model's class.
        generator: frozen.
        discriminator: built.
        reals: (seed, rows) -> float32 [rows, ...], drawn afresh for every step.
        steps: of Adam, with a cosine schedule to 0.
        rate: its learning rate at the start.
        **options: of the objective.
    """
    model = objective(generator, discriminator, n_critic=1, ema_decay=0.0, **options)
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.Adam(schedule, 0.5, 0.9))

    def train_step(step):
        model.train_step(reals(noise.fold_in([model.seed, 99], step), 256))
        return step + 1

    tf.function(lambda: tf.while_loop(lambda step: step < steps, train_step, [0]), autograph=False)()
    return model


def logits(model: AdversarialModel, reals, rows=20_000):
    """Of fresh reals and of fresh fakes."""
    fresh_reals, fresh_fakes = reals([1, 1], rows), model.propose(tf.constant([2, 2]), 0, rows)
    return model.discriminator(fresh_reals), model.discriminator(fresh_fakes)
