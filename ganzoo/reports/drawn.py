"""What a page shows of an export: proposals before and after rejection, and the classes or modes of samples."""

from typing import NamedTuple

import numpy as np

from ganzoo.data.reals import Mixture, Reals
from ganzoo.data.sources.toys import MIXTURES
from ganzoo.errors import GanzooError
from ganzoo.evaluation.suites import suite_for
from ganzoo.reports import embedded
from ganzoo.serving.exported import Exported

PICTURES, POINTS = 64, 600  # proposals on the page
COUNTED = 2000  # samples of each sampler whose classes are counted
MOST_CLASSES = 30  # that are shown one by one


class Proposal(NamedTuple):
    """One proposal: its picture (empty of points), its place in percent (of points), its fate, and its label."""

    picture: str
    place: tuple[float, float] | None
    accepted: bool
    probability: float
    words: str  # the probability
    label: str


class Proposals(NamedTuple):
    """The first proposals of `drs` at a seed, in order, and where the modes of the data are (points alone)."""

    each: list[Proposal]
    seed: int
    centers: list[tuple[float, float]]

    @property
    def accepted(self) -> int:
        return sum(proposal.accepted for proposal in self.each)


class Share(NamedTuple):
    """The share of a class or mode in the samples of the generator and of rejection."""

    name: str
    before: float
    after: float


class Classes(NamedTuple):
    """What samples show.

    Attributes:
        noun: "class" or "mode".
        shares: of each.
        even: the share of each in an even mixture.
        found_before, found_after: how many have at least one sample.
        none_before, none_after: the shares of samples that show none.
        counted: samples of each sampler.
    """

    noun: str
    shares: list[Share]
    even: float
    found_before: int
    found_after: int
    none_before: float
    none_after: float
    counted: int

    @property
    def plural(self) -> str:
        return {"class": "classes", "mode": "modes"}[self.noun]

    @property
    def most(self) -> float:
        """The largest share, for the length of bars."""
        return max(max(share.before, share.after) for share in self.shares) or 1.0


def proposals(exported: Exported, dataset: str, *, seed: int) -> Proposals:
    """The first proposals of `drs`, each with the probability of its acceptance.

    Raises:
        GanzooError: for an export that cannot say why it rejects, or whose generator has diverged.
    """
    is_points = len(exported.specs("score")["samples"].shape) == 2
    count = min(POINTS if is_points else PICTURES, exported.max_explained)
    drawn = exported.explain(count, seed=seed)
    samples, probability = drawn["samples"], drawn["accept_probability"]
    if not np.isfinite(samples).all():
        raise GanzooError("the generator makes samples that are not finite: its training has diverged.")
    places, centers = [None] * count, []
    if is_points:
        mixture = MIXTURES[dataset]().centers if dataset in MIXTURES else samples[:0, :2]
        both = np.concatenate([samples[:, :2], mixture])
        centre, half = (both.max(0) + both.min(0)) / 2, 0.54 * np.ptp(both, axis=0).max() or 1.0
        placed = 50 + 50 * (both - centre) / half * [1, -1]
        places = [tuple(place) for place in placed[:count].round(2).tolist()]
        centers = [tuple(place) for place in placed[count:].round(2).tolist()]
    each = [
        Proposal(
            "" if is_points else embedded.sample(samples[row]),
            places[row],
            bool(drawn["accepted"][row]),
            float(probability[row]),
            percent(float(probability[row])),
            str(drawn["labels"][row]) if "labels" in drawn else "",
        )
        for row in range(count)
    ]
    return Proposals(each, seed, centers)


def classes(exported: Exported, dataset: str, *, seed: int) -> Classes | None:
    """The shares of classes or modes in samples before and after rejection; None where nobody can tell what they show.

    Raises:
        GanzooError: for samples that are not finite, and as `Exported.draw`.
    """
    shape = tuple(exported.specs("score")["samples"].shape[1:])
    mixture: Mixture | None = MIXTURES[dataset]() if dataset in MIXTURES else None
    nothing = Reals(dataset, np.zeros((1, *shape), np.float32), mixture=mixture)  # without labels nothing is trained
    recogniser = suite_for(nothing, nothing).recogniser
    if recogniser is None or recogniser.num_classes > MOST_CLASSES or "drs" not in exported.signatures:
        return None
    number, shares, none = recogniser.num_classes, [], []
    for sampler in ("generate", "drs"):
        samples = exported.draw(sampler, COUNTED, seed=seed)["samples"]
        if not np.isfinite(samples).all() or len(samples) == 0:
            raise GanzooError(f"{sampler} gives no finite samples whose classes could be counted.")
        counts = np.bincount(recogniser.classes(samples), minlength=number + 1) / len(samples)
        shares.append(counts[:number])
        none.append(float(counts[number:].sum()))
    names = [str(name) for name in range(number)]
    if mixture is not None:
        names = [f"({x:.3g}, {y:.3g})" for x, y in mixture.centers]
    return Classes(
        "class" if mixture is None else "mode",
        [Share(name, float(a), float(b)) for name, a, b in zip(names, *shares, strict=True)],
        1 / number,
        *(int((counts > 0).sum()) for counts in shares),
        *none,
        COUNTED,
    )


def percent(probability: float) -> str:
    r"""A probability as a person reads it, its sign on the same line.

    >>> percent(0.1234), percent(0.0012), percent(0.9999), percent(0.0)
    ('12\xa0%', '<1\xa0%', '100\xa0%', '0\xa0%')
    """
    if 0 < probability < 0.01:
        return "<1\u00a0%"
    return f"{100 * probability:.0f}\u00a0%"
