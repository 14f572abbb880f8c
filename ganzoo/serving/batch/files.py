"""The files of a set of samples: shards that appear whole, an entry beside each, and the manifest of all.

    OUT/manifest.json                      the set's configuration, from the start; once complete, every shard's entry
    OUT/shard-00003-of-00100.tfrecord      tf.train.Examples, see `write_tfrecord`
    OUT/shard-00003-of-00100/00003017.png  or pictures, named by their number within the set; of a conditional model in
                                           a subfolder for each class
    OUT/shard-00003-of-00100.json          the shard's entry: counts, seeds, sha256

A shard counts once its entry is there and has its checksum, so that a crash at any moment leaves a set that can be
completed.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from ganzoo.errors import GanzooError
from ganzoo.files import checksum, remove, whole, write_json
from ganzoo.serving.batch.plan import Plan

MANIFEST = "manifest.json"


def write_tfrecord(path: Path, first: int, rows: Mapping[str, np.ndarray]) -> None:
    """One tf.train.Example for each sample: `index` int64 (`first`, `first + 1`, ...), `sample` float32, flat in C
    order, and where there are such `label` int64 and `log_ratio` float32."""
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
            writer.write(example.SerializeToString(deterministic=True))  # the order of a map is else any


def write_pngs(path: Path, first: int, rows: Mapping[str, np.ndarray]) -> None:
    """A PNG for each sample, its number within the set as the name; of a conditional model in its class's folder."""
    from ganzoo.pictures import drawing

    for place, picture in enumerate(drawing.to_uint8(rows["sample"])):
        folder = path / str(rows["label"][place]) if "label" in rows else path
        drawing.write_png(folder / f"{first + place:08d}.png", picture)


WRITERS = {"tfrecord": write_tfrecord, "png": write_pngs}


class SampleSet:
    """The folder of a set, or of as much of it as there is.

    Args:
        plan: what the set is.
        folder: on a file system that every worker sees.
    """

    def __init__(self, plan: Plan, folder: str | Path):
        self.plan, self.folder = plan, Path(folder)

    def begin(self) -> None:
        """Makes the folder and writes its configuration, or finds the same one there.

        Raises:
            GanzooError: if the folder holds anything else.
        """
        configuration = dataclasses.asdict(self.plan)
        manifest = self.folder / MANIFEST
        if manifest.is_file():
            there = _read(manifest).get("configuration", {})
            for name, value in configuration.items():
                if there.get(name) != value:
                    raise GanzooError(
                        f"{self.folder} holds another set: its {name} is {there.get(name)}, this one's {value}. "
                        "Give another --out, or remove it."
                    )
            return
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise GanzooError(f"{self.folder} is no empty folder and holds no {MANIFEST}; give another --out.")
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(manifest, {"complete": False, "configuration": configuration})

    def write(self, shard: int, rows: Mapping[str, np.ndarray], facts: Mapping) -> None:
        """Writes a shard and then its entry.

        Args:
            shard: its number.
            rows: `sample` float32 [n, ...] and where there are such `label` int64 [n], `log_ratio` float32 [n].
            facts: go to the entry.
        """
        name, first = self.plan.name(shard), self.plan.first(shard)
        writer = WRITERS[self.plan.format]
        with whole(self.folder / name) as beside:
            writer(beside, first, rows)
            found = checksum(beside)
        write_json(
            self._entry(shard),
            {"name": name, "first": first, "num_samples": len(rows["sample"]), **facts, "sha256": found},
        )

    def write_failure(self, shard: int, reason: str) -> None:
        """Says why a shard could not be made; it stays missing."""
        write_json(self._entry(shard), {"name": self.plan.name(shard), "failed": reason})

    def entries(self, shards: Iterable[int] | None = None) -> dict[int, dict]:
        """The entries of those of the shards (None: of all) that are there and have the checksum that was taken of
        them, by shard; every one of them is read."""
        found = {}
        for shard in range(self.plan.num_shards) if shards is None else shards:
            entry, path = _read(self._entry(shard)), self.folder / self.plan.name(shard)
            if "sha256" in entry and path.exists() and checksum(path) == entry["sha256"]:
                found[shard] = entry
        return found

    def count(self, shards: Iterable[int]) -> int:
        """How many of some shards have an entry, whatever it says; quick, for progress."""
        return sum(self._entry(shard).exists() for shard in shards)

    def forget(self, shards: Iterable[int]) -> None:
        """Removes the entries of shards that are to be made again."""
        for shard in shards:
            self._entry(shard).unlink(missing_ok=True)

    def failures(self) -> dict[int, str]:
        """Why shards could not be made, by shard."""
        entries = {shard: _read(self._entry(shard)) for shard in range(self.plan.num_shards)}
        return {shard: entry["failed"] for shard, entry in entries.items() if "failed" in entry}

    def complete(self, entries: Mapping[int, Mapping]) -> dict:
        """Writes the manifest of a set that has every shard, and returns it; sweeps up what killed workers left."""
        for leftover in self.folder.glob(".shard-*"):
            remove(leftover)
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
        write_json(self.folder / MANIFEST, manifest)
        return manifest

    def _entry(self, shard: int) -> Path:
        return self.folder / f"{self.plan.name(shard).removesuffix('.tfrecord')}.json"


def _read(path: Path) -> dict:
    """A JSON file; one that is not there, or is broken, says nothing."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
