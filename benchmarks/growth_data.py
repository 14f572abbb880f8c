"""Generated data sets for TensorFlow Datasets, of any number of examples, written fast."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

NAME, VERSION, SPLIT = "ganzoo_growth", "1.0.0", "train"
SIDE, SQUARES, CLASSES = 28, 7, 10  # pictures of 28 x 28 pixels in squares of 4 x 4 equal pixels; all pictures differ


def write_set(data_dir: Path, examples: int, shards: int = 8) -> None:
    """Writes a labelled set of grey PNG pictures in TFRecord files, which `ganzoo` finds in `data_dir` by NAME.

    Args:
        data_dir: a folder that does not have the set yet.
        examples: the number of examples, at least `shards`.
        shards: the number of files.
    """
    folder = data_dir / NAME / VERSION
    folder.mkdir(parents=True)
    template = tfds.core.ShardedFileTemplate(
        data_dir=folder, dataset_name=NAME, split=SPLIT, filetype_suffix="tfrecord"
    )
    lengths = [len(numbers) for numbers in np.array_split(np.arange(examples), shards)]
    bytes_written = 0
    for shard, length in enumerate(lengths):
        path = template.sharded_filepath(shard_index=shard, num_shards=shards)
        with tf.io.TFRecordWriter(str(path)) as writer:
            for example in _examples(length, seed=shard):
                writer.write(example)
                bytes_written += len(example)
    split = tfds.core.SplitInfo(name=SPLIT, shard_lengths=lengths, num_bytes=bytes_written, filename_template=template)
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(SIDE, SIDE, 1)),
            "label": tfds.features.ClassLabel(num_classes=CLASSES),
        }
    )
    tfds.folder_dataset.write_metadata(data_dir=folder, features=features, split_infos=[split], check_data=False)


def _examples(count: int, seed: int) -> Iterator[bytes]:
    """Serialized `tf.train.Example`s."""
    random = np.random.default_rng(seed)
    for number in range(count):
        squares = random.integers(0, 256, (SQUARES, SQUARES), np.uint8)
        png = io.BytesIO()
        Image.fromarray(squares.repeat(SIDE // SQUARES, 0).repeat(SIDE // SQUARES, 1)).save(
            png, "PNG", compress_level=1
        )
        image = tf.train.Feature(bytes_list=tf.train.BytesList(value=[png.getvalue()]))
        label = tf.train.Feature(int64_list=tf.train.Int64List(value=[number % CLASSES]))
        yield tf.train.Example(features=tf.train.Features(feature={"image": image, "label": label})).SerializeToString()
