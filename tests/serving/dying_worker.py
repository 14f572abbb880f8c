"""The command that draws many samples, with a fault: the worker that comes to shard 21 is killed, as by the kernel
when memory runs out."""

import os
import runpy
import signal

from ganzoo.serving.batch import files

SHARD = 21


class DyingSet(files.SampleSet):
    def write(self, shard, rows, facts):
        if shard == SHARD:
            os.kill(os.getpid(), signal.SIGKILL)
        super().write(shard, rows, facts)


if __name__ == "__main__":
    from tests.serving.dying_worker import DyingSet

    files.SampleSet = DyingSet
    runpy.run_module("ganzoo.serving.batch.generate", run_name="__main__", alter_sys=True)
