"""Trains a model of the zoo, measures it, and exports it with rejection sampling.

    python -m ganzoo.run --model wgan_gp
    python -m ganzoo.run --model gan --dataset gaussians25 --seed 1
    python -m ganzoo.run --model wgan_gp --dataset folder:photos --config.batch_size=32 --workdir runs/photos
    python -m ganzoo.run --plugin my_gan.py --model mine

Run the same command again to resume. `--config.KEY=VALUE` sets any key that `--dry_run` prints.
"""

import contextlib
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags
from ml_collections import ConfigDict, config_flags

from ganzoo import cli, files
from ganzoo.errors import GanzooError
from ganzoo.serving import addresses
from ganzoo.training import trackers
from ganzoo.training.start_up import Laps
from ganzoo.zoo import plugins, values
from ganzoo.zoo.recipes import BEFORE, check_network, choose_optimizers, load_config, summary
from ganzoo.zoo.registry import list_models

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from ganzoo import tasks

FLAGS = flags.FLAGS
flags.DEFINE_string("model", None, "the zoo's entry to train; --list prints them")
flags.DEFINE_multi_string("plugin", [], plugins.HELP)
flags.DEFINE_string(
    "dataset",
    None,
    "mnist_5k, gaussians25, gaussians8, swissroll, stacked_mnist, stacked_mnist:mnist, folder:PATH or a TFDS name; "
    "default: the recipe's",
)
flags.DEFINE_string("data_dir", None, "the folder of TFDS's data sets")
flags.DEFINE_string(
    "workdir", None, "the run's folder, which one process at a time may write; default: runs/MODEL-DATASET-SEED"
)
flags.DEFINE_string(
    "feature_extractor",
    None,
    "a network whose features the metrics compare: a SavedModel, a .keras file, or weights that are known "
    "(docs/evaluation.md)",
)
flags.DEFINE_string(
    "init_from",
    None,
    "begin with the trained networks of this run, export or .keras file: layers whose shapes agree, no optimizers",
)
flags.DEFINE_integer("seed", None, "the seed of everything random in the run")
flags.DEFINE_integer("steps", None, "generator steps in the whole run")
flags.DEFINE_enum(
    "strategy",
    "auto",
    ["auto", "none", "mirrored", "multi_worker", "tpu"],
    "the devices that train together: one device (none), all GPUs of this machine, the hosts of TF_CONFIG, or a TPU",
)
flags.DEFINE_bool("resume", True, "go on with the run in the workdir; --noresume refuses a workdir that holds a run")
flags.DEFINE_bool("profile", False, "print the times of the start-up, and profile steps 10 to 20 for TensorBoard")
flags.DEFINE_bool("dry_run", False, "print the resolved config and stop")
flags.DEFINE_bool("list", False, "print the zoo and stop")
flags.DEFINE_bool("names_only", False, "with --list: print the names alone")

LAPS = Laps()  # the start-up's times, counted from here


def main() -> int:
    if FLAGS.list:
        for name in list_models():
            print(name if FLAGS.names_only else f"{name:12} {summary(name)}")
        return 0
    if FLAGS.model is None:
        raise GanzooError("which model? Give --model, such as --model wgan_gp; --list prints the zoo.")

    config = resolve()
    if FLAGS.dry_run:
        print(json.dumps(config.to_dict(), indent=2))
        return 0

    check_init_from(config)
    trackers.check(config.tracker)
    with cli.quiet_imports():  # TensorFlow is first imported here
        from ganzoo import tasks
        from ganzoo.data.pipeline import check_share
        from ganzoo.training import strategies

    strategy = strategies.resolve(FLAGS.strategy)
    if strategy is not None:
        check_share(config.batch_size, strategy.num_replicas_in_sync)
    prepared = tasks.prepare(config, LAPS.mark)
    with strategies.all_hosts(strategy):
        return train_and_measure(prepared, config, strategy)


def train_and_measure(prepared: "tasks.Prepared", config: ConfigDict, strategy: "tf.distribute.Strategy | None") -> int:
    """Runs from the workdir to the metrics; a host that is not the chief only trains. Returns the exit code."""
    from ganzoo.tasks import workdirs
    from ganzoo.training import strategies

    workdir = Path(FLAGS.workdir or default_workdir(config))
    with workdirs.held(workdir) if strategies.is_chief(strategy) else contextlib.nullcontext():
        return in_workdir(workdir, prepared, config, strategy)


