"""Generators and discriminators, each family in a file of its own.

A family is a module with two functions, `generator(latent_dim, image_shape, **options)` and
`discriminator(image_shape, **options)`, which return built Keras models: latents [batch, latent_dim] to samples, and
samples to logits [batch].
"""

import importlib
from types import ModuleType


def family(name: str) -> ModuleType:
    """The module that builds both networks of a family, such as "dcgan"."""
    return importlib.import_module(f"ganzoo.networks.{name}")
