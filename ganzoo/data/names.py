"""The sources of reals by name, with the facts that are known before anything is loaded.

Light: neither NumPy nor TensorFlow is imported. A new source is a file in `ganzoo/data/sources/` and a line of
`SOURCES`; a user's own is a function with `@ganzoo.register_data`.
"""

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from ganzoo.errors import GanzooError
from ganzoo.registration import Register

Function = TypeVar("Function", bound=Callable)


class Source(NamedTuple):
    """Where a data set comes from.

    A loader is a function of a module in `ganzoo/data/sources/`, "module:function", or a user's own function. It is
    called with those keys of the request that it names (see `loading.Request`).

    Attributes:
        reals: the loader of a single set of reals; "" where there is none.
        domains: the loader of domains to translate between; "" where there is none.
        kind: "images" or "points".
        argument: the loader's parameter for the text after the colon in a name such as "folder:PATH"; "" if the name
            has no colon.
        stacked: whether the digits of another set are first split and then stacked.
        recipe: what these data ask of every recipe: values by their keys, by the config's sections. A section that
            lacks one of the keys stays as it is.
        classes: the number of classes, or of domains where there are only domains; 0 where only the data tell it.
        license: the data's licence in words; "" where it is not known.
    """

    reals: str | Callable = ""
    domains: str | Callable = ""
    kind: str = "images"
    argument: str = ""
    stacked: bool = False
    recipe: Mapping[str, Mapping[str, int]] = MappingProxyType({})
    classes: int = 0
    license: str = ""


MNIST = "CC BY-SA 3.0 (MNIST, copyright of Yann LeCun and Corinna Cortes)"
COMPUTED = "none is needed, the points are computed"
SOURCES: Register[Source] = Register("data set", taken=lambda: [name for name in SOURCES if name not in own_names()])
SOURCES |= {
    "mnist_5k": Source("mnist_5k:load", "mnist_5k:gather", classes=10, license=MNIST),
    "gaussians25": Source("toys:sample", kind="points", classes=25, license=COMPUTED),
    "gaussians8": Source("toys:sample", kind="points", classes=8, license=COMPUTED),
    "swissroll": Source("toys:sample", kind="points", license=COMPUTED),
    # The literature measures 26,000 samples, and divergences of other counts cannot be compared. The latents of one
    # digit are too few for three: with 16 and 32 categories `r3gan` had a reverse KL divergence of .133, with 64 .035.
    # Twenty groups of reals are no 1,000 modes: with them `drs` had a divergence of .0426, without .0354.
    "stacked_mnist": Source(
        "stacked_digits:stack",
        argument="digits",
        stacked=True,
        recipe={
            "evaluation": {"num_samples": 26_000},
            "model": {"latent_dim": 64, "latent_categories": 0},
            "ratio": {"groups": 0},
        },
        license=MNIST,
    ),
    "digits_mnist2uci": Source(
        domains="digit_domains:gather", license=f"{MNIST} and CC BY 4.0 (UCI, Alpaydin and Kaynak 1998)"
    ),
    "edges2digits": Source(domains="digit_domains:gather", license=MNIST),
    "digit_styles": Source(domains="digit_domains:gather", classes=4, license=MNIST),
    "folder": Source("folder:load", "domain_folders:gather", argument="path"),
}
TFDS = Source("tfds:load_named", "tfds:gather_named")  # the source of every name that is not in the table
FOLDER = "folder:"


def register_data(name: str, *, kind: str = "images") -> Callable[[Function], Function]:
    """Function decorator: the function's result becomes the data set of this name, in Python and for `--dataset`.

    The function takes no arguments, or any of `data_dir` (str), `image_size` and `channels` (int; 0 means the
    pictures' own). If it has a parameter `argument`, a colon and a text may follow the name: `--dataset mine:TEXT`. It
    must return the same reals every time, because a resumed run checks the reals.

    The function returns pictures, uint8 [N, H, W, C] (C 1 or 3; framed to a square like a folder's), or points,
    float32 [N, 2]. It may return a pair: the samples and int labels [N].

    Args:
        name: letters, digits and underscores; not a taken name.
        kind: "images" or "points".

    Raises:
        GanzooError: if the name is taken or invalid, or if the kind is another.
    """
    if kind not in ("images", "points"):
        raise GanzooError(f"kind is '{kind}'; a data set's samples are 'images' or 'points'.")

    def add(function: Function) -> Function:
        takes_argument = "argument" in inspect.signature(function).parameters
        SOURCES.add(name, Source(function, kind=kind, argument="argument" if takes_argument else ""), function)
        return function

    return add


def own_names() -> list[str]:
    """The data sets that users' functions have registered."""
    return [name for name, source in SOURCES.items() if callable(source.reals)]


def source(name: str) -> Source:
    """The source of the data set of this name; TFDS for a name that the table does not have."""
    base, colon, _ = name.partition(":")
    named = SOURCES.get(base, TFDS)
    return TFDS if colon and not named.argument else named


def kind(name: str) -> str:
    """The kind of a data set's samples: "points" for the toy distributions, "images" for all other sets."""
    return source(name).kind


def license_of(name: str) -> str:
    """A data set's licence in words, as a sentence's end; where it is not known, what to look for."""
    base, _, _ = name.partition(":")
    if (of := source(name)) is TFDS:
        return f"see https://www.tensorflow.org/datasets/catalog/{base.partition('/')[0]}."
    if base in own_names() or not of.license:
        return "not known to ganzoo. Whoever trained on the data must say under which licence they stand."
    return f"{of.license}."


def is_stacked(name: str) -> bool:
    """Whether a data set is stacked digits, "stacked_mnist" or "stacked_mnist:SOURCE"."""
    return source(name).stacked


def is_domains(name: str) -> bool:
    """Whether a data set has only domains to translate between, which `loading.load_domains` loads."""
    return not source(name).reals


def offline() -> list[str]:
    """The sets for models that sample which need neither files nor a network."""
    return [name for name, source in SOURCES.items() if source.reals and source.argument != "path"]


def offline_domains() -> list[str]:
    """The sets for translators alone which need neither files nor a network."""
    return [name for name, source in SOURCES.items() if not source.reals]


def what_there_is() -> str:
    """The sets for models that sample, for messages."""
    return (
        f"There are {', '.join(offline())}, stacked_mnist:mnist, {FOLDER}PATH (your own pictures), and every "
        "TFDS name (mnist, cifar10)."
    )


def what_domains_there_are() -> str:
    """The sets for translators, for messages."""
    return (
        f"For translators there are {', '.join(offline_domains())}, {FOLDER}PATH (your own pictures), "
        "cycle_gan/horse2zebra and its like of TFDS, and the classes of any labelled set (mnist_5k, cifar10)."
    )
