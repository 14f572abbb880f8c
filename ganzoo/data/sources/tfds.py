"""Any picture set of TensorFlow Datasets (TFDS): prepared on disk, or downloaded if there is a network.

The only module that imports tensorflow_datasets.
"""

import contextlib
import math
import os
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from absl import logging

from ganzoo.data import framing
from ganzoo.data.names import offline, what_domains_there_are
from ganzoo.data.reals import Reals
from ganzoo.data.sources.unsplit import Frame, Unsplit, classes
from ganzoo.errors import GanzooError, did_you_mean

PATIENCE = 5.0  # seconds in which a download host must answer; TFDS itself would try for minutes
TFDS_HOST = "https://storage.googleapis.com"  # the host of TFDS's own sets that list no downloads


def names() -> list[str]:
    """The names that TFDS knows, without the community's sets."""
    return tfds.list_builders(with_community_datasets=False)


def find(name: str, data_dir: str = "") -> tfds.core.DatasetBuilder | None:
    """The builder of a TFDS name such as "mnist", "mnist:3.0.1" or "cycle_gan/horse2zebra"; None for an unknown set.

    Raises:
        GanzooError: if TFDS knows the set, but not this config or version.
    """
    with _quiet():
        try:
            return tfds.builder(name, data_dir=os.path.expanduser(data_dir) or None)
        except Exception as error:  # also if the name is malformed or a needed package is missing
            base = re.split("[/:]", name)[0]
            if base not in names():
                return None
            near = did_you_mean(name, [f"{base}/{config}" for config in tfds.builder_cls(base).builder_configs])
            reason = _first_line(error).split('}": ')[-1]  # TFDS repeats its arguments before the reason
            raise GanzooError(f"TFDS cannot give '{name}': {reason}.{near}") from error


def load_named(
    name: str,
    data_dir: str,
    split: str,
    image_size: int,
    channels: int,
    most_bytes: float,
    aspect: str,
    sides: tuple[int, int] | None,
) -> Reals | None:
    """`load` of a set by its name; None for a name that TFDS does not know."""
    builder = find(name, data_dir)
    if builder is None:
        return None
    return load(builder, name, data_dir, split, image_size, channels, most_bytes, aspect, sides)


def gather_named(name: str, data_dir: str, split: str, frame: Frame) -> Unsplit | None:
    """`gather` of a set by its name; None for a name that TFDS does not know.

    Raises:
        GanzooError: as in `gather`, or if the set has no domains.
    """
    builder = find(name, data_dir)
    if builder is None:
        return None
    domains = gather(builder, name, data_dir, split, frame)
    if domains is None:
        reason = f"'{name}' has neither splits trainA and trainB nor labels."
        raise GanzooError(f"{reason} {what_domains_there_are()}")
    return domains


def load(
    builder: tfds.core.DatasetBuilder,
    name: str,
    data_dir: str = "",
    split: str = "train",
    image_size: int = 0,
    channels: int = 0,
    most_bytes: float = math.inf,
    aspect: str = "crop",
    sides: tuple[int, int] | None = None,
) -> Reals:
    """The pictures of one split, in the order of its files. The set is first downloaded and prepared if necessary.

    The pictures are the feature `image`, or else the first image feature. The labels are the integer feature `label`.

    Args:
        builder: the result of `find` for the name.
        name: the name as requested.
        data_dir: the folder that `find` searched; for messages.
        split: a split of the set; slices such as "train[:10%]" are allowed.
        image_size: pixels a side; 0 takes the pictures' own size if all are squares of one size of 16 to 128, else 64.
        channels: 1 or 3; 0 takes grey if all pictures are grey, else RGB.
        most_bytes: the most bytes of memory for the framed pictures; a larger set lies in a file.
        aspect, sides: as in `folder.load`.

    Returns:
        Reals with uint8 [N, height, width, channels], and labels if the set has labels.

    Raises:
        GanzooError: if the set is neither prepared nor downloadable, is damaged, or has no pictures or no such split,
            or if there is no room for the file.
    """
    _keys(builder, name)
    _prepare(builder, name, data_dir)
    if sides is None:
        sides = framing.own_sides(_sizes(builder, name, split), image_size, aspect)
    return _framed(builder, name, split, sides, channels, most_bytes, aspect)


