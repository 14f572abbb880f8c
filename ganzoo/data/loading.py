"""Loads every source of reals: `load_parts` is for models that sample, `load_domains` for translators.

For a model that samples, a run calls `load_parts` (train, ratio and test, never mixed) and then `pipeline.batches`. For
a translator, it calls `load_domains` and then `pipeline.domain_pairs` or `pipeline.labelled_domains`.
`names.SOURCES` is the table of the sources. NumPy, Pillow and TensorFlow are imported by the functions that use them.
"""

from __future__ import annotations

import importlib
import inspect
import math
import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ganzoo.data import names
from ganzoo.data.names import FOLDER
from ganzoo.errors import GanzooError, did_you_mean

if TYPE_CHECKING:
    from ganzoo.data.parts import Domains, Parts
    from ganzoo.data.reals import Reals

PAIRED = ("none", "by_name", "side_by_side")
DIRECTIONS = ("a_to_b", "b_to_a")


def load(
    name: str,
    *,
    data_dir: str = "",
    image_size: int = 0,
    channels: int = 0,
    aspect: str = "crop",
    sides: tuple[int, int] | None = None,
    tfds_split: str = "train",
    stream_above_mb: float = math.inf,
) -> Reals:
    """All reals of a data set in a fixed order. Only `load_parts` makes stacked digits.

    Args:
        name: "mnist_5k", "gaussians25", "gaussians8", "swissroll", "folder:PATH", the name of a function with
            `@ganzoo.register_data`, or any TFDS name.
        data_dir: the folder of TFDS's sets; empty takes TFDS's default.
        image_size: pixels a side, 16 to 256; 0 takes the pictures' own size if all have the same square size of 16 to
            128, else 64.
        channels: 1 (grey) or 3 (RGB); 0 takes grey if all pictures are grey, else RGB.
        aspect: what becomes of pictures that are not square. "crop" takes the centre square, "pad" adds white, and
            "keep" gives all pictures the median of their ratios; `image_size` is then the longer side.
        sides: the (height, width) of pictures of a folder, of TFDS or of a user's function, in place of `image_size`.
        tfds_split: the split of a TFDS set; slices such as "train[:10%]" are allowed.
        stream_above_mb: the most MB (10^6 bytes) of framed pictures of a folder or a TFDS set to keep in memory. Larger
            sets lie in a file in the cache folder, from which each batch is read.

    Returns:
        Reals with uint8 [N, height, width, channels] pictures or float32 [N, 2] points.

    Raises:
        GanzooError: if the name is unknown, if nothing could be read, if there is no room for the file, or if a size or
            channel count is out of range.
    """
    if not name:
        raise GanzooError(f"the data set has no name. {names.what_there_is()}")
    source = names.source(name)
    if source.stacked:
        raise GanzooError(f"the digits of '{name}' are split before they are stacked: use loading.load_parts.")
    if not source.reals:
        raise GanzooError(
            f"'{name}' is for translators (pix2pix, cyclegan, cut, stargan): domains, of which no one set is made. "
            f"{names.what_there_is()}"
        )

    from ganzoo.data import framing

    if source.kind == "points":
        if image_size or channels or aspect != "crop":
            raise GanzooError(f"'{name}' are points: image_size, channels and aspect are for pictures. Leave them out.")
    else:
        framing.check_request(image_size, channels, aspect=aspect)
    if stream_above_mb < 0:
        raise GanzooError(f"stream_above_mb is {stream_above_mb}; give 0 (nothing in memory) or more.")
    request = dict(
        name=name, data_dir=data_dir, image_size=image_size, channels=channels, aspect=aspect, sides=sides,
        split=tfds_split, most_bytes=stream_above_mb * 10**6,
    )  # fmt: skip
    if callable(source.reals):
        return _own(source, request)
    reals = _call(source.reals, source, request)
    if reals is None:
        raise _unknown(name, names.what_there_is())
    return reals


