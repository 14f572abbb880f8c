"""The Beam pipeline that makes a set's missing shards; each worker loads the export once."""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import apache_beam as beam
import numpy as np
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.utils.shared import Shared

from ganzoo import cli
from ganzoo.errors import GanzooError
from ganzoo.serving.answers import joined
from ganzoo.serving.batch.files import SampleSet
from ganzoo.serving.batch.plan import ROUNDS, Plan

# Beam's own DirectRunner first looks for a runner in Go on the network; this runner works in this process.
LOCAL_RUNNER = "apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner"

# A request's inputs by name -> its outputs by name
Call = Callable[[Mapping], Mapping[str, np.ndarray]]


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


class MakeShard(beam.DoFn):
    """Makes the shards whose numbers arrive.

    If a shard cannot be made, its entry says why, and the other shards go on. An exception would not do: the runners
    would try the shard again, and wrap the exception beyond recognition.
    """

    def __init__(self, sample_set: SampleSet, version_dir: str):
        self.sample_set, self.version_dir, self.shared = sample_set, version_dir, Shared()

    def setup(self):
        with cli.quiet_imports():
            from ganzoo.serving.exported import Exported

        # All threads of the worker's process share one loaded export.
        exported = self.shared.acquire(functools.partial(Exported, self.version_dir))
        self.call = functools.partial(exported.call, self.sample_set.plan.signature)

    def process(self, shard: int) -> None:
        try:
            self.sample_set.write(shard, *draw_shard(self.sample_set.plan, shard, self.call))
        except GanzooError as error:
            self.sample_set.write_failure(shard, str(error))


def run(
    sample_set: SampleSet,
    version_dir: str,
    shards: Iterable[int],
    *,
    runner: str = "DirectRunner",
    options: Iterable[str] = (),
) -> None:
    """Makes shards, and returns when all of them have been tried.

    Args:
        sample_set: the set, with the plan of its shards.
        version_dir: the folder of the export's version, which every worker sees.
        shards: the numbers of the shards to make.
        runner: the name of Beam's runner; "DirectRunner" works in this process.
        options: options of Beam's pipeline, as on its command line.
    """
    pipeline_options = PipelineOptions(list(options), runner=LOCAL_RUNNER if runner == "DirectRunner" else runner)
    with beam.Pipeline(options=pipeline_options) as pipeline:
        # The reshuffle lets a runner give the shards to different workers.
        _ = pipeline | beam.Create(list(shards)) | beam.Reshuffle() | beam.ParDo(MakeShard(sample_set, version_dir))
