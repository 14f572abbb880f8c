"""Measures an export on the data it was trained on, or on another data set of the same shape.

python -m ganzoo.evaluate --export_dir runs/wgan_gp-mnist_5k-0/export
python -m ganzoo.evaluate --plugin my_metric.py --export_dir runs/wgan_gp-mnist_5k-0/export
"""

import json
from pathlib import Path

from absl import flags
from ml_collections import ConfigDict

from ganzoo import cli
from ganzoo.errors import GanzooError
from ganzoo.evaluation import SAMPLERS
from ganzoo.zoo import plugins

FLAGS = flags.FLAGS


def main() -> int:
    with cli.quiet_imports():
        plugins.load(FLAGS.plugin)
        from ganzoo import files, tasks
        from ganzoo.serving.exported import Exported

    cli.positive("num_samples", FLAGS.num_samples)
    if FLAGS.out:
        files.check_writable(FLAGS.out, "--out", is_folder=False)
    exported = Exported(FLAGS.export_dir)
    if "config" not in exported.config:
        raise GanzooError(f"{exported.path} was not exported by ganzoo.run: it does not say what it was trained on.")
    config = ConfigDict(exported.config["config"])
    config.seed = FLAGS.seed
    if FLAGS.data_dir is not None:
        config.data.data_dir = FLAGS.data_dir
    if FLAGS.num_samples is not None:
        config.evaluation.num_samples = FLAGS.num_samples
    config.dataset = FLAGS.dataset or config.dataset
    task = tasks.of(config.get("task", "sampling"))  # older exports, all of models that sample, do not say
    data = task.load(config)
    if not FLAGS.dataset and data.describe() != exported.config["split"]:
        raise GanzooError(
            f"'{config.dataset}' is not what {exported.path} was trained on (its split differs): what it was "
            "trained on could be among the test reals. Restore the data, or name them with --dataset."
        )
    metrics = task.measure(exported, data, config, samplers=FLAGS.sampler)
    print(task.describe(metrics))
    if FLAGS.out:
        files.write_json(Path(FLAGS.out), metrics)
    else:
        print(json.dumps(metrics, indent=2))
    return 0


if __name__ == "__main__":
    flags.DEFINE_string("export_dir", None, "an export's folder", required=True)
    flags.DEFINE_string("dataset", None, "the reals to compare with; default: those it was trained on")
    flags.DEFINE_string("data_dir", None, "where TFDS has its data sets")
    flags.DEFINE_integer("num_samples", None, "of each sampler; default: the config's")
    flags.DEFINE_integer("seed", 0, "of the samples")
    flags.DEFINE_multi_enum(
        "sampler", list(SAMPLERS), SAMPLERS, "what to measure of a model that samples; give it again for several"
    )
    flags.DEFINE_multi_string("plugin", [], plugins.HELP)
    flags.DEFINE_string("out", None, "a JSON file for the metrics")
    cli.run(main)
