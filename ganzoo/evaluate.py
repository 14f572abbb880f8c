"""Measures an export on the data it was trained on, or on another data set.

With `--resize`, pictures of another size are brought to the size of the export's pictures.

python -m ganzoo.evaluate --export_dir runs/wgan_gp-mnist_5k-0/export
python -m ganzoo.evaluate --plugin my_metric.py --export_dir runs/wgan_gp-mnist_5k-0/export
python -m ganzoo.evaluate --export_dir runs/wgan_gp-mnist_5k-0/export --dataset folder:scans --resize
python -m ganzoo.evaluate --export_dir runs/photos/export --feature_extractor vgg16_weights.h5
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags
from ml_collections import ConfigDict

from ganzoo import cli
from ganzoo.errors import GanzooError
from ganzoo.evaluation import SAMPLERS
from ganzoo.zoo import plugins
from ganzoo.zoo.recipes import BEFORE

if TYPE_CHECKING:
    from ganzoo.data.parts import Domains, Parts
    from ganzoo.serving.exported import Exported

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
    if FLAGS.feature_extractor is not None:
        config.evaluation.feature_extractor = FLAGS.feature_extractor
    if FLAGS.num_samples is not None:
        config.evaluation.num_samples = FLAGS.num_samples
    config.dataset = FLAGS.dataset or config.dataset
    if config.get("task", "sampling") == "sampling" and not FLAGS.dataset and "split" not in config.data:
        config.data.split = BEFORE["data.split"]
    shape = sample_shape(exported)
    if FLAGS.resize:
        resize(config, shape)
    task = tasks.of(config.get("task", "sampling"))  # older exports, all of models that sample, do not say
    data = task.load(config)
    if not FLAGS.dataset and data.describe() != exported.config["split"]:
        raise GanzooError(
            f"'{config.dataset}' is not what {exported.path} was trained on (its split differs): what it was "
            "trained on could be among the test reals. Restore the data, or name them with --dataset."
        )
    check_shape(exported, data, shape)
    metrics = task.measure(exported, data, config, samplers=FLAGS.sampler)
    print(task.describe(metrics))
    if FLAGS.out:
        files.write_json(Path(FLAGS.out), metrics)
    else:
        print(json.dumps(metrics, indent=2))
    return 0


def sample_shape(exported: "Exported") -> tuple[int, ...]:
    """The shape of one sample of an export, (height, width, channels) or (2,); of a translator, its training size."""
    if "directions" in exported.config:
        return tuple(exported.config["image_shape"])
    return exported.specs("score")["samples"].shape[1:]


def resize(config: ConfigDict, shape: tuple[int, ...]) -> None:
    """Asks for the data's pictures in the size and the channels of an export's.

    Raises:
        GanzooError: if the export makes points.
    """
    if len(shape) != 3:
        raise GanzooError("--resize is for pictures, and this export makes points: leave it out.")
    config.data.channels = shape[2]
    if "load_size" in config.data:
        config.data.image_size, config.data.load_size = shape[0], 0
    else:
        config.data.image_size, config.data.sides = 0, tuple(shape[:2])


def check_shape(exported: "Exported", data: "Parts | Domains", shape: tuple[int, ...]) -> None:
    """Refuses data that cannot be compared with an export's samples. A translator takes pictures of other sizes, too.

    Raises:
        GanzooError: for samples of another shape.
    """
    differs = data.shape[2:] != shape[2:] if "directions" in exported.config else data.shape != shape
    if differs:
        own, other = (" x ".join(map(str, sides)) for sides in (data.shape, shape))
        remedy = "--resize brings the pictures to this shape." if len(shape) == len(data.shape) == 3 else ""
        raise GanzooError(
            f"the data set's samples are {own}, and the samples of {exported.path} are {other}. "
            f"{remedy or 'Give another --dataset.'}"
        )


if __name__ == "__main__":
    flags.DEFINE_string("export_dir", None, "an export's folder", required=True)
    flags.DEFINE_string("dataset", None, "the reals to compare with; default: those it was trained on")
    flags.DEFINE_bool("resize", False, "bring the data set's pictures to the size and the channels of the export's")
    flags.DEFINE_string("data_dir", None, "where TFDS has its data sets")
    flags.DEFINE_string(
        "feature_extractor",
        None,
        "a network whose features the metrics compare: a SavedModel, a .keras file, or weights that are known "
        "(docs/evaluation.md); default: the config's",
    )
    flags.DEFINE_integer("num_samples", None, "of each sampler; default: the config's")
    flags.DEFINE_integer("seed", 0, "of the samples")
    flags.DEFINE_multi_enum(
        "sampler", list(SAMPLERS), SAMPLERS, "what to measure of a model that samples; give it again for several"
    )
    flags.DEFINE_multi_string("plugin", [], plugins.HELP)
    flags.DEFINE_string("out", None, "a JSON file for the metrics")
    cli.run(main)
