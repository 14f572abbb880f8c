"""Pictures of several domains: what a translator (pix2pix, CycleGAN, StarGAN) learns from and is measured on."""

from dataclasses import dataclass, replace

from ganzoo.data import DOMAINS, FOLDER, framing, is_domains, is_stacked, kind, unknown
from ganzoo.data.gathered import LARGEST, Frame, Gathered, classes, with_test
from ganzoo.data.parts import FEWEST, SEED
from ganzoo.data.reals import Reals
from ganzoo.errors import GanzooError, did_you_mean

PAIRED = ("none", "by_name", "side_by_side")


@dataclass(frozen=True, eq=False)
class Domains:
    """Pictures of several domains, split.

    Attributes:
        name: the name they were asked for by.
        names: of the domains, such as ("mnist", "uci"), ("A", "B"), or the names of classes.
        train: for each domain uint8 [N_k, load_size, load_size, C], larger than the test pictures where random crops
            are to be taken; the labels say what a picture shows whatever its domain (a digit), or are None.
        test: for each domain uint8 [M_k, image_size, image_size, C].
        paired: whether row i of every domain shows the same thing.
    """

    name: str
    names: tuple[str, ...]
    train: tuple[Reals, ...]
    test: tuple[Reals, ...]
    paired: bool

    @property
    def shape(self) -> tuple[int, int, int]:
        """One picture's shape as the networks see it: (image_size, image_size, C)."""
        return self.test[0].shape

    def describe(self) -> dict:
        """What config.json keeps, so that a later evaluation can check that it splits the same way: JSON-able."""
        parts = {part: dict(zip(self.names, getattr(self, part), strict=True)) for part in ("train", "test")}
        return {
            "dataset": self.name,
            "domains": list(self.names),
            "paired": self.paired,
            "seed": SEED,
            "sizes": {part: {name: len(of) for name, of in domains.items()} for part, domains in parts.items()},
            "sha256": {part: {name: of.sha256() for name, of in domains.items()} for part, domains in parts.items()},
        }


def load_domains(
    name: str,
    *,
    data_dir: str = "",
    image_size: int = 0,
    channels: int = 0,
    load_size: int = 0,
    paired: str = "none",
    tfds_split: str = "train",
) -> Domains:
    """The domains of a data set, each split into train and test the same way every time.

    Args:
        name: "digits_mnist2uci", "edges2digits", "digit_styles", "folder:PATH" (see `domain_folders`), a TFDS set with
            the splits trainA and trainB such as "cycle_gan/horse2zebra", or any set with labels ("mnist_5k", "mnist"),
            whose classes are then the domains.
        data_dir: where TFDS has its sets; empty is TFDS's own default.
        image_size: pixels a side, 16 to 512; 0 is 32 for the embedded digits, else the pictures' own size where all
            agree on a square one within these bounds, else 128.
        channels: 1 (grey) or 3 (RGB); 0 is grey if all pictures of all domains are grey, else RGB.
        load_size: pixels a side of the pictures to train on, from which squares of image_size are cut at random;
            0 is image_size.
        paired: of a folder, how pictures that belong together are told: "by_name" or "side_by_side"; or "none".
        tfds_split: which split of a labelled TFDS set to train on.

    Returns:
        Domains. Where the set has no test pictures, 20 % of each domain, at most 10,000; equal pictures of a domain
        are never on both sides of that split.

    Raises:
        GanzooError: the set has no domains, cannot be had as requested, or has too few pictures in a domain.
    """
    framing.check_request(image_size, channels, LARGEST)
    if load_size and not framing.SMALLEST <= load_size <= LARGEST:
        raise GanzooError(f"load_size is {load_size}; give {framing.SMALLEST} to {LARGEST}, or 0 for image_size.")
    if paired not in PAIRED:
        raise GanzooError(f"paired is '{paired}'; give one of {', '.join(PAIRED)}.{did_you_mean(paired, PAIRED)}")
    if paired != "none" and not name.startswith(FOLDER):
        raise GanzooError(f"paired is '{paired}', but only pictures in a folder can be paired; leave it 'none'.")

    gathered = with_test(_gather(name, Frame(image_size, load_size, channels), data_dir, paired, tfds_split))
    for domain, train, test in zip(gathered.names, gathered.train, gathered.test, strict=True):
        if len(train) < FEWEST or not len(test):
            raise GanzooError(
                f"the domain '{domain}' of '{name}' has {len(train)} pictures to train on and {len(test)} to test on; "
                f"it needs at least {FEWEST} and 1, and some hundreds to learn anything. Give more of them."
            )

    channels = max(domain.shape[-1] for domain in (*gathered.train, *gathered.test))

    def framed(domain: Reals, size: int) -> Reals:
        return replace(domain, name=name, samples=framing.assemble(domain.samples, size, channels))

    train = tuple(framed(domain, gathered.frame.load_size) for domain in gathered.train)
    test = tuple(framed(domain, gathered.frame.image_size) for domain in gathered.test)
    return Domains(name, gathered.names, train, test, gathered.paired)


def _gather(name: str, frame: Frame, data_dir: str, paired: str, tfds_split: str) -> Gathered:
    """The pictures from whichever source has them."""
    if is_domains(name):
        from ganzoo.data import digit_domains

        return digit_domains.gather(name, frame)

    if name.startswith(FOLDER):
        from ganzoo.data import domain_folders

        return domain_folders.gather(name.removeprefix(FOLDER), frame, paired)

    if name == "mnist_5k":
        from ganzoo.data import digits

        frame = frame.settled([(28, 28)])
        return classes(digits.load(frame.load_size, frame.channels), None, None, frame)

    if not name or kind(name) == "points" or is_stacked(name):
        raise GanzooError(f"'{name}' has no domains to translate between. {what_there_is()}")

    from ganzoo.data import tensorflow_datasets_source as tfds_source

    builder = tfds_source.find(name, data_dir)
    if builder is None:
        raise unknown(name, tfds_source.names(), what_there_is())
    gathered = tfds_source.gather(builder, name, data_dir, tfds_split, frame)
    if gathered is None:
        raise GanzooError(f"'{name}' has neither splits trainA and trainB nor labels. {what_there_is()}")
    return gathered


def what_there_is() -> str:
    return (
        f"For translators there are {', '.join(DOMAINS)}, {FOLDER}PATH (your own pictures), cycle_gan/horse2zebra and "
        "its like of TFDS, and the classes of any labelled set (mnist_5k, cifar10)."
    )
