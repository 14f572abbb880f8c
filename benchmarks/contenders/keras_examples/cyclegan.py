"""CycleGAN after https://keras.io/examples/generative/cyclegan/: W4."""

import keras
import numpy as np
import tensorflow as tf

from benchmarks.contenders.keras_examples.cyclegan_networks import patch_discriminator, resnet_generator


def data(a: np.ndarray, b: np.ndarray, batch_size: int) -> dict:
    """Pairs made as in the example, but not flipped or cropped, as in ganzoo; the smaller domain ends an epoch."""

    def normalize(image):
        return tf.cast(image, tf.float32) / 127.5 - 1.0

    domains = [
        tf.data.Dataset.from_tensor_slices(pictures)
        .map(normalize, num_parallel_calls=tf.data.AUTOTUNE)
        .cache()
        .shuffle(256)
        .batch(batch_size)
        for pictures in (a, b)
    ]
    return dict(x=tf.data.Dataset.zip(tuple(domains)))


class CycleGan(keras.Model):
    """CycleGAN with one persistent tape over all four losses; the tape gives each network's gradients in turn."""

    def __init__(self, cycle_weight=10.0, identity_weight=0.5):
        super().__init__()
        self.to_b, self.to_a = resnet_generator(), resnet_generator()
        self.judge_a, self.judge_b = patch_discriminator(), patch_discriminator()
        self.cycle_weight, self.identity_weight = cycle_weight, identity_weight
        self.squares, self.distance = keras.losses.MeanSquaredError(), keras.losses.MeanAbsoluteError()

    def compile(self, optimizers):
        super().compile()
        self.optimizers = optimizers

    def generator_loss(self, judged, real, again, same):
        """The loss of the generator that makes pictures like `real`: adversarial, cycle and identity terms."""
        adversarial = self.squares(tf.ones_like(judged), judged)
        identity = self.distance(real, same) * self.cycle_weight * self.identity_weight
        return adversarial + self.distance(real, again) * self.cycle_weight + identity

    def discriminator_loss(self, on_real, on_fake):
        of_real = self.squares(tf.ones_like(on_real), on_real)
        return (of_real + self.squares(tf.zeros_like(on_fake), on_fake)) * 0.5

    def train_step(self, pair):
        a, b = pair
        with tf.GradientTape(persistent=True) as tape:
            fake_b, fake_a = self.to_b(a, training=True), self.to_a(b, training=True)
            again_a, again_b = self.to_a(fake_b, training=True), self.to_b(fake_a, training=True)
            same_a, same_b = self.to_a(a, training=True), self.to_b(b, training=True)
            on_a, on_fake_a = self.judge_a(a, training=True), self.judge_a(fake_a, training=True)
            on_b, on_fake_b = self.judge_b(b, training=True), self.judge_b(fake_b, training=True)
            losses = {
                "G_loss": self.generator_loss(on_fake_b, b, again_b, same_b),
                "F_loss": self.generator_loss(on_fake_a, a, again_a, same_a),
                "D_X_loss": self.discriminator_loss(on_a, on_fake_a),
                "D_Y_loss": self.discriminator_loss(on_b, on_fake_b),
            }

        networks = self.to_b, self.to_a, self.judge_a, self.judge_b
        weights = [network.trainable_variables for network in networks]
        slopes = [tape.gradient(loss, variables) for loss, variables in zip(losses.values(), weights, strict=True)]
        for optimizer, gradients, variables in zip(self.optimizers, slopes, weights, strict=True):
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return losses


def on_digits() -> CycleGan:
    """The compiled model of W4."""
    model = CycleGan()
    model.compile([keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(4)])
    return model
