"""Measures an export on the data it was trained on, or on another data set of the same shape.

python -m ganzoo.evaluate --export_dir runs/wgan_gp-mnist_5k-0/export
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from ganzoo import cli
from ganzoo.errors import GanzooError

if TYPE_CHECKING:
    from ganzoo.data.parts import Parts
    from ganzoo.exported import Exported

FLAGS = flags.FLAGS
SAMPLERS = ("generate", "drs", "obrs", "mh")
QUICK = ("generate", "drs", "obrs")  # mh takes its hundreds of proposals for each sample


def evaluate(
    exported: "Exported", parts: "Parts", num_samples: int, *, seed: int = 0, samplers: Sequence[str] = QUICK
) -> dict[str, dict[str, float]]:
    """The metrics of an export's samplers beside those of reals against reals.

    Args:
        exported: what to measure; the very signatures that will be served.
        parts: the reals, split; the test part is what samples are compared with.
        num_samples: of each sampler.
        seed: of the samples.
        samplers: signatures that draw; one that the export does not have is left out.

    Returns:
        `{"generate": {metric: value}, "drs": {...}, ..., "floor": {...}}`.

    Raises:
        GanzooError: if the reals have another shape than the samples.
    """
    from ganzoo.evaluation.evaluator import Evaluator

    evaluator = Evaluator(parts.train, parts.test)
    rows = {}
    for sampler in samplers:
        if sampler not in exported.signatures:
            continue
        start = time.perf_counter()
        draws = exported.draw(sampler, num_samples, seed=seed)
        seconds = time.perf_counter() - start
        if len(draws["samples"]) < num_samples:
            print(
                f"ganzoo: {sampler} found only {len(draws['samples'])} of {num_samples} samples within its bound on "
                "proposals; they alone are measured."
            )
        if len(draws["samples"]) == 0:
            continue
        rows[sampler] = evaluator.measure(draws["samples"]) | {"samples_per_second": num_samples / seconds}
        if "acceptance_rate" in draws:
            rows[sampler]["acceptance_rate"] = float(draws["acceptance_rate"])
    return rows | {"floor": evaluator.floor(num_samples)}


def main() -> int:
    with cli.quiet_imports():
        from ganzoo.data import load
        from ganzoo.data.parts import split
        from ganzoo.evaluation.table import format_table
        from ganzoo.exported import Exported
        from ganzoo.training import workdirs

    cli.positive("num_samples", FLAGS.num_samples)
    exported = Exported(FLAGS.export_dir)
    if "config" not in exported.config:
        raise GanzooError(f"{exported.path} was not exported by ganzoo.run: it does not say what it was trained on.")
    config = exported.config["config"]
    data = config["data"] | ({"data_dir": FLAGS.data_dir} if FLAGS.data_dir is not None else {})
    parts = split(load(FLAGS.dataset or config["dataset"], **data))
    if not FLAGS.dataset and parts.describe() != exported.config["split"]:
        raise GanzooError(
            f"'{config['dataset']}' is not what {exported.path} was trained on (its split differs): what it was "
            "trained on could be among the test reals. Restore the data, or name them with --dataset."
        )
    metrics = evaluate(
        exported,
        parts,
        FLAGS.num_samples or config["evaluation"]["num_samples"],
        seed=FLAGS.seed,
        samplers=FLAGS.sampler,
    )
    print(format_table(metrics))
    if FLAGS.out:
        workdirs.write_json(Path(FLAGS.out), metrics)
    else:
        print(json.dumps(metrics, indent=2))
    return 0


if __name__ == "__main__":
    flags.DEFINE_string("export_dir", None, "an export's folder", required=True)
    flags.DEFINE_string("dataset", None, "the reals to compare with; default: those it was trained on")
    flags.DEFINE_string("data_dir", None, "where TFDS has its data sets")
    flags.DEFINE_integer("num_samples", None, "of each sampler; default: the config's")
    flags.DEFINE_integer("seed", 0, "of the samples")
    flags.DEFINE_multi_enum("sampler", list(QUICK), SAMPLERS, "what to measure; give it again for several")
    flags.DEFINE_string("out", None, "a JSON file for the metrics")
    cli.run(main)
