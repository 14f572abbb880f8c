"""WGAN-GP: W1 and W2. The critic learns from fakes that are detached from the generator."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import nnx

from benchmarks import workloads
from benchmarks.contenders.jax_nnx import networks
from benchmarks.contenders.jax_nnx.data import scaled
from benchmarks.contenders.jax_nnx.descent import adam, descend


def _perceptrons(latent_dim: int, options: dict) -> tuple[nnx.Module, nnx.Module]:
    critic = networks.perceptron(2, 1, networks.leaky_relu, **options)
    return networks.perceptron(latent_dim, 2, nnx.relu, **options), critic


def _convolutions(latent_dim: int, options: dict) -> tuple[nnx.Module, nnx.Module]:
    return networks.generator(latent_dim, 7, (128, 64, 1), **options), networks.discriminator(False, **options)


NETWORKS = {"W1": _perceptrons, "W2": _convolutions}


def penalty(critic: Callable, real: jax.Array, fake: jax.Array, alpha: jax.Array) -> jax.Array:
    """The penalty on the norm of the critic's gradient at the point alpha between each real and a fake."""
    slopes = jax.grad(lambda points: critic(points).astype(jnp.float32).sum())(alpha * real + (1 - alpha) * fake)
    norms = jnp.sqrt(jnp.square(slopes).sum(axis=tuple(range(1, slopes.ndim))))
    return jnp.mean((norms - 1) ** 2)


def training(work: str, options: dict) -> tuple[Callable, tuple, tuple]:
    """A step of the generator after `N_CRITIC` steps of the critic, each on its own batch.

    As in `torch_eager`, the generator reuses the latents of the last critic step.
    """
    generator, critic = NETWORKS[work](workloads.LATENTS[work], options)

    def step(generator, critic, of_generator, of_critic, noise, reals):
        def mean_score(critic, samples):
            return critic(samples).astype(jnp.float32).mean()

        for real in jnp.split(scaled(reals), workloads.N_CRITIC):
            latents = jax.random.normal(noise(), (len(real), workloads.LATENTS[work]))
            fake = generator(latents).astype(jnp.float32)
            alpha = jax.random.uniform(noise(), (len(real),) + (1,) * (real.ndim - 1))

            def critic_loss(critic, real=real, fake=fake, alpha=alpha):
                gap = mean_score(critic, fake) - mean_score(critic, real)
                return gap + workloads.PENALTY[work] * penalty(critic, real, fake, alpha), None

            of_last, _ = descend(critic, of_critic, critic_loss)
        of_fake, _ = descend(generator, of_generator, lambda generator: (-mean_score(critic, generator(latents)), None))
        return of_last, of_fake

    return step, (generator, critic), (adam(generator), adam(critic), nnx.Rngs(1))
