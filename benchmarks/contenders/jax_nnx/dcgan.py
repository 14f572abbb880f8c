"""DCGAN: W3."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from benchmarks import workloads
from benchmarks.contenders.jax_nnx import networks
from benchmarks.contenders.jax_nnx.data import scaled
from benchmarks.contenders.jax_nnx.descent import adam, descend


def training(options: dict) -> tuple[Callable, tuple, tuple]:
    """A step trains the generator first; the discriminator then judges the same fakes once more."""
    generator = networks.generator(workloads.LATENTS["W3"], 4, (256, 128, 64, 1), **options)
    discriminator = networks.discriminator(True, **options)

    def cross_entropy(logits, label):
        return optax.sigmoid_binary_cross_entropy(logits.astype(jnp.float32), label).mean()

    def step(generator, discriminator, of_generator, of_discriminator, noise, reals):
        real = scaled(reals)
        latents = jax.random.normal(noise(), (len(real), workloads.LATENTS["W3"]))

        def generator_loss(both):
            fake = both[0](latents)
            return cross_entropy(both[1](fake), 1.0), fake

        # The discriminator is an argument because its batch norm changes; its unused gradients are not computed.
        (loss, fake), (gradients, _) = nnx.value_and_grad(generator_loss, has_aux=True)((generator, discriminator))
        of_generator.update(generator, gradients)

        def discriminator_loss(discriminator):
            of_real, of_fake = cross_entropy(discriminator(real), 1.0), cross_entropy(discriminator(fake), 0.0)
            return (of_real + of_fake) / 2, None

        of_both, _ = descend(discriminator, of_discriminator, discriminator_loss)
        return loss, of_both

    return step, (generator, discriminator), (adam(generator), adam(discriminator), nnx.Rngs(1))
