"""Models and reals whose density ratio is known in closed form; imported by its bare name."""

import keras
import numpy as np

import ganzoo
from ganzoo.models.wgan_gp import WassersteinGANGP
from ganzoo.networks import mlp

FIT = dict(steps=600, batch_size=256, learning_rate=2e-3, width=64, dropout=0.0)
OPTIONS = dict(
    estimator="refit",
    combined=("discriminator", "refit", "smoothed"),
    mismatched=0.0,
    stop_share=0.2,
    calibration_share=0.2,
    calibration="none",
    tempering=1.0,
    refit=FIT,
    smoothed=FIT | dict(noise=0.1, pool=1),
)


def short(**fit):
    """The options with another fit for both estimators."""
    return OPTIONS | dict(refit=FIT | fit, smoothed=OPTIONS["smoothed"] | fit)


def standard_normal_model(objective=WassersteinGANGP, **options):
    """A model whose fakes are N(0, I) in the plane: its generator is the identity."""
    keras.utils.set_random_seed(0)
    latents = keras.Input((2,))
    identity = keras.layers.Dense(2, kernel_initializer="identity", use_bias=False)
    generator = keras.Model(latents, identity(latents))
    options = options or dict(gradient_penalty_weight=10.0, one_sided=False)
    return objective(generator, mlp.discriminator((2,), width=8, depth=1), n_critic=1, ema_decay=0.0, **options)


def reals(rows, mean=(0.0, 0.0), scale=1.0, seed=1):
    return (np.array(mean) + scale * np.random.default_rng(seed).normal(size=(rows, 2))).astype(np.float32)


def picture_model(name="wgan_gp"):
    """16 x 16 pictures from an untrained multilayer perceptron."""
    keras.utils.set_random_seed(0)
    layers = dict(width=32, depth=2)
    return ganzoo.create(
        name, image_shape=(16, 16, 1), network="mlp", latent_dim=4, generator=layers, discriminator=layers
    )
