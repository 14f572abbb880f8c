"""Known two-dimensional distributions: two mixtures of Gaussians and a swiss roll.

The 25 Gaussians come from Ding et al. (the 25-Gaussian protocol: spacing 1, sigma .05). The 8 Gaussians and the swiss
roll come from `gan_toy.py` in improved_wgan_training, https://github.com/igul222/improved_wgan_training.
"""

import numpy as np

from ganzoo.data.reals import Mixture, Reals

SEED = 0  # the data are a fixed data set, whatever the run's seed
NUM_POINTS = 110_000  # 50,000 to train on, 50,000 for the ratio, 10,000 to test on


def sample(name: str) -> Reals:
    """110,000 points of "gaussians25", "gaussians8" or "swissroll": float32 [110000, 2], the same in every call."""
    if name == "swissroll":
        return Reals(name, _swissroll())
    mixture = MIXTURES[name]()
    rng = np.random.default_rng(SEED)
    labels = rng.integers(len(mixture.centers), size=NUM_POINTS)
    noise = mixture.sigma * rng.standard_normal((NUM_POINTS, 2), dtype=np.float32)
    return Reals(name, (mixture.centers[labels] + noise).astype(np.float32), labels, mixture)


def grid_of_25() -> Mixture:
    """The grid {-2..2}^2 at spacing 1, sigma .05."""
    ticks = np.arange(-2, 3, dtype=np.float32)
    return Mixture(np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(25, 2), 0.05)


def ring_of_8() -> Mixture:
    """Eight modes on a circle of radius 2, sigma .02, all divided by 1.414."""
    angles = np.arange(8) * np.pi / 4
    centers = 2 / 1.414 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return Mixture(centers.astype(np.float32), 0.02 / 1.414)


MIXTURES = {"gaussians25": grid_of_25, "gaussians8": ring_of_8}


def _swissroll() -> np.ndarray:
    from sklearn.datasets import make_swiss_roll

    roll, _ = make_swiss_roll(NUM_POINTS, noise=0.25, random_state=SEED)
    return (roll[:, [0, 2]] / 7.5).astype(np.float32)
