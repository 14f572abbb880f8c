r"""Measures the size, operations and load time of exports by this build and another; the table is in docs/runtimes.md.

    python -m benchmarks.export_sizes --against 1e8b19c
    python -m benchmarks.export_sizes --against 1e8b19c --models wgan_gp,cgan

The other revision of this repository trains each entry for `--steps` by its default recipe, and exports. This build
exports the same run again (`benchmarks.exports_in_turn`). So both exports have the same networks, of the size that
users get. An entry that the other revision does not have is left out.
"""

import time
from pathlib import Path
from typing import NamedTuple

from absl import flags

from benchmarks import exports_in_turn, measuring, revisions
from benchmarks.exports_in_turn import OTHER, THIS
from benchmarks.runtimes import PAGE
from ganzoo import cli
from ganzoo.zoo.recipes import load_config
from ganzoo.zoo.registry import in_package

FLAGS = flags.FLAGS
ROUNDS = 5  # loads of each export, in turn
SHORT = ("--config.ratio.refit.steps=3", "--config.ratio.smoothed.steps=3", "--config.sampling.burn_in=1024")


class Contents(NamedTuple):
    """What an export consists of.

    Attributes:
        graph_mb: the size of `saved_model.pb`, the graph and its constants, in MB.
        weights_mb: the size of the files of variables, in MB.
        operations: nodes of the graph and of its functions.
        seconds: the best time of `tf.saved_model.load`.
    """

    graph_mb: float
    weights_mb: float
    operations: int
    seconds: float = 0.0


def contents(version: Path) -> Contents:
    """The sizes of an export's version; it is not loaded."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    written = (version / "saved_model.pb").read_bytes()
    (meta_graph,) = SavedModel.FromString(written).meta_graphs
    functions = meta_graph.graph_def.library.function
    operations = len(meta_graph.graph_def.node) + sum(len(function.node_def) for function in functions)
    weights = sum(path.stat().st_size for path in (version / "variables").iterdir())
    return Contents(len(written) / 1e6, weights / 1e6, operations)


def measure(entry: str, revision: str, steps: int, folder: Path) -> dict[str, Contents]:
    """The contents of an entry's export, by THIS and OTHER.

    Args:
        entry: the name of a model of both builds.
        revision: the other one.
        steps: of the training.
        folder: the place of the run and of this build's export.
    """
    import tensorflow as tf

    arguments = ["--model", entry, "--steps", str(steps)]
    if load_config(entry).task == "sampling":
        arguments += ["--config.evaluation.num_samples=200", *SHORT]
    versions = exports_in_turn.exports(revision, arguments, folder)
    seconds = {build: [] for build in versions}
    for _ in range(ROUNDS):
        for build, version in versions.items():
            start = time.perf_counter()
            tf.saved_model.load(str(version))
            seconds[build].append(time.perf_counter() - start)
    return {build: contents(version)._replace(seconds=min(seconds[build])) for build, version in versions.items()}


def table(found: dict[str, dict[str, Contents]]) -> str:
    """A line for each entry; each cell has the other build's figure and this one's."""
    from benchmarks.sampler_tables import figure, markdown

    header = ["entry", "graph, MB", "weights, MB", "operations", "seconds to load"]
    lines = []
    for entry, builds in found.items():
        pairs = list(zip(builds[OTHER], builds[THIS], strict=True))
        lines.append([entry, *(f"{figure(before)} → {figure(now)}" for before, now in pairs)])
    return markdown(header, lines)


def main() -> int:
    cli.positive("steps", FLAGS.steps)
    with cli.quiet_imports():
        import tensorflow  # noqa: F401 - its remarks are silenced here
    found, there = {}, revisions.entries(FLAGS.against)
    for entry in filter(there.__contains__, FLAGS.models):
        found[entry] = measure(entry, FLAGS.against, FLAGS.steps, Path(FLAGS.workdir) / FLAGS.against / entry)
        print(entry, *found[entry].items(), flush=True)
    text = (
        f"Before: {FLAGS.against}; after: this build; the same runs, on {measuring.machine()}. Loads: the best of "
        f"{ROUNDS} in turn.\n\n{table(found)}"
    )
    measuring.write_between(PAGE, "export sizes", text)
    return 0


if __name__ == "__main__":
    flags.DEFINE_string("against", None, "a revision of this repository whose exports are compared", required=True)
    flags.DEFINE_list("models", in_package(), "entries of the zoo")
    flags.DEFINE_integer("steps", 3, "training steps of each entry")
    flags.DEFINE_string("workdir", "runs/export_sizes", "folder of the trainings")
    cli.run(main)
