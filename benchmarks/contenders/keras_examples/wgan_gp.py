"""WGAN-GP after https://keras.io/examples/generative/wgan_gp/ for W1 and W2; `published` has the example's networks."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from benchmarks import workloads
from benchmarks.contenders.keras_examples import networks
from benchmarks.contenders.keras_examples.descent import descend


def data(reals: np.ndarray, batch_size: int) -> dict:
    """One array of floats, from which `fit` takes shuffled batches; an epoch's last batch is smaller."""
    return dict(x=workloads.to_float(reals), batch_size=batch_size)


class WGAN(keras.Model):
    """The critic learns `critic_steps` times from one batch, with new fakes each time; then the generator learns."""

    def __init__(self, generator, critic, latent_dim, critic_steps, penalty_weight):
        super().__init__()
        self.generator, self.critic = generator, critic
        self.latent_dim, self.critic_steps, self.penalty_weight = latent_dim, critic_steps, penalty_weight

    def compile(self, generator_optimizer, critic_optimizer):
        super().compile()
        self.generator_optimizer, self.critic_optimizer = generator_optimizer, critic_optimizer

    def penalty(self, size, real, fake):
        """The penalty on the norm of the critic's gradient at a random point between each real and a fake."""
        alpha = tf.random.uniform([size] + [1] * (len(real.shape) - 1))
        between = real + alpha * (fake - real)
        with tf.GradientTape() as inner:
            inner.watch(between)
            scores = self.critic(between, training=True)
        squares = tf.square(inner.gradient(scores, between))
        norms = tf.sqrt(tf.reduce_sum(squares, axis=list(range(1, len(real.shape)))))
        return tf.reduce_mean(tf.square(norms - 1.0))

    def train_step(self, real):
        size = tf.shape(real)[0]
        for _ in range(self.critic_steps):
            latents = tf.random.normal((size, self.latent_dim))
            with tf.GradientTape() as tape:
                # The example makes its fakes under the critic's tape, which records them without need.
                fake = self.generator(latents, training=True)
                on_fake, on_real = self.critic(fake, training=True), self.critic(real, training=True)
                critic_loss = tf.reduce_mean(on_fake) - tf.reduce_mean(on_real)
                critic_loss += self.penalty_weight * self.penalty(size, real, fake)
            descend(tape, critic_loss, self.critic, self.critic_optimizer)

        latents = tf.random.normal((size, self.latent_dim))
        with tf.GradientTape() as tape:
            generator_loss = -tf.reduce_mean(self.critic(self.generator(latents, training=True), training=True))
        descend(tape, generator_loss, self.generator, self.generator_optimizer)
        return {"d_loss": critic_loss, "g_loss": generator_loss}


def compiled(generator: keras.Model, critic: keras.Model, latent_dim: int, critic_steps: int, weight: float) -> WGAN:
    """The model, compiled with the example's optimizers."""
    model = WGAN(generator, critic, latent_dim, critic_steps, weight)
    model.compile(*(keras.optimizers.Adam(2e-4, beta_1=0.5, beta_2=0.9) for _ in range(2)))
    return model


def on_points() -> WGAN:
    """The compiled model of W1: perceptrons of 3 x 512."""
    generator = keras.Sequential([keras.Input((workloads.LATENTS["W1"],))])
    critic = keras.Sequential([keras.Input((2,))])
    for _ in range(3):
        generator.add(layers.Dense(512, activation="relu"))
        critic.add(layers.Dense(512))
        critic.add(layers.LeakyReLU(0.2))
    generator.add(layers.Dense(2, dtype="float32"))
    critic.add(layers.Dense(1, dtype="float32"))
    return compiled(generator, critic, workloads.LATENTS["W1"], workloads.N_CRITIC, workloads.PENALTY["W1"])


def on_digits() -> WGAN:
    """The compiled model of W2."""
    both = networks.generator(workloads.LATENTS["W2"], 7, (128, 64, 1)), networks.discriminator(batch_norm=False)
    return compiled(*both, workloads.LATENTS["W2"], workloads.N_CRITIC, workloads.PENALTY["W2"])
