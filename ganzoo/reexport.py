"""Exports a run again, from the checkpoint that the run exported or from another one.

    python -m ganzoo.reexport --workdir runs/wgan_gp-mnist_5k-0 --out models/wgan_gp
    python -m ganzoo.reexport --workdir runs/wgan_gp-mnist_5k-0 --out models/wgan_gp --step 1500 --batchable
    python -m ganzoo.reexport --workdir runs/wgan_gp-mnist_5k-0 --out wgan_gp.onnx --format onnx
    python -m ganzoo.reexport --workdir runs/wgan_gp-mnist_5k-0 --out wgan_gp.tflite --format litert --quantise float16
    python -m ganzoo.reexport --workdir runs/wgan_gp-mnist_5k-0 --out propose.xml --format openvino --signature propose
    python -m ganzoo.reexport --workdir runs/wgan_gp-mnist_5k-0 --out site --format web

The density ratio is fitted again, as in the run. `--config.ratio.KEY` and `--config.sampling.KEY` may differ from the
run's values: `--config.sampling.precision=float32` makes a float32 export of a run in half precision.
`--batchable` also writes a servable that a server may batch, beside the first and with the same version.
`--format web` writes a page that draws and rejects in the browser, for any static server.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags
from ml_collections import ConfigDict, config_flags

from ganzoo import cli
from ganzoo.errors import GanzooError
from ganzoo.files import check_writable
from ganzoo.zoo import plugins, values

if TYPE_CHECKING:
    from ganzoo.tasks.restored import Restored

FLAGS = flags.FLAGS
CHANGEABLE = ("ratio", "sampling")  # the config's keys that do not change a training
SUFFIX = "_batchable"


def main() -> int:
    cli.positive("step", FLAGS.step)
    out, as_page = Path(FLAGS.out), FLAGS.format == "web"
    as_file = FLAGS.format not in ("savedmodel", "web")
    if FLAGS.format != "savedmodel" and FLAGS.batchable:
        what = "a page" if as_page else "one signature alone"
        raise GanzooError(f"--batchable is of a SavedModel; --format {FLAGS.format} is {what}.")
    if not as_file and FLAGS.signature is not None:
        all_signatures = "a page has its own" if as_page else "a SavedModel has all signatures"
        raise GanzooError(f"--signature is for --format onnx, litert and openvino; {all_signatures}.")
    if FLAGS.quantise != "none" and FLAGS.format != "litert":
        raise GanzooError(f"--quantise is for --format litert; --format {FLAGS.format} has float32 numbers.")
    if not as_page and FLAGS.onnxruntime_web is not None:
        raise GanzooError("--onnxruntime_web is for --format web alone.")
    check_writable(out, "--out", is_folder=not as_file)

    with cli.quiet_imports():
        from ganzoo.export import other_runtimes
        from ganzoo.playground import onnxruntime_web, pages
        from ganzoo.tasks.restored import config_of, restore
        from ganzoo.tasks.workdirs import described

    if as_file:
        other_runtimes.check(FLAGS.format, out)
    if as_page:
        other_runtimes.check_packages("onnx", "--format web")
        pages.check_folder(out)
    workdir = Path(FLAGS.workdir)
    config = config_of(workdir)
    if left_out := [plugin for plugin in described(workdir).get("plugins", []) if not FLAGS.plugin]:
        note = f"the run had {' '.join(f'--plugin {plugin}' for plugin in left_out)}; what that adds is left out here."
        print(f"ganzoo: {note}", file=sys.stderr)
    config.update(FLAGS.config)
    values.check(config)
    if FLAGS.data_dir is not None:
        config.data.data_dir = FLAGS.data_dir
    if as_page:
        archive = onnxruntime_web.archive(FLAGS.onnxruntime_web and Path(FLAGS.onnxruntime_web))
    run = restore(workdir, config, step=FLAGS.step)
    print(f"{config.name} on {config.dataset} at step {run.description['step']}")
    if as_file:
        name = FLAGS.signature or "serving_default"
        what = run.servable(fit_ratio=name != "serving_default" or FLAGS.quantise == "int8")
        difference = other_runtimes.write(what, name, out, FLAGS.format, quantise=FLAGS.quantise)
        by = f"{difference:.1g} of the SavedModel" + " in the mean" * (FLAGS.quantise == "int8")
        size = sum(out.with_suffix(suffix).stat().st_size for suffix in other_runtimes.FORMATS[FLAGS.format].suffixes)
        print(f"{name} in {out}, {size / 1e6:.3g} MB, within {by}")
    elif as_page:
        for sentence in pages.write(run.servable(), run.model, out, archive):
            print(sentence)
        print(f"serve it by `python -m http.server --directory {out}` and open http://localhost:8000")
    else:
        for path, contents in export_versions(run, out, batchable_too=FLAGS.batchable):
            print(f"{path}: {contents}")
    return 0


def export_versions(run: "Restored", out: Path, *, batchable_too: bool) -> list[tuple[str, str]]:
    """Writes the next version of an export, and optionally its batchable servable.

    Args:
        run: the restored run.
        out: the parent folder of the versions.
        batchable_too: whether to write the batchable servable, under the same number, to the folder beside `out` whose
            name ends in `_batchable`.

    Returns:
        For each version its folder, and its signatures as text.
    """
    from ganzoo.export import other_runtimes, saved_model
    from ganzoo.export.batchable import batchable

    beside = out.with_name(out.name + SUFFIX)
    version = saved_model.next_version(out, beside)
    whole = run.servable()
    if note := other_runtimes.note(whole):
        print(f"ganzoo: {note}", file=sys.stderr)
    written = [(saved_model.write(whole, out, version=version), ", ".join(whole.signatures))]
    if batchable_too:
        rows, left_out = batchable(whole, run.model)
        contents = ", ".join(rows.signatures)
        if left_out:
            contents += f" (not {', '.join(left_out)}, where a row's result depends on the others)"
        written.append((saved_model.write(rows, beside, version=version), contents))
    return written


def define_config() -> None:
    """Imports the plugins, and defines a flag `--config.KEY` for each key of the run that its export may change."""
    if FLAGS.plugin:
        with cli.quiet_imports():
            plugins.load(FLAGS.plugin)
    if FLAGS.workdir is not None and "config" not in FLAGS:
        with cli.quiet_imports():
            from ganzoo.tasks.restored import config_of

        config = config_of(Path(FLAGS.workdir))
        some = ConfigDict({key: config[key] for key in CHANGEABLE if key in config}).lock()
        values.check_flags(some, sys.argv)
        config_flags.DEFINE_config_dict("config", some, "the run's keys that its export may change")


if __name__ == "__main__":
    flags.DEFINE_string("workdir", None, "the run's folder", required=True)
    flags.DEFINE_string(
        "out",
        None,
        "the folder that gets the version or becomes the page, or a file in .onnx, .tflite or .xml",
        required=True,
    )
    flags.DEFINE_multi_string("plugin", [], plugins.HELP)
    flags.DEFINE_integer("step", None, "the checkpoint's step; default: as in the run")
    flags.DEFINE_bool("batchable", False, "also write a servable that a server may batch, beside the first")
    flags.DEFINE_enum(
        "format",
        "savedmodel",
        ["savedmodel", "onnx", "litert", "openvino", "web"],
        "onnx, litert and openvino hold one signature; web is a page that rejects in the browser",
    )
    flags.DEFINE_string("signature", None, "the signature in a file, such as propose; default: serving_default")
    flags.DEFINE_enum(
        "quantise",
        "none",
        ["none", "float16", "int8"],
        "for --format litert: half-precision weights, or eight bits with ranges from accepted samples",
    )
    flags.DEFINE_string(
        "onnxruntime_web", None, "for --format web: npm's archive of onnxruntime-web, where there is no network"
    )
    flags.DEFINE_string("data_dir", None, "the folder of TFDS's data sets")
    cli.run(main, prepare=define_config)
