"""Paths between an export's own samples: the latents behind samples of a seed, and what lies between them.

A walk goes through samples that a signature such as `drs` returns, in a loop. Between two of them the latents move on a
great circle (White 2016, "Sampling Generative Networks", https://arxiv.org/abs/1609.04468): a straight line would pass
latents that are shorter than almost all that the generator has seen.

**A walk never leaves a category.** Where the first latent chooses a category (`config.model.latent_categories`), where
latents are a one-hot code (`infogan`) and where a sample has a label (`cgan`), nothing lies between two categories: the
generator was never trained there, or the picture would jump in the middle, and a cross-fade would show pictures that
the generator does not make. So all samples of a walk have one category, and a walk over several labels is several
walks.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from ganzoo import noise, seeds
from ganzoo.errors import GanzooError
from ganzoo.export import inputs as table
from ganzoo.serving.exported import Exported

LAW_ROWS = 256  # latents that show which of them are normal: the chance of a mistake is below 1e-42
SAME = 0.05  # the largest difference of two samples from the same latents, in batches of other sizes and in bfloat16
LEAST_SINE = 1e-6  # below which a great circle through two directions is not determined


class LatentLaw(NamedTuple):
    """The distribution of an export's latents.

    Attributes:
        is_uniform: bool [d], which latents are uniform on [-1, 1].
        is_code: bool [d], which latents are a one-hot category.
        categories: how many there are for the first latent to choose one of; 0: none.
    """

    is_uniform: np.ndarray
    is_code: np.ndarray
    categories: int

    def category(self, latents: np.ndarray) -> np.ndarray:
        """The category of each row of latents [n, d], int64 [n]; all 0 where there are no categories."""
        if self.is_code.any():
            return latents[:, self.is_code].argmax(axis=1)
        if self.categories:
            bounds = noise.category_bounds(self.categories, "uniform" if self.is_uniform[0] else "normal")
            return np.searchsorted(bounds, latents[:, 0], side="right")
        return np.zeros(len(latents), np.int64)

    def between(self, one: np.ndarray, other: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Latents on the way between two rows of the same category, float32 [n, d].

        Normal latents move by `slerp`. Uniform latents move by their normal scores, so that they stay uniform. A code
        stays as it is; a first latent that chooses a category moves on a straight line, which stays in its interval.

        Args:
            one: float32 [d].
            other: float32 [d].
            at: [n] in [0, 1]; 0 is `one`.
        """
        held = self.is_code.copy()
        held[0] |= self.categories > 0
        one, other, at = np.float64(one), np.float64(other), np.float64(at)[:, None]
        path = (1.0 - at) * one + at * other
        path[:, ~held] = slerp(self._scores(one)[~held], self._scores(other)[~held], at)
        uniform = self.is_uniform & ~held
        path[:, uniform] = 2.0 * ndtr(path[:, uniform]) - 1.0
        return path.astype(np.float32)

    def _scores(self, latents: np.ndarray) -> np.ndarray:
        edge = 1e-7  # a uniform latent of exactly 1 has no finite score
        return np.where(self.is_uniform, ndtri(np.clip((latents + 1.0) / 2.0, edge, 1.0 - edge)), latents)


class Keys(NamedTuple):
    """The samples that walks go through.

    Attributes:
        samples: float32 [walks, count, ...], bit for bit as the signature returns them.
        latents: float32 [walks, count, d].
        labels: int64 [walks], or None for a model without classes.
        rows: int64 [walks, count], the samples' places among the first `num_samples` of the seed.
        num_samples: the number of samples in the request.
    """

    samples: np.ndarray
    latents: np.ndarray
    labels: np.ndarray | None
    rows: np.ndarray
    num_samples: int


