"""DCGAN after https://keras.io/examples/generative/dcgan_overriding_train_step/: W3.

Unlike the example's networks, these have batch norm, which learns only if a network is called with training=True.
"""

import keras
import numpy as np
import tensorflow as tf

from benchmarks import workloads
from benchmarks.contenders.keras_examples import networks
from benchmarks.contenders.keras_examples.descent import descend


def data(reals: np.ndarray, batch_size: int) -> dict:
    """The data as in the example; an epoch's last batch is smaller."""
    dataset = tf.data.Dataset.from_tensor_slices(workloads.to_float(reals))
    return dict(x=dataset.shuffle(buffer_size=1024).batch(batch_size).prefetch(32))


class GAN(keras.Model):
    """A step takes the discriminator on reals and fakes in one batch, then the generator on new latents."""

    def __init__(self, generator, discriminator, latent_dim):
        super().__init__()
        self.generator, self.discriminator, self.latent_dim = generator, discriminator, latent_dim
        self.means = {name: keras.metrics.Mean(name=name) for name in ("d_loss", "g_loss")}
        self.seeds = keras.random.SeedGenerator(1337)

    def compile(self, generator_optimizer, discriminator_optimizer, loss_fn):
        super().compile()
        self.generator_optimizer, self.discriminator_optimizer = generator_optimizer, discriminator_optimizer
        self.loss_fn = loss_fn

    @property
    def metrics(self):
        return list(self.means.values())

    def train_step(self, real):
        size = tf.shape(real)[0]
        fake = self.generator(keras.random.normal((size, self.latent_dim), seed=self.seeds))
        both = tf.concat([fake, real], axis=0)
        # The label of a fake is 1, of a real 0; all labels get some noise.
        labels = tf.concat([tf.ones((size, 1)), tf.zeros((size, 1))], axis=0)
        labels += 0.05 * tf.random.uniform(tf.shape(labels))
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(both, training=True))
        descend(tape, d_loss, self.discriminator, self.discriminator_optimizer)

        latents = keras.random.normal((size, self.latent_dim), seed=self.seeds)
        with tf.GradientTape() as tape:
            judged = self.discriminator(self.generator(latents, training=True), training=True)
            g_loss = self.loss_fn(tf.zeros((size, 1)), judged)
        descend(tape, g_loss, self.generator, self.generator_optimizer)

        for mean, loss in zip(self.metrics, (d_loss, g_loss), strict=True):
            mean.update_state(loss)
        return {name: mean.result() for name, mean in self.means.items()}


def on_digits() -> GAN:
    """The compiled model of W3."""
    discriminator = networks.discriminator(batch_norm=True, activation="sigmoid")
    model = GAN(
        networks.generator(workloads.LATENTS["W3"], 4, (256, 128, 64, 1)), discriminator, workloads.LATENTS["W3"]
    )
    model.compile(*(keras.optimizers.Adam(1e-4) for _ in range(2)), loss_fn=keras.losses.BinaryCrossentropy())
    return model
