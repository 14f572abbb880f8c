"""CycleGAN: W4."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import nnx

from benchmarks import workloads
from benchmarks.contenders.jax_nnx.cyclegan_networks import patch_discriminator, resnet_generator
from benchmarks.contenders.jax_nnx.data import scaled
from benchmarks.contenders.jax_nnx.descent import adam, descend


class Pool(nnx.Module):
    """A pool of 50 fakes. Once it is full, half of the new fakes replace an old fake, which is shown instead."""

    def __init__(self, size: int = 50):
        self.kept = nnx.Variable(jnp.zeros((size, *workloads.WORKS["W4"].images)))
        self.count = nnx.Variable(jnp.zeros((), jnp.int32))

    def exchange(self, fake: jax.Array, noise: nnx.Rngs) -> jax.Array:
        """The fake to show for one new fake [1, h, w, c]."""
        kept, count = self.kept[...], self.count[...]
        is_full = count == len(kept)
        is_swapped = is_full & jax.random.bernoulli(noise())
        index = jnp.where(is_full, jax.random.randint(noise(), (), 0, len(kept)), count)
        old = kept[index]
        self.kept[...] = kept.at[index].set(jnp.where(is_swapped | ~is_full, fake[0], old))
        self.count[...] = count + ~is_full
        return jnp.where(is_swapped, old, fake[0])[None]


def squares(scores: jax.Array, label: float) -> jax.Array:
    return jnp.mean((scores.astype(jnp.float32) - label) ** 2)


def distance(one: jax.Array, other: jax.Array) -> jax.Array:
    return jnp.abs(one.astype(jnp.float32) - other).mean()


def training(options: dict) -> tuple[Callable, tuple, tuple]:
    """One optimizer for both generators and one for each discriminator; a pool per domain gives the judged fakes."""
    generators = nnx.List([resnet_generator(**options) for _ in range(2)])
    judges = nnx.List([patch_discriminator(**options) for _ in range(2)])

    def step(generators, judges, of_generators, of_judges, pools, noise, a, b):
        a, b = scaled(a), scaled(b)

        def generator_loss(generators):
            to_b, to_a = generators
            identity = (distance(to_a(a), a) + distance(to_b(b), b)) / 2
            fake_b, fake_a = to_b(a), to_a(b)
            adversarial = (squares(judges[0](fake_a), 1.0) + squares(judges[1](fake_b), 1.0)) / 2
            cycle = (distance(to_a(fake_b), a) + distance(to_b(fake_a), b)) / 2
            return adversarial + 10.0 * cycle + 5.0 * identity, (fake_a, fake_b)

        loss, fakes = descend(generators, of_generators, generator_loss)
        losses = [loss]
        for judge, optimizer, pool, real, fake in zip(judges, of_judges, pools, (a, b), fakes, strict=True):
            shown = pool.exchange(fake.astype(jnp.float32), noise)

            def judged(judge, real=real, shown=shown):
                return (squares(judge(real), 1.0) + squares(judge(shown), 0.0)) / 2, None

            losses.append(descend(judge, optimizer, judged)[0])
        return losses

    optimizers = adam(generators), nnx.List([adam(judge) for judge in judges])
    return step, (generators, judges), (*optimizers, nnx.List([Pool(), Pool()]), nnx.Rngs(1))
