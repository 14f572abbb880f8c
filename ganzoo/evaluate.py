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
MOST_SCORED = 10_000  # reals, and as many samples, whose log ratios are checked
SUSPECT = 3.0  # standard deviations: a Dawid's Z beyond it is not chance


def evaluate(
    exported: "Exported", parts: "Parts", num_samples: int, *, seed: int = 0, samplers: Sequence[str] = SAMPLERS
) -> dict[str, dict[str, float]]:
    """The metrics of an export's samplers beside those of reals against reals.

    Args:
        exported: what to measure; the very signatures that will be served.
        parts: the reals, split; the test part is what samples are compared with.
        num_samples: of each sampler.
        seed: of the samples.
        samplers: signatures that draw; one that the export does not have is left out.

    Returns:
        `{"generate": {metric: value}, "drs": {...}, ..., "floor": {...}}`. Besides quality: `samples_per_second`,
        `acceptance_rate` and `fraction_of_bound`, the proposals a second as a share of what the generator and the log
        ratio alone could make.

    Raises:
        GanzooError: if the reals have another shape than the samples.
    """
    from ganzoo.evaluation.evaluator import Evaluator

    evaluator = Evaluator(parts.train, parts.test)
    bound = exported.proposals_per_second() if "propose" in exported.signatures else None
    rows = {}
    for sampler in samplers:
        if sampler not in exported.signatures:
            continue
        exported.draw(sampler, 1, seed=seed)  # the first call of a signature takes longer
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
            rows[sampler]["fraction_of_bound"] = float(draws["num_proposed"]) / seconds / bound
    return rows | {"floor": evaluator.floor(num_samples)}


def calibration(exported: "Exported", parts: "Parts", *, seed: int = 0, plot: Path | None = None) -> dict[str, float]:
    """Whether the log ratios that an export rejects by are calibrated, on reals that it was neither fitted nor
    calibrated on.

    Args:
        exported: its signature `score` is what is asked.
        parts: the reals, split; as many of the test part as of the generator's samples are scored.
        seed: of the samples.
        plot: where a reliability diagram is to be written, as PNG.

    Returns:
        `dawids_z` (about N(0, 1) where calibrated), `log_loss` (natural log; .693 is chance) and `brier`; empty for an
        export without a density ratio.
    """
    from ganzoo.data import reals
    from ganzoo.evaluation.reliability import dawids_z, plot_reliability, reliability

    if "drs" not in exported.signatures:
        return {}
    test = reals.to_float(parts.test.samples[:MOST_SCORED])
    fakes = exported.draw("generate", len(test), seed=seed)["samples"]
    logits = [exported.score(samples)["log_ratio"] for samples in (test, fakes)]
    if plot is not None:
        plot_reliability(plot, {"log_ratio on the test part": logits})
    scores = reliability(*logits)
    return {"dawids_z": dawids_z(*logits), "log_loss": scores.log_loss, "brier": scores.brier}


def describe(metrics: dict[str, dict[str, float]]) -> str:
    """The samplers' table, and a line on the calibration with a warning where it fails."""
    from ganzoo.evaluation.table import format_table

    lines = [format_table({name: row for name, row in metrics.items() if name != "log_ratio"})]
    if found := metrics.get("log_ratio"):
        lines.append(
            f"log ratio on the test part: Dawid's Z {found['dawids_z']:.2f}, log loss {found['log_loss']:.3f} "
            f"(chance .693), Brier score {found['brier']:.3f}"
        )
        if abs(found["dawids_z"]) > SUSPECT:
            lines.append(
                f"ganzoo: the log ratio is not calibrated (|Z| > {SUSPECT:.0f}): its mean is off. drs and obrs only "
                "use its differences and hardly suffer; for mh and for `score` more held-out reals or another "
                "--config.ratio.calibration may help."
            )
    return "\n".join(lines)


def main() -> int:
    with cli.quiet_imports():
        from ganzoo.data import load
        from ganzoo.data.parts import split
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
    metrics["log_ratio"] = calibration(exported, parts, seed=FLAGS.seed)
    print(describe(metrics))
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
    flags.DEFINE_multi_enum("sampler", list(SAMPLERS), SAMPLERS, "what to measure; give it again for several")
    flags.DEFINE_string("out", None, "a JSON file for the metrics")
    cli.run(main)
