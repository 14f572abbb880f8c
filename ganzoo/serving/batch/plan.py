"""The plan of a set: which shard holds which samples, and which seeds draw them, by the set's configuration alone."""

import dataclasses
import math

from ganzoo.errors import GanzooError

ROUNDS = 10  # each round of a shard asks for all samples that the shard still lacks
LARGEST = 2**31 - 1  # a seed's numbers are int32


@dataclasses.dataclass(frozen=True)
class Plan:
    """A set's configuration. Two sets of the same plan are equal, whichever worker makes which shard, and when.

    Attributes:
        model: the export's name.
        export_version: the name of the version's folder.
        export_fingerprint: sha256 of the export's files.
        signature: the signature's name, such as "drs".
        inputs: the signature's inputs besides `num_samples`, `seed` and `labels`.
        labels: classes, taken in turn over the whole set; None for a model without classes.
        seed: 0 .. 2^31 - 1.
        num_samples: samples in the set.
        shard_size: samples in a shard; the last shard may have fewer.
        max_samples: the most samples in one call.
        format: "tfrecord" or "png".

    Raises:
        GanzooError: for a seed out of range, and if there are more calls than seeds.
    """

    model: str
    export_version: str
    export_fingerprint: str
    signature: str
    inputs: dict[str, float | int]
    labels: list[int] | None
    seed: int
    num_samples: int
    shard_size: int
    max_samples: int
    format: str

    def __post_init__(self):
        if not 0 <= self.seed <= LARGEST:
            raise GanzooError(f"seed is {self.seed}; a set takes 0 to {LARGEST}.")
        if self.num_shards * self.calls_per_shard > LARGEST:
            raise GanzooError(
                f"{self.num_samples} samples need more calls than one seed has streams; draw them in several sets of "
                "different --seed."
            )

    @property
    def num_shards(self) -> int:
        return math.ceil(self.num_samples / self.shard_size)

    @property
    def calls_per_shard(self) -> int:
        """The most calls that a shard may take: every round asks for all of its samples."""
        return ROUNDS * math.ceil(self.shard_size / self.max_samples)

    def first(self, shard: int) -> int:
        """The number, within the set, of a shard's first sample."""
        return shard * self.shard_size

    def size(self, shard: int) -> int:
        """How many samples a shard has."""
        return min(self.shard_size, self.num_samples - self.first(shard))

    def labels_of(self, shard: int) -> list[int] | None:
        """The labels of a shard's samples, [size], in turn; None for a model without classes."""
        if self.labels is None:
            return None
        first = self.first(shard)
        return [self.labels[index % len(self.labels)] for index in range(first, first + self.size(shard))]

    def seed_of(self, shard: int, call: int) -> tuple[int, int]:
        """A call's seed, the signatures' int32 [2]; no two calls share a seed.

        The second number determines shard and call, because `call` is less than `calls_per_shard`. The calls of one set
        therefore differ in the second number, and sets of different --seed differ in the first.

        Different seeds give different streams of latents. TensorFlow makes a stream's key, and the upper half of its
        counter, from the seed by Philox under a fixed key, which is a bijection. Rows count in the lower half.
        """
        return self.seed, shard * self.calls_per_shard + call

    def name(self, shard: int) -> str:
        """A shard's file, or the folder of its PNGs."""
        end = ".tfrecord" if self.format == "tfrecord" else ""
        return f"shard-{shard:05d}-of-{self.num_shards:05d}{end}"

    def entry(self, shard: int) -> str:
        """The file of a shard's entry."""
        return f"{self.name(shard).removesuffix('.tfrecord')}.json"