def gather(builder: tfds.core.DatasetBuilder, name: str, data_dir: str, split: str, frame: Frame) -> Unsplit | None:
    """The domains of a set: the splits trainA and trainB, or else the classes; None if the set has neither.

    Test pictures come from testA and testB or, if `split` is "train" or a slice of "train", from the split "test". If
    there are no such splits, the test pictures must still be set aside.

    Args:
        builder, name, data_dir: as in `load`.
        split: the training split of a labelled set.
        frame: the pictures' sizes and channels.

    Raises:
        GanzooError: as in `load`.
    """
    _, label_key = _keys(builder, name)
    _prepare(builder, name, data_dir)
    splits = builder.info.splits
    if "trainA" in splits and "trainB" in splits:
        train, test = ["trainA", "trainB"], ["testA", "testB"]
    elif label_key:
        train, test = [split], ["test"] if re.fullmatch(r"train(\[[^]]*\])?", split) else []
    else:
        return None

    test = test if all(part in splits for part in test) else []
    frame = frame.settled(size for part in train + test for size in _sizes(builder, name, part))
    train = [_framed(builder, name, part, frame.load_size, frame.channels) for part in train]
    test = [_framed(builder, name, part, frame.image_size, frame.channels) for part in test]
    if len(train) == 2:
        train, test = ([replace(domain, labels=None) for domain in part] for part in (train, test))
        return Unsplit(("A", "B"), train, test or None, frame, paired=False)
    label = builder.info.features[label_key]
    class_names = label.names if isinstance(label, tfds.features.ClassLabel) else None
    return classes(train[0], test[0] if test else None, class_names, frame)


def _sizes(builder: tfds.core.DatasetBuilder, name: str, split: str) -> Iterator[tuple[int, int]]:
    """Width and height of a split's pictures: one pair if the set states the size, else a pair for each picture."""
    image_key, _ = _keys(builder, name)
    shape = builder.info.features[image_key].shape
    if None not in shape[:2]:
        yield shape[1::-1]
        return
    with _damage_told(builder, name):
        for row in tfds.as_numpy(_read(builder, name, split, [image_key])):
            yield row[image_key].shape[1::-1]


def _framed(
    builder: tfds.core.DatasetBuilder,
    name: str,
    split: str,
    sides: framing.Sides,
    channels: int,
    most_bytes: float = math.inf,
    aspect: str = "crop",
) -> Reals:
    """The pictures of a split of a prepared set."""
    image_key, label_key = _keys(builder, name)
    dataset = _read(builder, name, split, [key for key in (image_key, label_key) if key])
    shape = builder.info.features[image_key].shape
    expected = max(0, int(dataset.cardinality()))  # negative if it is unknown
    dataset = dataset.batch(1 if None in shape[:2] else 256).prefetch(2)
    labels: list[np.ndarray] = []

    def images() -> Iterator[np.ndarray]:
        for batch in tfds.as_numpy(dataset):
            if label_key:
                labels.append(np.array(batch[label_key], np.int64))  # a view would keep the whole batch in memory
            yield from batch[image_key]

    with _damage_told(builder, name):
        channels = channels or (1 if shape[-1] == 1 else 0)
        samples = framing.assemble(images(), sides, channels, most_bytes, expected, aspect)
    return Reals(name, samples, np.concatenate(labels) if labels else None)


@contextlib.contextmanager
def _damage_told(builder: tfds.core.DatasetBuilder, name: str) -> Iterator[None]:
    """Turns TensorFlow's error into a GanzooError if the files of a prepared set cannot be read."""
    try:
        yield
    except tf.errors.OpError as error:
        raise GanzooError(
            f"'{name}' is damaged: {_first_line(error)}. Remove {builder.data_path} and prepare it again."
        ) from error