def load_parts(name: str, *, split: str = "by_size", flip: bool = False, **request) -> Parts:
    """The parts of a data set, with which a run, an evaluation and a benchmark begin.

    Args:
        name: as for `load`, or "stacked_mnist" or "stacked_mnist:mnist".
        split: "by_size", or "fifths" as runs of before were split (`parts.split`).
        flip: not read, as training alone mirrors pictures (`pipeline.batches`); all keys of `config.data` are taken.
        **request: as for `load`: the other keys of `config.data`.

    Raises:
        GanzooError: if the data set cannot be loaded as requested, or is too small to split.
    """
    from ganzoo.data import parts

    source = names.source(name)
    if not source.stacked:
        return parts.split(load(name, **request), split)

    from ganzoo.data.sources import stacked_digits

    digits = stacked_digits.digits_of(name, request.pop("channels", 0))
    return stacked_digits.stack(name, parts.split(load(digits, channels=1, **request), split))


def load_domains(
    name: str,
    *,
    data_dir: str = "",
    image_size: int = 0,
    channels: int = 0,
    load_size: int = 0,
    paired: str = "none",
    direction: str = "a_to_b",
    tfds_split: str = "train",
) -> Domains:
    """The domains of a data set, each split into train and test the same way every time.

    Args:
        name: "digits_mnist2uci", "edges2digits", "digit_styles", "folder:PATH" (see `sources/domain_folders.py`), a
            TFDS set with the splits trainA and trainB such as "cycle_gan/horse2zebra", or any set with labels
            ("mnist_5k", "mnist"), whose classes are then the domains.
        data_dir: the folder of TFDS's sets; empty takes TFDS's default.
        image_size: pixels a side, 16 to 512. 0 takes 32 for the embedded digits; otherwise the pictures' own size if
            all have the same square size within these bounds, else 128.
        channels: 1 (grey) or 3 (RGB); 0 takes grey if all pictures of all domains are grey, else RGB.
        load_size: pixels a side of the training pictures, from which squares of image_size are cut at random; 0 takes
            image_size.
        paired: how a folder's pairs are recognised: "by_name" or "side_by_side"; "none" for no pairs.
        direction: "b_to_a" gives the domains in the reverse order, so that a model that translates the first into the
            second learns the other way; "a_to_b" leaves them as they are.
        tfds_split: the split of a labelled TFDS set to train on.

    Returns:
        The domains. If the set has no test pictures, 20 % of each domain, at most 10,000 pictures, become the test
        part. Equal pictures of a domain are never on both sides of this split.

    Raises:
        GanzooError: if the set has no domains, cannot be loaded as requested, or has too few pictures in a domain.
    """
    from ganzoo.data import framing
    from ganzoo.data.parts import FEWEST, Domains
    from ganzoo.data.sources.unsplit import LARGEST, Frame, classes, with_test

    framing.check_request(image_size, channels, LARGEST)
    if load_size and not framing.SMALLEST <= load_size <= LARGEST:
        raise GanzooError(f"load_size is {load_size}; give {framing.SMALLEST} to {LARGEST}, or 0 for image_size.")
    if paired not in PAIRED:
        raise GanzooError(f"paired is '{paired}'; give one of {', '.join(PAIRED)}.{did_you_mean(paired, PAIRED)}")
    if direction not in DIRECTIONS:
        raise GanzooError(
            f"direction is '{direction}'; give one of {', '.join(DIRECTIONS)}.{did_you_mean(direction, DIRECTIONS)}"
        )
    if paired != "none" and not name.startswith(FOLDER):
        raise GanzooError(f"paired is '{paired}', but only pictures in a folder can be paired; leave it 'none'.")

    source, frame = names.source(name), Frame(image_size, load_size, channels)
    if callable(source.reals) and source.kind == "images":  # a user's own set: its classes are the domains
        request = dict(name=name, data_dir=data_dir, channels=channels)
        frame, reals = _own_domains(source, request, frame)
        if reals.labels is None:
            raise GanzooError(
                f"'{name}' has no labels, so no domains to translate between. {names.what_domains_there_are()}"
            )
        unsplit = classes(reals, None, None, frame)
    elif not name or not source.domains:
        raise GanzooError(f"'{name}' has no domains to translate between. {names.what_domains_there_are()}")
    else:
        request = dict(name=name, data_dir=data_dir, frame=frame, paired=paired, split=tfds_split)
        unsplit = _call(source.domains, source, request)
        if unsplit is None:
            raise _unknown(name, names.what_domains_there_are())
    domains = with_test(unsplit)
    for domain, train, test in zip(domains.names, domains.train, domains.test, strict=True):
        if len(train) < FEWEST or not len(test):
            raise GanzooError(
                f"the domain '{domain}' of '{name}' has {len(train)} pictures to train on and {len(test)} to test on; "
                f"it needs at least {FEWEST} and 1, and some hundreds to learn anything. Give more of them."
            )

    channels = max(domain.shape[-1] for domain in (*domains.train, *domains.test))

    def framed(domain: Reals, size: int) -> Reals:
        return replace(domain, name=name, samples=framing.assemble(domain.samples, size, channels))

    train = tuple(framed(domain, domains.frame.load_size) for domain in domains.train)
    test = tuple(framed(domain, domains.frame.image_size) for domain in domains.test)
    order = slice(None, None, -1 if direction == "b_to_a" else 1)
    return Domains(name, domains.names[order], train[order], test[order], domains.paired)


