"""A runner of Beam that loses two shards and reports success, as Beam's DaskRunner does with other pipelines."""

from apache_beam.pipeline import PipelineVisitor
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from ganzoo.serving.batch.pipeline import MakeShard

LOST = (2, 5)


class LosingRunner(FnApiRunner):
    def run_pipeline(self, pipeline, options):
        pipeline.visit(_Losing())
        return super().run_pipeline(pipeline, options)


class _Losing(PipelineVisitor):
    def visit_transform(self, node):
        step = getattr(node.transform, "fn", None)
        if isinstance(step, MakeShard):
            step.maker = _LosingMaker(step.maker)


class _LosingMaker:
    def __init__(self, maker):
        self.maker = maker

    def make(self, shard):
        if shard not in LOST:
            self.maker.make(shard)
