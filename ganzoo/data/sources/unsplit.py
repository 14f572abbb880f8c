"""What the sources of domains (embedded digits, folders, TFDS) give: framed pictures, perhaps still to be split."""

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
    """The size of the pictures, to test on and to train on, and their channels; 0 is what the pictures are."""

    image_size: int
    load_size: int
    channels: int

    def settled(self, sizes: Iterable[tuple[int, int]]) -> "Frame":
        """With both sizes, if need be from the (width, height) of all pictures.

        Raises:
            GanzooError: the pictures would be loaded smaller than they are trained on.
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
    """Domains, and their test pictures where the source has some set aside.

    Attributes:
        names: of the domains.
        train: one for each domain, at `frame.load_size`.
        test: one for each domain, at `frame.image_size`, or None where `train` is still to be split.
        frame: settled.
        paired: whether the domains' rows belong together.
    """

    names: tuple[str, ...]
    train: Sequence[Reals]
    test: Sequence[Reals] | None
    frame: Frame
    paired: bool


def classes(train: Reals, test: Reals | None, names: Sequence[str] | None, frame: Frame) -> Unsplit:
    """The classes of a labelled set as domains: those that there are pictures of, without labels any more.

    Args:
        train: with labels.
        test: likewise, or None.
        names: of the classes by label; None names them by number.
        frame: settled, that of train and test.
    """
    present = np.unique(train.labels)

    def by_class(reals: Reals) -> list[Reals]:
        return [replace(reals.take(np.flatnonzero(reals.labels == label)), labels=None) for label in present]

    aside = None if test is None else by_class(test)
    domains = tuple(names[label] if names else str(label) for label in present)
    return Unsplit(domains, by_class(train), aside, frame, paired=False)


def with_test(domains: Unsplit) -> Unsplit:
    """With 20 % of each domain, at most 10,000 pictures, set aside where the source has not done so.

    Equal pictures (byte by byte) of a domain stay on one side, and so do pairs that share one.
    """
    if domains.test is not None:
        return domains
    numbers = [equal_samples(domain.samples) for domain in domains.train]
    if domains.paired:
        numbers = [_linked(numbers)] * len(numbers)

    parts = {"train": [], "test": []}
    for domain, of in zip(domains.train, numbers, strict=True):
        for part, rows in deal(of, {"test": a_fifth(len(of)), "train": len(of)}).items():
            parts[part].append(domain.take(rows))
    return replace(domains, **parts)


def _linked(numbers: list[np.ndarray]) -> np.ndarray:
    """For each pair a number, the same one for pairs that are equal in a domain, directly or by way of other pairs.

    Args:
        numbers: what `equal_samples` gives, for each domain.
    """
    total = len(numbers[0])
    pairs = np.tile(np.arange(total), len(numbers))
    pictures = np.concatenate([total * (k + 1) + of for k, of in enumerate(numbers)])
    nodes = total * (len(numbers) + 1)
    links = sparse.coo_matrix((np.ones(len(pairs)), (pairs, pictures)), (nodes, nodes))
    return by_first_row(sparse.csgraph.connected_components(links, directed=False)[1][:total])