def _call(loader: str | Callable, source: names.Source, request: dict):
    """The result of a loader, which is called with the keys of the request that it has as parameters."""
    if isinstance(loader, str):
        module, _, function = loader.partition(":")
        loader = getattr(importlib.import_module(f"ganzoo.data.sources.{module}"), function)
    if source.argument:
        request = request | {source.argument: request["name"].partition(":")[2]}
    parameters = inspect.signature(loader).parameters
    return loader(**{key: value for key, value in request.items() if key in parameters})


def _own(source: names.Source, request: dict) -> Reals:
    """The reals that a user's own function gives, checked and framed.

    Raises:
        GanzooError: if the samples are not of the registered kind, or if the labels are not one integer per sample.
    """
    import numpy as np

    from ganzoo.data import framing
    from ganzoo.data.reals import Reals

    name = request["name"]
    result = _call(source.reals, source, request)
    samples, labels = result if isinstance(result, tuple) else (result, None)
    samples = np.asarray(samples)
    if labels is not None:
        labels = np.asarray(labels)
        if labels.shape != samples.shape[:1] or not np.issubdtype(labels.dtype, np.integer):
            raise GanzooError(
                f"the labels of '{name}' are {labels.dtype} {list(labels.shape)}; its function must give int labels, "
                f"one for each of its {len(samples)} samples."
            )
        labels = labels.astype(np.int64)
    if source.kind == "points":
        if samples.ndim != 2 or samples.shape[1] != 2 or not np.isfinite(samples).all():
            raise GanzooError(
                f"'{name}' gives {samples.dtype} {list(samples.shape)}; points are finite numbers [N, 2]."
            )
        return Reals(name, samples.astype(np.float32), labels)
    if samples.dtype != np.uint8 or samples.ndim != 4 or samples.shape[3] not in (1, 3):
        raise GanzooError(
            f"'{name}' gives {samples.dtype} {list(samples.shape)}; pictures are uint8 [N, height, width, channels] "
            "with 1 or 3 channels, 0 to 255."
        )
    aspect = request["aspect"]
    sides = request["sides"] or framing.own_sides([samples.shape[2:0:-1]], request["image_size"], aspect)
    channels = request["channels"] or samples.shape[3]
    return Reals(name, framing.assemble(samples, sides, channels, request["most_bytes"], len(samples), aspect), labels)


def _own_domains(source: names.Source, request: dict, frame):
    """A user's own labelled pictures at the size that translators load, and the frame settled by their own size."""
    result = _call(source.reals, source, request | {"image_size": 0, "channels": 0})
    samples = result[0] if isinstance(result, tuple) else result
    frame = frame.settled([samples.shape[2:0:-1]])
    reals = _own(
        source._replace(reals=lambda: result, argument=""),
        request
        | {"image_size": frame.load_size, "channels": frame.channels, "most_bytes": math.inf}
        | {"aspect": "crop", "sides": None},
    )
    return frame, reals


def _unknown(name: str, what_there_is: str) -> GanzooError:
    """The error for an unknown name, with the nearest known name."""
    from ganzoo.data.sources import tfds

    nearest = did_you_mean(name, [*names.SOURCES, *tfds.names()])
    if os.path.isdir(os.path.expanduser(name)):
        nearest = f" Did you mean '{FOLDER}{name}'?"
    return GanzooError(f"no data set named '{name}'.{nearest} {what_there_is}")