def in_workdir(
    workdir: Path, prepared: "tasks.Prepared", config: ConfigDict, strategy: "tf.distribute.Strategy | None"
) -> int:
    """`train_and_measure` in a folder that this process, if it is the chief, holds for itself."""
    from ganzoo import tasks
    from ganzoo.export import other_runtimes, saved_model
    from ganzoo.reports import commands
    from ganzoo.serving.exported import Exported
    from ganzoo.tasks import figures, transfer, workdirs
    from ganzoo.training import checkpoints, strategies, validation

    task, model, data = prepared
    is_chief = strategies.is_chief(strategy)
    metrics = None
    if is_chief:
        description = {"config": config.to_dict(), "split": data.describe()}
        if data.files:
            description["files"] = data.files
        if FLAGS.plugin:
            description["plugins"] = list(FLAGS.plugin)
        is_begun = has_checkpoints(workdir)
        init_from = first_networks(workdir)
        if init_from is not None:
            description["init_from"] = init_from
        # Before the folder is claimed: networks that do not fit leave no run behind.
        beginning = [] if is_begun else transfer.begin(model, init_from, config)
        description["sample_shape"] = list(data.shape)
        workdirs.claim(workdir, description, resume=FLAGS.resume)
        workdirs.remove_unfinished(workdir)
        devices = f" on {strategies.describe(strategy)}" if strategy else ""
        print(f"{config.name} on {config.dataset}: {task.sizes(data)}; in {workdir}{devices}")
        metrics = workdirs.finished(workdir, config)
        if metrics is None:
            kept = config.checkpoints_kept + bool(config.get("evaluate_every"))
            needed = checkpoints.bytes_of_run(model, 0 if is_begun else kept)
            files.check_space(workdir, needed, "--workdir")
            if is_begun and FLAGS.init_from is not None:
                beginning = ["--init_from: the run has checkpoints of its own, and goes on from them"]
            print(*beginning, sep="\n", end="\n" if beginning else "")

    callbacks = watching(workdir, config, description) if is_chief else []
    is_to_train = strategies.from_chief(strategy, metrics is None)
    if is_to_train and not train(prepared, config, workdir, strategy, callbacks):
        if is_chief:
            print(f"\nstopped at step {model.steps_taken} of {config.steps}, all saved. To go on:\n  {_command()}")
        return cli.INTERRUPTED
    if not is_chief:
        return 0

    if metrics is None:
        workdirs.renew(workdir, description)
        description |= validation.choose(model, workdir, config)
        version = workdirs.exported(workdir, description)
        if version is None:
            what = task.servable(tasks.for_export(prepared, config), data, config, description)
            version = saved_model.write(what, workdir / "export")
            if note := other_runtimes.note(what):
                print(f"ganzoo: {note}")
        LAPS.mark("export")
        exported = Exported(version)
        metrics = task.measure(exported, data, config, workdir)
        figures.add_to_card(version, metrics)  # before the file by which a run is finished
        files.write_json(workdir / "metrics.json", metrics)
        trackers.finish(config, workdir, metrics)
        LAPS.mark("measuring")
        report(workdir, exported=exported)
    farewell = commands.of_export(workdir, config)
    if (workdir / "report.html").exists():  # not of a run of before
        farewell["report"] = str((workdir / "report.html").resolve())
    lines = "\n".join(f"{what:8}{line}" for what, line in farewell.items())
    print(f"\n{task.describe(metrics)}\n\n{lines}")
    return 0


def train(
    prepared: "tasks.Prepared",
    config: ConfigDict,
    workdir: Path,
    strategy: "tf.distribute.Strategy | None",
    callbacks: "list[keras.callbacks.Callback]",
) -> bool:
    """`task.train`, with a page of the run at each evaluation and, if the training does not reach its end, at its stop.
    Returns whether the training has ended."""
    from ganzoo.training import strategies

    def evaluated() -> None:
        LAPS.mark("training")
        report(workdir, in_training=True)

    try:
        is_over = prepared.task.train(prepared.model, prepared.data, config, workdir, strategy, callbacks, evaluated)
    except GanzooError:  # diverged: the curves show when it began
        if strategies.is_chief(strategy):
            report(workdir)
        raise
    LAPS.mark("training")
    if not is_over and strategies.is_chief(strategy):
        report(workdir)
    return is_over


def report(workdir: Path, **options) -> None:
    """Writes `costs.json` and the run's page; `options` are as of `page.write`."""
    from ganzoo.reports import page

    page.try_write(workdir, LAPS.seconds, **options)


