"""The files of a set of samples: shards that appear whole, an entry beside each shard, and one manifest.

    OUT/manifest.json                      the set's configuration, from the start; once complete, every shard's entry
    OUT/shard-00003-of-00100.tfrecord      tf.train.Examples, see `write_tfrecord`
    OUT/shard-00003-of-00100/00003017.png  or pictures, named by their number within the set; a conditional model's
                                           pictures lie in a subfolder for each class
    OUT/shard-00003-of-00100.json          the shard's entry: counts, seeds, sha256

A shard is made once its entry exists and holds the checksum of its files. After a crash at any moment, the set can
therefore be completed.
"""

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from ganzoo.errors import GanzooError
from ganzoo.serving.batch import storage
from ganzoo.serving.batch.plan import Plan

MANIFEST = "manifest.json"


def write_tfrecord(path: Path, first: int, rows: Mapping[str, np.ndarray]) -> None:
    """Writes one tf.train.Example for each sample.

    Its features are `index` int64 (`first`, `first + 1`, ...) and `sample` float32, flat in C order. If the rows have
    them, also `label` int64 and `log_ratio` float32.
    """
    import tensorflow as tf

    def feature(value: np.ndarray) -> tf.train.Feature:
        flat = np.ravel(value)
        if np.issubdtype(flat.dtype, np.integer):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=flat))
        return tf.train.Feature(float_list=tf.train.FloatList(value=flat))

    rows = {"index": first + np.arange(len(rows["sample"])), **rows}
    with tf.io.TFRecordWriter(str(path)) as writer:
        for values in zip(*rows.values(), strict=True):
            features = {name: feature(value) for name, value in zip(rows, values, strict=True)}
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString(deterministic=True))  # the default orders a map at random


def write_pngs(path: Path, first: int, rows: Mapping[str, np.ndarray]) -> None:
    """Writes a PNG for each sample, named by its number within the set, in its class's folder if it has a label."""
    from ganzoo.pictures import drawing

    for place, picture in enumerate(drawing.to_uint8(rows["sample"])):
        folder = path / str(rows["label"][place]) if "label" in rows else path
        drawing.write_png(folder / f"{first + place:08d}.png", picture)


WRITERS = {"tfrecord": write_tfrecord, "png": write_pngs}


class SampleSet:
    """The files of a set, complete or not.

    Args:
        plan: the set's plan.
        out: a folder on a file system that every worker sees, or a URL that fsspec knows.

    Raises:
        GanzooError: for a URL that cannot be opened.
    """

    def __init__(self, plan: Plan, out: str | Path):
        self.plan, self.store = plan, storage.opened(out)

    def begin(self) -> None:
        """Writes the configuration, unless the same configuration is there already.

        Raises:
            GanzooError: if anything else is there.
        """
        configuration = dataclasses.asdict(self.plan)
        names = self.store.names()
        if MANIFEST in names:
            existing = self.store.read(MANIFEST).get("configuration", {})
            for name, value in configuration.items():
                if existing.get(name) != value:
                    raise GanzooError(
                        f"{self.store} holds another set: its {name} is {existing.get(name)}, this one's {value}. "
                        "Give another --out, or remove it."
                    )
            return
        if names:
            raise GanzooError(f"{self.store} is no empty folder and holds no {MANIFEST}; give another --out.")
        self.store.write(MANIFEST, {"complete": False, "configuration": configuration})

    def write(self, shard: int, rows: Mapping[str, np.ndarray], facts: Mapping) -> None:
        """Writes a shard and then its entry.

        Args:
            shard: the shard's number.
            rows: `sample` float32 [n, ...]; optionally `label` int64 [n] and `log_ratio` float32 [n].
            facts: further values of the entry.
        """
        name, first = self.plan.name(shard), self.plan.first(shard)
        writer = functools.partial(WRITERS[self.plan.format], first=first, rows=rows)
        sha256 = self.store.put(name, writer)
        self.store.write(
            self.plan.entry(shard),
            {"name": name, "first": first, "num_samples": len(rows["sample"]), **facts, "sha256": sha256},
        )

    def write_failure(self, shard: int, reason: str) -> None:
        """Writes an entry that says why a shard could not be made; the shard stays missing."""
        self.store.write(self.plan.entry(shard), {"name": self.plan.name(shard), "failed": reason})

    def entries(self, shards: Iterable[int]) -> dict[int, dict]:
        """The entries of finished shards, by shard.

        A shard is finished if its files have the entry's checksum. Every file is read to take the checksum.

        Args:
            shards: the shards to look at.
        """
        finished = {}
        for shard in shards:
            entry = self.store.read(self.plan.entry(shard))
            if "sha256" in entry and self.store.checksum(self.plan.name(shard)) == entry["sha256"]:
                finished[shard] = entry
        return finished

    def begun(self) -> list[int]:
        """The shards that have an entry, right or wrong, in order; one look at the names finds them."""
        names = self.store.names()
        return [shard for shard in range(self.plan.num_shards) if self.plan.entry(shard) in names]

    def forget(self, shards: Iterable[int]) -> None:
        """Removes the entries of shards, before the shards are made again."""
        for shard in shards:
            self.store.remove(self.plan.entry(shard))

    def failures(self, shards: Iterable[int]) -> dict[int, str]:
        """The reasons why shards could not be made, by shard."""
        entries = {shard: self.store.read(self.plan.entry(shard)) for shard in shards}
        return {shard: entry["failed"] for shard, entry in entries.items() if "failed" in entry}

    def complete(self, entries: Mapping[int, Mapping]) -> dict:
        """Writes and returns the manifest of a set that has every shard; removes what killed workers left behind."""
        self.store.remove_unfinished()
        shards = [entries[shard] for shard in range(self.plan.num_shards)]
        proposed = sum(shard["num_proposed"] for shard in shards)
        manifest = {
            "complete": True,
            "configuration": dataclasses.asdict(self.plan),
            "num_samples": sum(shard["num_samples"] for shard in shards),
            "num_proposed": proposed,
            "acceptance_rate": sum(shard["acceptance_rate"] * shard["num_proposed"] for shard in shards) / proposed,
            "shards": shards,
        }
        self.store.write(MANIFEST, manifest)
        return manifest
