"""Framed pictures from the sources of domains (embedded digits, folders, TFDS), which may still have to be split."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from ganzoo.data import framing
from ganzoo.data.parts import a_fifth, by_first_row, deal, equal_samples
from ganzoo.data.reals import Reals
from ganzoo.errors import GanzooError

LARGEST, USUAL = 512, 128  # pixels a side


@dataclass(frozen=True)
class Frame:
    """The pictures' test size (`image_size`), training size (`load_size`) and channels; 0 takes the pictures' own."""

    image_size: int
    load_size: int
    channels: int

    def settled(self, sizes: Iterable[tuple[int, int]]) -> "Frame":
        """The frame with both sizes; a missing size follows from the (width, height) of all pictures.

        Raises:
            GanzooError: if load_size is smaller than image_size.
        """
        image_size = self.image_size or framing.own_size(sizes, LARGEST, USUAL)
        if self.load_size and self.load_size < image_size:
            raise GanzooError(
                f"load_size is {self.load_size}, but squares of image_size {image_size} are to be cut from pictures "
                f"of that size. Give {image_size} or more, or 0 for no random crops."
            )
        return replace(self, image_size=image_size, load_size=self.load_size or image_size)


@dataclass(frozen=True, eq=False)
class Unsplit:
    """Domains, with test pictures if the source has a test part.

    Attributes:
        names: the domains' names.
        train: each domain's pictures, at `frame.load_size`.
        test: each domain's test pictures, at `frame.image_size`; None if `train` must still be split.
        frame: the settled frame.
        paired: whether the domains' rows belong together.
    """

    names: tuple[str, ...]
    train: Sequence[Reals]
    test: Sequence[Reals] | None
    frame: Frame
    paired: bool


def classes(train: Reals, test: Reals | None, names: Sequence[str] | None, frame: Frame) -> Unsplit:
    """The classes of a labelled set as domains without labels. A class without pictures is left out.

    Args:
        train: pictures with labels.
        test: likewise, or None.
        names: the classes' names by label; None names classes by number.
        frame: the settled frame of train and test.
    """
    present = np.unique(train.labels)

    def by_class(reals: Reals) -> list[Reals]:
        return [replace(reals.take(np.flatnonzero(reals.labels == label)), labels=None) for label in present]

    aside = None if test is None else by_class(test)
    domains = tuple(names[label] if names else str(label) for label in present)
    return Unsplit(domains, by_class(train), aside, frame, paired=False)


def with_test(domains: Unsplit) -> Unsplit:
    """Sets aside 20 % of each domain, at most 10,000 pictures, unless the source has a test part.

    Equal pictures (byte by byte) of a domain stay on one side of the split, and so do pairs that share a picture.
    """
    if domains.test is not None:
        return domains
    numbers = [equal_samples(domain.samples) for domain in domains.train]
    if domains.paired:
        numbers = [_linked(numbers)] * len(numbers)

    parts = {"train": [], "test": []}
    for domain, kinds in zip(domains.train, numbers, strict=True):
        for part, rows in deal(kinds, {"test": a_fifth(len(kinds)), "train": len(kinds)}).items():
            parts[part].append(domain.take(rows))
    return replace(domains, **parts)


def _linked(numbers: list[np.ndarray]) -> np.ndarray:
    """Numbers the pairs, with one number for pairs that share a picture, directly or through other pairs.

    Args:
        numbers: the result of `equal_samples` for each domain.
    """
    total = len(numbers[0])
    pairs = np.tile(np.arange(total), len(numbers))
    pictures = np.concatenate([total * (k + 1) + kinds for k, kinds in enumerate(numbers)])
    nodes = total * (len(numbers) + 1)
    links = sparse.coo_matrix((np.ones(len(pairs)), (pairs, pictures)), (nodes, nodes))
    return by_first_row(sparse.csgraph.connected_components(links, directed=False)[1][:total])