def resolve() -> ConfigDict:
    """The config with every flag applied.

    Raises:
        GanzooError: for a value that no run could use, such as a count below 1.
    """
    config = FLAGS.config
    for key in ("seed", "steps"):
        if (value := getattr(FLAGS, key)) is not None:
            config[key] = value
    if FLAGS.data_dir is not None:
        config.data.data_dir = FLAGS.data_dir
    if FLAGS.feature_extractor is not None:
        config.evaluation.feature_extractor = FLAGS.feature_extractor
    workdir = Path(FLAGS.workdir or default_workdir(config))
    if "split" in config.data and not any(key == "data.split" for key, _ in values.config_flags(sys.argv)):
        config.data.split = stored_value(workdir, "data.split", config.data.split)
    for key in ("precision", "augment.policy"):  # a run keeps what was chosen for it, on other hardware, too
        if dict(values.flat(config)).get(key) == "auto":
            config.update_from_flattened_dict({key: stored_value(workdir, key, "auto")})
    values.check(config)
    check_network(config)
    return config.lock()


def stored_value(workdir: Path, key: str, otherwise: str) -> str:
    """What the run in a folder has for a key, such as "data.split", so that it goes on with it; `otherwise` without a
    run."""
    config = stored(workdir).get("config")
    return (BEFORE | dict(values.flat(config))).get(key, otherwise) if isinstance(config, dict) else otherwise


def first_networks(workdir: Path) -> str | None:
    """The path that the run's networks come from: `--init_from`, or what the run in the folder was begun with."""
    before = stored(workdir).get("init_from")
    if FLAGS.init_from is None or before is None:
        return FLAGS.init_from or before
    is_same = Path(FLAGS.init_from).expanduser().resolve() == Path(before).expanduser().resolve()
    return before if is_same else FLAGS.init_from


def check_init_from(config: ConfigDict) -> None:
    """
    Raises:
        GanzooError: for a run that cannot begin with `--init_from`, before any data are loaded.
    """
    if FLAGS.init_from is None or has_checkpoints(Path(FLAGS.workdir or default_workdir(config))):
        return
    if config.task != "sampling":
        raise GanzooError(f"--init_from is for models that sample from latents; '{config.name}' translates pictures.")
    if not addresses.is_address(FLAGS.init_from) and not Path(FLAGS.init_from).expanduser().exists():
        raise GanzooError(
            f"--init_from is '{FLAGS.init_from}', which does not exist. Give the folder of a run or of an export, or a "
            ".keras file."
        )


def has_checkpoints(workdir: Path) -> bool:
    return any((workdir / "checkpoints").glob("*.index"))


def stored(workdir: Path) -> dict:
    """The description of the run in a folder; empty without one. What is wrong is said when the run claims it."""
    try:
        description = json.loads((workdir / "config.json").read_text())
    except (OSError, ValueError):
        return {}
    return description if isinstance(description, dict) else {}


def watching(workdir: Path, config: ConfigDict, description: dict) -> "list[keras.callbacks.Callback]":
    """The command's own callbacks: a workdir that vanishes is made anew, and `--profile` profiles."""
    from ganzoo.tasks import workdirs
    from ganzoo.training.callbacks import Calls, Profile

    renewing = Calls(config.checkpoint_every, config.steps, lambda: workdirs.renew(workdir, description))
    return [renewing, *([Profile(LAPS, workdir)] if FLAGS.profile else [])]


def default_workdir(config: ConfigDict) -> str:
    """The run's folder, such as `runs/wgan_gp-mnist_5k-0`. The same command gives the same folder, and so resumes."""
    return f"runs/{config.name}-{re.sub(r'[^A-Za-z0-9_.]+', '_', config.dataset)}-{config.seed}"


def define_config() -> None:
    """Imports the plugins, and defines a flag `--config.KEY` for each key of the chosen model's recipe.

    Raises:
        GanzooError: for a flag `--config.KEY` without `--model`, for a key or a type of value that the recipe does not
            have, and for a plugin that cannot be used.
    """
    if FLAGS.plugin:
        with cli.quiet_imports():
            plugins.load(FLAGS.plugin)
    if FLAGS.model is None:
        if any(re.match("--?config[.]", flag) for flag in sys.argv):
            raise GanzooError(
                "--config.KEY sets a key of a model's recipe: give --model, too, such as --model wgan_gp."
            )
    elif "config" not in FLAGS:
        config = load_config(FLAGS.model, FLAGS.dataset)
        choose_optimizers(config, sys.argv)
        values.check_flags(config, sys.argv)
        config_flags.DEFINE_config_dict("config", config, "the recipe's keys")


def _command() -> str:
    return "python -m ganzoo.run " + " ".join(sys.argv[1:])


if __name__ == "__main__":
    cli.run(main, prepare=define_config)
