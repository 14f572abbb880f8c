"""Makes a shard: draws its samples from an export, which each process loads once, and writes its files."""

import functools
import importlib.metadata
import threading
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np

from ganzoo import cli, environment
from ganzoo.errors import GanzooError
from ganzoo.files import checksum
from ganzoo.serving.answers import joined
from ganzoo.serving.batch.files import SampleSet
from ganzoo.serving.batch.plan import ROUNDS, Plan

# A request's inputs by name -> its outputs by name
Call = Callable[[Mapping], Mapping[str, np.ndarray]]


def versions() -> dict[str, str]:
    """The versions, by package, on which the bytes of a set depend."""
    return {"ganzoo": environment.__version__, "tensorflow": importlib.metadata.version("tensorflow")}


def wrong_version(name: str, version: str, needed: str) -> str:
    """The error's words for a worker whose package has another version."""
    return f"{name} is {version} here, and {needed} where the command was given. Install {name} {needed} here."


class Maker:
    """Makes shards of a set. It is sent to workers as it is; a worker's process loads the export at its first shard.

    Args:
        sample_set: the set, with the plan of its shards.
        version_dir: the folder of the export's version, which every worker sees.
    """

    def __init__(self, sample_set: SampleSet, version_dir: str):
        self.sample_set, self.version_dir, self.versions = sample_set, version_dir, versions()

    def make(self, shard: int) -> None:
        """Draws and writes a shard. If the export cannot give the shard, its entry says why.

        Raises:
            GanzooError: if the folder holds no export or another export than the plan's, if ganzoo or TensorFlow has
                another version here, and for a URL that cannot be written.
            OSError: if the shard cannot be written.
        """
        plan = self.sample_set.plan
        call = functools.partial(self._export().call, plan.signature)
        try:
            drawn = draw_shard(plan, shard, call)
        except GanzooError as error:
            # An exception would not do: engines would try the shard again, and wrap the exception beyond recognition.
            self.sample_set.write_failure(shard, str(error))
        else:
            self.sample_set.write(shard, *drawn)

    def _export(self):
        with _loading:  # all threads of a worker's process share one loaded export
            return _loaded(self.version_dir, self.sample_set.plan.export_fingerprint, *self.versions.items())


_loading = threading.Lock()


@functools.lru_cache(maxsize=1)
def _loaded(version_dir: str, fingerprint: str, *needed: tuple[str, str]):
    for name, version in versions().items():
        if version != dict(needed)[name]:
            raise GanzooError(wrong_version(name, version, dict(needed)[name]))
    with cli.quiet_imports():
        from ganzoo.serving.exported import Exported

    exported = Exported(version_dir)
    if checksum(exported.path) != fingerprint:
        raise GanzooError(f"{version_dir} holds another export here than where the command was given.")
    return exported


def draw_shard(plan: Plan, shard: int, call: Call) -> tuple[dict[str, np.ndarray], dict]:
    """Draws a shard's samples in calls of at most `max_samples`; samples that a call falls short of are drawn again.

    Returns:
        The rows: `sample` float32 [n, ...], and if the outputs have them `label` int64 [n] and `log_ratio` float32 [n].
        The entry's facts: `num_proposed`, `acceptance_rate`, and `seeds`, one for each call in order.

    Raises:
        GanzooError: if samples are still missing after the last round.
    """
    size, labels = plan.size(shard), plan.labels_of(shard)
    seeds, answers = [], []
    lacking = size
    for _ in range(ROUNDS):
        for first in range(0, lacking, plan.max_samples):
            seeds.append(plan.seed_of(shard, len(seeds)))
            inputs = {"num_samples": min(plan.max_samples, lacking - first), "seed": seeds[-1], **plan.inputs}
            if labels is not None:
                inputs["labels"] = labels[first : first + inputs["num_samples"]]
            answers.append(dict(call(inputs)))
            if labels is not None:  # signatures that reject return the labels of the accepted samples themselves
                answers[-1].setdefault("labels", np.array(inputs["labels"], np.int64))
        lacking = size - sum(len(answer["samples"]) for answer in answers)
        if lacking == 0:
            rows, costs = _rows_and_costs(answers)
            return rows, costs | {"seeds": seeds}
        if labels is not None:
            drawn = Counter(int(label) for answer in answers for label in answer["labels"])
            labels = sorted((Counter(plan.labels_of(shard)) - drawn).elements())
    raise GanzooError(
        f"the bound on proposals ran out in each of {ROUNDS} rounds, and {lacking} of {size} samples are lacking; "
        "ask for less strict ones (a lower --gamma_percentile, a smaller --budget)."
    )


def _rows_and_costs(answers: list[Mapping]) -> tuple[dict[str, np.ndarray], dict]:
    """The rows that the set stores, and the proposals that they cost; `generate` accepts every proposal."""
    outputs = joined(answers)
    names = {"samples": "sample", "labels": "label", "log_ratio": "log_ratio"}
    rows = {name: outputs[output] for output, name in names.items() if output in outputs}
    proposed = int(outputs.get("num_proposed", len(outputs["samples"])))
    return rows, {"num_proposed": proposed, "acceptance_rate": float(outputs.get("acceptance_rate", 1.0))}
