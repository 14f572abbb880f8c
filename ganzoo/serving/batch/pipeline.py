"""The Beam pipeline that makes a set's missing shards.

Not every runner keeps what a pipeline hands on: Beam 2.77.0's DaskRunner loses what comes from `finish_bundle` and all
branches but the last, and reports success. Therefore one call of `process` makes a whole shard, nothing comes after it,
and the command counts the shards itself, whatever the runner reports.
"""

from collections.abc import Iterable

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from ganzoo.serving.batch.making import Maker

# Beam's own DirectRunner first looks for a runner in Go on the network; this runner works in this process.
LOCAL_RUNNER = "apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner"


class MakeShard(beam.DoFn):
    """Makes the shards whose numbers arrive, and hands nothing on."""

    def __init__(self, maker: Maker):
        self.maker = maker

    def process(self, shard: int) -> None:
        self.maker.make(shard)


def run(maker: Maker, shards: Iterable[int], *, runner: str = "DirectRunner", options: Iterable[str] = ()) -> None:
    """Makes shards, and returns when the runner says that all of them have been tried.

    Args:
        maker: makes the shards.
        shards: the numbers of the shards to make.
        runner: the name of Beam's runner; "DirectRunner" works in this process.
        options: options of Beam's pipeline, as on its command line.
    """
    pipeline_options = PipelineOptions(list(options), runner=LOCAL_RUNNER if runner == "DirectRunner" else runner)
    with beam.Pipeline(options=pipeline_options) as pipeline:
        # The reshuffle lets a runner give the shards to different workers.
        _ = pipeline | beam.Create(list(shards)) | beam.Reshuffle() | beam.ParDo(MakeShard(maker))
