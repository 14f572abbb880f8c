"""`python -m export.batch_generate` with a fault: the worker that comes to shard 21 is killed, as by the kernel when
memory runs out."""

import os
import runpy
import signal

from export import batch_files

SHARD = 21


class DyingSet(batch_files.SampleSet):
    def write(self, shard, rows, facts):
        if shard == SHARD:
            os.kill(os.getpid(), signal.SIGKILL)
        super().write(shard, rows, facts)


if __name__ == "__main__":
    from tests.export.dying_worker import DyingSet  # by the name that workers can import it by

    batch_files.SampleSet = DyingSet
    runpy.run_module("export.batch_generate", run_name="__main__", alter_sys=True)
