"""The Beam pipeline that makes a set's missing shards; each worker loads the export once."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import apache_beam as beam
import numpy as np
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.utils.shared import Shared

from export.batch_files import SampleSet
from export.batch_plan import ROUNDS, Plan
from ganzoo import cli
from ganzoo.errors import GanzooError

# Beam's own DirectRunner would look on the network for a runner in Go first; this is the one in this process.
LOCAL_RUNNER = "apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner"

# A request's inputs by name -> its outputs by name
Call = Callable[[Mapping], Mapping[str, np.ndarray]]


class Caller:
    """A signature of an export as a `Call`."""

    def __init__(self, version_dir: str, signature: str):
        with cli.quiet_imports():
            import tensorflow as tf

            from ganzoo.exported import Exported
        self._constant = tf.constant
        self._signature = Exported(version_dir).signatures[signature]
        self._specs = self._signature.structured_input_signature[1]

    def __call__(self, inputs: Mapping) -> Mapping[str, np.ndarray]:
        given = {name: self._constant(inputs[name], spec.dtype) for name, spec in self._specs.items()}
        return {name: output.numpy() for name, output in self._signature(**given).items()}


def draw_shard(plan: Plan, shard: int, call: Call) -> tuple[dict[str, np.ndarray], dict]:
    """A shard's samples, in calls of at most `max_samples`; what a call falls short of is asked for again.

    Returns:
        The rows: `sample` float32 [n, ...] and where there are such `label` int64 [n], `log_ratio` float32 [n]. And the
        entry's facts: num_proposed, acceptance_rate, and seeds, one for each call in order.

    Raises:
        GanzooError: if it is still short after the last round.
    """
    size, labels = plan.size(shard), plan.labels_of(shard)
    seeds, answers = [], []
    lacking = size
    for _ in range(ROUNDS):
        for first in range(0, lacking, plan.max_samples):
            seeds.append(plan.seed_of(shard, len(seeds)))
            asked = {"num_samples": min(plan.max_samples, lacking - first), "seed": seeds[-1], **plan.inputs}
            if labels is not None:
                asked["labels"] = labels[first : first + asked["num_samples"]]
            answers.append({"labels": asked.get("labels"), **call(asked)})
        lacking = size - sum(len(answer["samples"]) for answer in answers)
        if lacking == 0:
            return _joined(answers), {**_costs(answers), "seeds": seeds}
        if labels is not None:
            found = Counter(int(label) for answer in answers for label in answer["labels"])
            labels = sorted((Counter(plan.labels_of(shard)) - found).elements())
    raise GanzooError(
        f"the bound on proposals ran out in each of {ROUNDS} rounds, and {lacking} of {size} samples are lacking; "
        "ask for less strict ones (a lower --gamma_percentile, a smaller --budget)."
    )


def _joined(answers: list[Mapping]) -> dict[str, np.ndarray]:
    rows = {"sample": np.concatenate([answer["samples"] for answer in answers])}
    if answers[0]["labels"] is not None:
        rows["label"] = np.concatenate([np.asarray(answer["labels"], np.int64) for answer in answers])
    if "log_ratio" in answers[0]:
        rows["log_ratio"] = np.concatenate([answer["log_ratio"] for answer in answers])
    return rows


def _costs(answers: list[Mapping]) -> dict:
    """Proposals, and the share of them that was accepted; `generate` takes each as it comes."""
    proposed = [int(answer.get("num_proposed", len(answer["samples"]))) for answer in answers]
    rates = [float(answer.get("acceptance_rate", 1.0)) for answer in answers]
    return {"num_proposed": sum(proposed), "acceptance_rate": float(np.average(rates, weights=proposed))}


class MakeShard(beam.DoFn):
    """Makes the shards whose numbers it is given.

    A shard that cannot be made says so in its entry and does not stop the others: the runners would try it again, and
    wrap what they raise in the end beyond recognition.
    """

    def __init__(self, sample_set: SampleSet, version_dir: str):
        self.sample_set, self.version_dir, self.shared = sample_set, version_dir, Shared()

    def setup(self):
        load = lambda: Caller(self.version_dir, self.sample_set.plan.signature)  # noqa: E731
        self.call = self.shared.acquire(load)  # one for all threads of the worker's process

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
        sample_set: whose plan says what they hold.
        version_dir: the export's version, seen by every worker.
        shards: their numbers.
        runner: of Beam, by its name; "DirectRunner" works in this process.
        options: of Beam's pipeline, as on its command line.
    """
    pipeline_options = PipelineOptions(list(options), runner=LOCAL_RUNNER if runner == "DirectRunner" else runner)
    with beam.Pipeline(options=pipeline_options) as pipeline:
        # The reshuffle is what lets a runner give the shards to different workers.
        _ = pipeline | beam.Create(list(shards)) | beam.Reshuffle() | beam.ParDo(MakeShard(sample_set, version_dir))
