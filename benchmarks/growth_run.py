"""A short training on a set of `growth_data` in its own process, so that the process's peak of memory is its own.

    python -m benchmarks.growth_run DATA_DIR STREAM_ABOVE_MB STEPS

The last line printed is JSON:

- `loaded_mb` and `peak_mb`: the most memory until the set is split, and until the end.
- `load_seconds`: the time to split the set.
- `step_seconds`: the time of a step in the best of ten slices.
- `sha256`: the checksum of the train part.
"""

import json
import sys
import time

from benchmarks.growth_data import NAME
from ganzoo import models
from ganzoo.data.loading import load_parts
from ganzoo.data.pipeline import batches
from ganzoo.environment import peak_memory_mb
from ganzoo.training import loop
from ganzoo.zoo.recipes import load_config

SLICES = 10


def run(data_dir: str, stream_above_mb: int, steps: int) -> dict[str, float | str]:
    """The measurements that the module prints, as a dict."""
    config = load_config("gan", NAME)
    config.data.data_dir, config.data.stream_above_mb = data_dir, stream_above_mb
    start = time.perf_counter()
    parts = load_parts(NAME, **config.data)
    sha256 = parts.describe()["sha256"]["train"]
    loaded = dict(load_seconds=time.perf_counter() - start, loaded_mb=peak_memory_mb(), sha256=sha256)

    model = models.from_config(config, parts.train.shape)
    loop.compile_for(model, config)
    data = batches(parts.train.samples, config.batch_size, seed=config.seed, steps=steps)
    times = []
    for _ in range(SLICES):
        start = time.perf_counter()
        model.fit(data, steps_per_epoch=steps // SLICES, shuffle=False, verbose=0)
        times.append((time.perf_counter() - start) / (steps // SLICES))
    return loaded | dict(step_seconds=min(times), peak_mb=peak_memory_mb())


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