def _keys(builder: tfds.core.DatasetBuilder, name: str) -> tuple[str, str | None]:
    """The names of the picture's feature and of its class's feature, or None for the class."""
    features = builder.info.features
    image_keys = [key for key, feature in features.items() if isinstance(feature, tfds.features.Image)]
    if not image_keys:
        raise GanzooError(f"'{name}' has no pictures; its features are {', '.join(features)}. Give a picture set.")
    image_key = "image" if "image" in image_keys else image_keys[0]
    dtype = np.dtype(features[image_key].np_dtype)
    if dtype not in (np.uint8, np.uint16):
        raise GanzooError(f"the pictures of '{name}' ('{image_key}') are {dtype}; uint8 or uint16 is expected.")

    if "label" in features and features["label"].shape == () and np.issubdtype(features["label"].np_dtype, np.integer):
        return image_key, "label"
    return image_key, None


def _prepare(builder: tfds.core.DatasetBuilder, name: str, data_dir: str) -> None:
    """Downloads and prepares a set that is not on disk; without a network it raises GanzooError within seconds."""
    with _quiet():
        if builder.is_prepared():
            return
    try:
        host = silent_host(_download_urls(builder))
        if host:
            raise ConnectionError(f"no network: {host} does not answer")
        with _quiet():
            builder.download_and_prepare()
    except Exception as error:  # a download, a disk or a set's own code can raise any error
        where = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
        raise GanzooError(
            f"'{name}' is not prepared in {where} and could not be downloaded ({_first_line(error)}).\n"
            f"        Prepare it where there is one (`tfds build {name}`), pass --data_dir, "
            f"or use an offline set: {', '.join(offline()[:2])}."
        ) from error


def _download_urls(builder: tfds.core.DatasetBuilder) -> list[str]:
    """The known URLs of a set's downloads; none for sets that are downloaded by hand or not TFDS's own."""
    if builder.url_infos:
        return list(builder.url_infos)
    own = type(builder).__module__.startswith("tensorflow_datasets.")
    return [TFDS_HOST] if own and not builder.MANUAL_DOWNLOAD_INSTRUCTIONS else []


def silent_host(urls: Iterable[str], patience: float = PATIENCE) -> str | None:
    """The first host of the URLs that does not answer within `patience` seconds, or None. It uses the proxies."""
    hosts = {urllib.parse.urlsplit(url).netloc: url for url in urls}
    answered = set()

    def ask(host: str, url: str) -> None:
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=patience).close()
        except urllib.error.HTTPError:
            answered.add(host)  # a refusal is an answer
        except (OSError, ValueError):
            pass
        else:
            answered.add(host)

    # A name lookup ignores timeouts, so the threads are abandoned after `patience` seconds.
    threads = [threading.Thread(target=ask, args=host_and_url, daemon=True) for host_and_url in hosts.items()]
    deadline = time.monotonic() + patience
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return next((host for host in hosts if host not in answered), None)


def _read(builder: tfds.core.DatasetBuilder, name: str, split: str, keys: list[str]) -> tf.data.Dataset:
    """A split with only the given features decoded."""
    decoders = tfds.decode.PartialDecoding(dict.fromkeys(keys, True))
    # By default TFDS keeps every decoded picture of a set with files below 250 MB, and 8 MB of each of 16 files, and
    # tf.data's read-ahead buffer grows by hundreds of MB whenever the reader is slow.
    frugal = tfds.ReadConfig(try_autocache=False, override_buffer_size=2**20, skip_prefetch=True)
    frugal.options.autotune.enabled = False
    with _quiet():
        try:
            return builder.as_dataset(split=split, decoders=decoders, read_config=frugal, shuffle_files=False)
        except ValueError as error:
            raise GanzooError(
                f"'{name}' has no pictures in a split '{split}'. Its splits are {', '.join(builder.info.splits)}; "
                "give one as tfds_split, or a slice of one."
            ) from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].strip().rstrip(".:") if lines else type(error).__name__


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silences TFDS's log messages, but not the progress bars of a download."""
    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)
