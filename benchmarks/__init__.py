"""The programs that make the tables of RESULTS.md, each run as `python -m benchmarks.NAME`. The tests time nothing."""

import ganzoo  # noqa: F401 - before the programs import TensorFlow, which it tunes
