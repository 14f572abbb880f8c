"""One step of every objective on one device and on two replicas with half of its rows each; run by `test_replicas`.

It prints {name: {what: the largest difference}} as JSON on its last line. Two logical CPU devices are the replicas, and
a process is to have them before TensorFlow is used for anything.
"""

import json
import sys

import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})  # three steps do not repay it

import keras  # noqa: E402
import numpy as np  # noqa: E402

import ganzoo  # noqa: E402
from ganzoo.data.pipeline import Share, batches, domain_pairs, labelled_domains  # noqa: E402
from ganzoo.models import wgan  # noqa: E402
from ganzoo.training import strategies  # noqa: E402
from tests.conftest import TINY, tiny_translator, toy_domains  # noqa: E402

BATCH = 8
STEPS = 3
# Growing networks whose groups are of one row: groups are formed within a replica, and so differ from those of one.
PROGRESSIVE = dict(
    network="progressive",
    generator=dict(width=4, max_width=8, base_resolution=8),
    discriminator=dict(width=4, max_width=8, base_resolution=8, group_size=1),
    stable_images=BATCH,
    fade_images=4 * BATCH,
)
BATCH_NORM = dict(
    generator=TINY["images"]["generator"], discriminator=TINY["images"]["discriminator"] | {"norm": "batch"}
)
# All that a step of stylegan2 may have; groups as above. Of three steps two have both regularisers.
STYLE = TINY["stylegan2"] | dict(style_mixing=0.5, r1_interval=2, path_length_interval=2)
STYLE["discriminator"] = STYLE["discriminator"] | {"group_size": 1}
# Objective: shape, what it differs in from its recipe. Points wherever an objective does the same on pictures.
CASES = {
    "cgan": ((2,), TINY["points"] | {"num_classes": 3, "conditioning": "concatenated"}),
    "cyclegan": ((16, 16, 1), {"pool_size": 10}),
    "cut": ((16, 16, 1), {}),
    "dcgan": ((16, 16, 1), BATCH_NORM),
    "dragan": ((2,), TINY["points"]),
    "gan": ((2,), TINY["points"]),
    "infogan": ((2,), TINY["points"]),
    "lsgan": ((2,), TINY["points"]),
    "pggan": ((16, 16, 1), PROGRESSIVE),
    "pix2pix": ((16, 16, 1), {}),
    "r3gan": ((2,), TINY["points"]),
    "sngan": ((2,), TINY["points"] | {"network": "spectral_mlp"}),
    "stargan": ((16, 16, 1), {"n_critic": 1}),
    "stylegan2": ((16, 16, 1), STYLE),
    "wgan": ((2,), TINY["points"] | {"extra_critic_steps": True, "n_critic": 1}),
    "wgan_gp": ((2,), TINY["points"] | {"n_critic": 2}),
}
wgan.EXTRA_CRITIC_STEPS = 2  # so that of three steps the generator takes the second alone


TRANSLATORS = ("cyclegan", "cut", "pix2pix", "stargan")


def build(name):
    """A compiled model whose optimizers show what the gradients were: Adam's first steps are of their signs alone."""
    shape, overrides = CASES[name]
    keras.utils.set_random_seed(0)
    if name in TRANSLATORS:
        model = tiny_translator(name, shape, **overrides)
    else:
        model = ganzoo.create(name, image_shape=shape, **{"latent_dim": 3} | overrides)
    rate = 2e-4 if name in TRANSLATORS else 0.02  # what diverges multiplies rounding errors too
    model.compile(keras.optimizers.SGD(rate, momentum=0.5), keras.optimizers.SGD(rate, momentum=0.5))
    return model


def data(name, model):
    """A share of the steps' elements, as in a run."""
    shape, _ = CASES[name]
    where = dict(seed=1, steps=STEPS, draws=model.n_critic)
    cut = dict(image_size=16, flip=True)
    if name in ("cyclegan", "cut", "pix2pix"):
        return lambda share: domain_pairs(toy_domains(paired=name == "pix2pix"), BATCH, **where, **cut, share=share)
    if name == "stargan":
        return lambda share: labelled_domains(toy_domains(count=3), BATCH, **where, **cut, share=share)
    rng = np.random.default_rng(0)
    reals = rng.normal(size=(64, 2)) if len(shape) == 1 else rng.integers(0, 256, (64, *shape))
    reals = reals.astype(np.float32 if len(shape) == 1 else np.uint8)
    labels = np.arange(64) % 3 if name == "cgan" else None
    return lambda share: batches(reals, BATCH, **where, labels=labels, share=share)


def largest_difference(one, other):
    """Relative to 1 or to the largest number of the array."""
    scales = [1 + np.abs(a).max(initial=0) for a in one]
    differences = [np.abs(np.subtract(a, b, dtype=np.float64)).max(initial=0) for a, b in zip(one, other, strict=True)]
    return float(max(np.divide(differences, scales)))


strategy = strategies.resolve("mirrored")
assert strategy.num_replicas_in_sync == 2
found = {}
for name in sys.argv[1:] or CASES:
    alone, begun = build(name), build(name)
    alone.run_eagerly = True  # three steps do not repay tracing
    before = [v.numpy() for v in alone.trainable_variables]
    replicated = strategies.Replicated(begun, strategy)
    replicated.push()
    elements = data(name, alone)
    logs = alone.fit(elements(Share()), shuffle=False, verbose=0).history
    shared = replicated.model.fit(
        replicated.distribute(elements), steps_per_epoch=STEPS, shuffle=False, verbose=0
    ).history
    replicated.pull()
    both = [[v.numpy() for v in strategies.state(model)] for model in (alone, begun)]
    worst = [(largest_difference([a], [b]), v.path) for v, a, b in zip(strategies.state(alone), *both, strict=True)]
    found[name] = {
        "moved": largest_difference(before, [v.numpy() for v in alone.trainable_variables]),
        "state": max(worst),
        "logs": max(abs(logs[key][0] - shared[key][0]) / (1 + abs(logs[key][0])) for key in logs),
        "steps": [alone.steps_taken, begun.steps_taken],
    }
    copies = [strategy.experimental_local_results(v.value) for v in replicated.model.trainable_variables]
    found[name]["between replicas"] = largest_difference(*zip(*copies, strict=True))
print(json.dumps(found))