def slerp(one: np.ndarray, other: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Spherical linear interpolation, [n, d]: directions move on a great circle at constant speed.

    Args:
        one: [d].
        other: [d].
        at: [n, 1] in [0, 1]; 0 is `one`.

    >>> slerp(np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([[0.0], [0.5], [1.0]])).round(3)
    array([[1.   , 0.   ],
           [0.707, 0.707],
           [0.   , 1.   ]])
    """
    lengths = np.linalg.norm(one) * np.linalg.norm(other)
    cosine = np.clip(one @ other / lengths, -1.0, 1.0) if lengths else 1.0
    angle = np.arccos(cosine)
    if np.sin(angle) < LEAST_SINE:  # equal directions, or opposite ones, which many great circles join
        return (1.0 - at) * one + at * other
    return (np.sin((1.0 - at) * angle) * one + np.sin(at * angle) * other) / np.sin(angle)


def latent_law(exported: Exported) -> LatentLaw:
    """The distribution of an export's latents, as the export's own first latents show it.

    Raises:
        GanzooError: for an export that does not give the latents of its samples.
    """
    if "propose_inputs" not in exported.signatures:
        reason = "an older ganzoo's" if "propose" in exported.signatures else "exported without a density ratio"
        raise GanzooError(
            f"{exported.path} is {reason}, and does not give the latents of its samples (signature propose_inputs). "
            "Export the run again: python -m ganzoo.reexport --workdir RUN --out DIR. In a notebook, give "
            "model.export the held-out reals."
        )
    rows = exported.call("propose_inputs", {"num_samples": min(LAW_ROWS, exported.max_explained), "seed": (0, 0)})
    return law_of(rows["latents"], _categories(exported.config))


def law_of(latents: np.ndarray, categories: int) -> LatentLaw:
    """The distribution that rows of latents [n, d] show; some tens of rows tell uniform latents from normal ones."""
    is_code = np.isin(latents, (0.0, 1.0)).all(axis=0)
    return LatentLaw((np.abs(latents) <= 1.0).all(axis=0) & ~is_code, is_code, categories)


def _categories(config: Mapping) -> int:
    """How many categories the first latent chooses one of; exports of before say so in their run's config alone."""
    of_run = config.get("config", {}).get("model", {}).get("latent_categories", 0)
    return config.get("latent_categories", of_run)


def keys(
    exported: Exported, law: LatentLaw, signature: str, count: int, *, seed: int, labels: np.ndarray | None, **options
) -> Keys:
    """The first `count` samples of one category that a signature returns for a seed, with their latents.

    The category is the first sample's. For a model with classes this holds within each label.

    Args:
        exported: the export.
        law: of its latents.
        signature: generate, drs or obrs.
        count: the number of samples of a walk.
        seed: any whole number.
        labels: the classes of a conditional model's walks, one walk for each; None is all classes.
        **options: the signature's other inputs.

    Raises:
        GanzooError: for a signature whose samples are not among the seed's proposals (`mh`), for a category with too
            few samples, and as in `Exported.draw`.
    """
    if signature == "mh":
        raise GanzooError(
            "the latents of samples by 'mh' are not among the seed's proposals: walk through samples of generate, drs "
            "or obrs."
        )
    if exported.is_conditional:
        labels = np.array(table.classes(exported.config) if labels is None else list(dict.fromkeys(labels.tolist())))
    walks = 1 if labels is None else len(labels)
    categories = max(law.categories, int(law.is_code.sum()), 1)
    limit = exported.config["sampling"].get("max_samples", 10_000)
    if count * walks > limit:
        raise GanzooError(f"{count} samples for each of {walks} walks are more than a request allows: {limit}.")
    num_samples = min(count * walks * (2 * categories if categories > 1 else 1), limit)
    while True:
        draws = exported.draw(signature, num_samples, seed=seed, labels=labels, **options)
        if "samples" not in draws:
            raise GanzooError(f"signature '{signature}' returns {', '.join(sorted(draws))}; walk by drs instead.")
        if len(draws["samples"]) < num_samples:
            raise GanzooError(
                f"the bound on proposals ran out before {num_samples} were accepted; try a lower --gamma_percentile."
            )
        latents = _latents_of(exported, signature, draws, limit, seed, labels)
        found = [_of_first_category(law.category(latents[walk::walks]), count) for walk in range(walks)]
        if all(len(places) == count for places in found):
            break
        if num_samples == limit:
            few = min(map(len, found))
            raise GanzooError(
                f"a walk keeps the category of its first sample, and {few} of {limit} samples have it: {count} are "
                "needed. Give another --seed, or fewer by --walk."
            )
        num_samples = min(2 * num_samples, limit)
    rows = np.stack([places * walks + walk for walk, places in enumerate(found)])
    return Keys(draws["samples"][rows], latents[rows], labels, rows, num_samples)


def _of_first_category(categories: np.ndarray, count: int) -> np.ndarray:
    """The places of the first `count` rows that have the first row's category."""
    return np.flatnonzero(categories == categories[0])[:count]


def _latents_of(
    exported: Exported, signature: str, draws: Mapping, limit: int, seed: int, labels: np.ndarray | None
) -> np.ndarray:
    """The latents of each drawn sample, float32 [n, d]: the row of the seed's proposals that makes this sample."""
    samples = draws["samples"]
    proposed = int(draws.get("num_proposed", len(samples)))
    if proposed > limit:
        raise GanzooError(
            f"{signature} made {proposed} proposals, and this export gives the latents of {limit}: give a lower "
            "--gamma_percentile, or fewer samples by --walk."
        )
    latents = exported.call("propose_inputs", {"num_samples": proposed, "seed": seeds.words(seed)})["latents"]
    found = np.empty((len(samples), latents.shape[1]), np.float32)
    walks = 1 if labels is None else len(labels)
    for walk in range(walks):
        own = {} if labels is None else {"labels": np.full(proposed, labels[walk])}
        made = exported.in_batches("serving_default", latents=latents, **own)["samples"].reshape(proposed, -1)
        drawn = samples[walk::walks].reshape(-1, made.shape[1])
        nearest = (np.square(made).sum(axis=1) - 2.0 * drawn @ made.T).argmin(axis=1)
        if np.abs(made[nearest] - drawn).max() > SAME:
            raise GanzooError(
                f"the latents of a sample by '{signature}' are not among the seed's proposals: walk through samples of "
                "generate, drs or obrs."
            )
        found[walk::walks] = latents[nearest]
    return found


def loop(exported: Exported, law: LatentLaw, through: Keys, frames: int, rows: int = 64) -> Iterator[np.ndarray]:
    """The frames of walks that return to their first samples, each float32 [walks, ...].

    Sample i of each walk is frame i * frames // count, as it was drawn. Between two samples are equally many frames, or
    one more.

    Args:
        exported: the export.
        law: of its latents.
        through: the samples of the walks.
        frames: at least as many as each walk has samples.
        rows: frames in a request, about.

    Raises:
        GanzooError: for fewer frames than samples.
    """
    walks, count = through.rows.shape
    if frames < count:
        raise GanzooError(f"{frames} frames cannot show {count} samples: give at least {count} by --frames.")
    starts = [number * frames // count for number in range(count + 1)]
    for number, (first, last) in enumerate(itertools.pairwise(starts)):
        at = np.arange(last - first) / (last - first)
        paths = np.stack(
            [law.between(of[number], of[(number + 1) % count], at) for of in through.latents], axis=1
        )  # [frames, walks, d]
        for begin in range(0, len(at), max(rows // walks, 1)):
            part = paths[begin : begin + max(rows // walks, 1)]
            samples = _samples(exported, part, through.labels)
            if begin == 0:
                samples[0] = through.samples[:, number]
            yield from samples


def plane(exported: Exported, law: LatentLaw, through: Keys, row_count: int, column_count: int) -> np.ndarray:
    """Samples float32 [row_count, column_count, ...] between four, which are its corners as they were drawn.

    The left and the right side are paths between two corners each; a row is the path between its two ends.

    Args:
        exported: the export.
        law: of its latents.
        through: one walk through four samples: top left, top right, bottom left, bottom right.
        row_count: at least 2.
        column_count: at least 2.
    """
    corners = through.latents[0]
    down, across = np.linspace(0, 1, row_count), np.linspace(0, 1, column_count)
    left, right = law.between(corners[0], corners[2], down), law.between(corners[1], corners[3], down)
    latents = np.stack([law.between(one, other, across) for one, other in zip(left, right, strict=True)])
    samples = _samples(exported, latents.reshape(-1, 1, latents.shape[-1]), through.labels)
    samples = samples.reshape(row_count, column_count, *through.samples.shape[2:])
    samples[[0, 0, -1, -1], [0, -1, 0, -1]] = through.samples[0]
    return samples


def _samples(exported: Exported, latents: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    """Latents [n, walks, d] to samples float32 [n, walks, ...]."""
    own = {} if labels is None else {"labels": np.tile(labels, len(latents))}
    flat = latents.reshape(-1, latents.shape[-1])
    samples = exported.in_batches("serving_default", latents=flat, **own)["samples"]
    return samples.reshape(*latents.shape[:2], *samples.shape[1:])
