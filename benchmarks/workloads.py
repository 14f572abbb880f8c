"""The works of the benchmark of training speed: W1 to W4, real data and recipes of the zoo at fixed sizes."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from ml_collections import ConfigDict


class Work(NamedTuple):
    """A training and its goals.

    Attributes:
        text: a description for the table.
        model, dataset: an entry of the zoo and its data set.
        images: (height, width, channels) of pictures, or (dimensions,) of points.
        bound_by: the operation that bounds the speed, "matmul" or "convolution"; the table has the share of its peak.
        goals: the least ratio of the contender's time of a step to ganzoo's, by (precision, contender). A contender in
            float32 alone is compared in float32.
        first_step: the least ratio of the example's time to the first step to ganzoo's.
        of_peak: the least share of the peak in float32, if there is a goal for it.
    """

    text: str
    model: str
    dataset: str
    images: tuple[int, ...]
    bound_by: str
    goals: dict[tuple[str, str], float]
    first_step: float
    of_peak: float | None = None


# What is compiled as a whole, and the faster way of eager PyTorch: ganzoo is to be ahead of each.
AHEAD = {("float32", "torch_detached"): 1.0} | {
    (precision, contender): 1.0
    for precision in ("float32", "mixed_bfloat16")
    for contender in ("torch_compile", "jax_nnx")
}


def _goals(float32: float, bfloat16: float, torch: float) -> dict[tuple[str, str], float]:
    return {
        ("float32", "keras_examples"): float32,
        ("mixed_bfloat16", "keras_examples"): bfloat16,
        ("float32", "torch_eager"): torch,
        **AHEAD,
    }


DIGIT = (28, 28, 1)
WORKS = {
    "W1": Work(
        "25 Gaussians, perceptrons of 3 x 512, WGAN-GP with 5 critic steps, batch 256",
        "wgan_gp", "gaussians25", (2,), "matmul", _goals(1.15, 1.5, 2.5), 2.0,
    ),
    "W2": Work(
        "digits of 28 x 28, convolutions, WGAN-GP with 5 critic steps, batch 64",
        "wgan_gp", "mnist_5k", DIGIT, "convolution", _goals(1.10, 1.25, 2.0), 2.0,
    ),
    "W3": Work(
        "digits of 28 x 28, DCGAN with batch norm in both networks, non-saturating 1:1, batch 64",
        "dcgan", "mnist_5k", DIGIT, "convolution", _goals(1.35, 1.45, 1.6), 2.0,
    ),
    "W4": Work(
        "digits enlarged to 64 x 64, CycleGAN of 6 blocks and width 32, batch 1",
        "cyclegan", "digits_mnist2uci", (64, 64, 1), "convolution", _goals(1.20, 1.25, 1.4), 4.0, 0.70,
    ),
}  # fmt: skip
# The sizes of the contenders' networks. `configured` gives ganzoo's the same sizes, and a test counts all weights.
LATENTS = {"W1": 2, "W2": 128, "W3": 100}
BATCH = {"W1": 256, "W2": 64, "W3": 64, "W4": 1}
N_CRITIC = 5
PENALTY = {"W1": 0.1, "W2": 10.0}


def configured(name: str) -> "ConfigDict":
    """The recipe of a work, at the work's sizes."""
    from ganzoo.zoo.recipes import load_config

    work = WORKS[name]
    config = load_config(work.model, work.dataset)
    config.batch_size = BATCH[name]
    if name in LATENTS:
        config.model.update(latent_dim=LATENTS[name], latent_categories=0)
    if name == "W1":
        config.networks.mlp.generator.width = config.networks.mlp.discriminator.width = 512
    if name == "W3":
        config.networks.dcgan.generator.base_resolution = 4
    if name == "W4":
        config.data.image_size = work.images[0]
        config.networks.cyclegan.generator.update(width=32, blocks=6)
        config.networks.cyclegan.discriminator.update(width=32, layers=3)
    return config


def write_reals(name: str, path: Path) -> None:
    """Writes the reals of a work to an .npz file, which every contender reads.

    The file has `reals`, or `a` and `b` for W4: points float32 [n, 2] or pictures uint8 [n, h, w, 1].
    """
    import numpy as np

    from ganzoo import tasks

    data = tasks.of(configured(name).task).load(configured(name))
    is_pair = WORKS[name].model == "cyclegan"
    arrays = dict(zip("ab", data.train, strict=True)) if is_pair else {"reals": data.train}
    np.savez(path, **{key: reals.samples for key, reals in arrays.items()})


def to_float(reals: "np.ndarray") -> "np.ndarray":
    """Points unchanged, pictures uint8 as float32 in [-1, 1]; as in the examples, all are converted beforehand."""
    return reals if reals.dtype.kind == "f" else (reals.astype("float32") - 127.5) / 127.5
