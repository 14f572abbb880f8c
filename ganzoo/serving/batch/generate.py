"""Draws many samples from an export, in shards, by an Apache Beam pipeline.

python -m ganzoo.serving.batch.generate --export_dir runs/wgan_gp-mnist_5k-0/export --signature drs \\
    --num_samples 100000 --seed 7 --out digits --direct_num_workers 2

The same seed gives the same set, whatever the number of workers. After a crash, run the same command again: it makes
the missing and broken shards alone. Options of Beam's pipeline, for other runners, stand behind `--`:

python -m ganzoo.serving.batch.generate ... --runner FlinkRunner -- --flink_master=localhost:8081
"""

import importlib.util
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from absl import flags

from ganzoo import cli
from ganzoo.errors import GanzooError, install_hint
from ganzoo.export import inputs as table
from ganzoo.files import check_writable, checksum
from ganzoo.serving.batch import workers
from ganzoo.serving.batch.files import SampleSet
from ganzoo.serving.batch.plan import LARGEST, Plan

if TYPE_CHECKING:
    from ganzoo.serving.exported import Exported

FLAGS = flags.FLAGS


def main(pipeline_options: list[str]) -> int:
    for name in ("num_samples", "shard_size", "direct_num_workers"):
        cli.positive(name, FLAGS[name].value)
    if FLAGS.runner != "DirectRunner" and FLAGS.direct_num_workers > 1:
        raise GanzooError(f"--direct_num_workers is of the DirectRunner; tell {FLAGS.runner} its own way, behind --.")
    if importlib.util.find_spec("apache_beam") is None:
        raise GanzooError(f"apache-beam is not installed: {install_hint('beam')}.")
    check_writable(FLAGS.out, "--out", is_folder=True)
    with cli.quiet_imports():
        from ganzoo.serving.exported import Exported

    exported = Exported(Path(FLAGS.export_dir, *([] if FLAGS.version is None else [str(FLAGS.version)])))
    own = table.read(FLAGS.signature, exported.specs(FLAGS.signature)) if FLAGS.input else {}
    plan = planned(
        exported,
        signature=FLAGS.signature,
        num_samples=FLAGS.num_samples,
        shard_size=FLAGS.shard_size,
        seed=FLAGS.seed,
        format=FLAGS.format,
        labels=table.whole_numbers("labels"),
        inputs=table.flag_values(*table.OPTIONS) | {name: value.tolist() for name, value in own.items()},
    )
    sample_set = SampleSet(plan, FLAGS.out)
    sample_set.begin()
    entries = sample_set.entries()
    missing = [shard for shard in range(plan.num_shards) if shard not in entries]
    print(f"{len(missing)} of {plan.num_shards} shards to make", flush=True)
    start = time.monotonic()
    if missing:
        sample_set.forget(missing)
        spread = dict(num_workers=FLAGS.direct_num_workers, runner=FLAGS.runner, options=pipeline_options)
        exit_codes = workers.work(sample_set, str(exported.path), missing, **spread)
        entries |= sample_set.entries(missing)
        if len(entries) < plan.num_shards:
            raise GanzooError(_what_is_missing(sample_set, entries, exit_codes))
    manifest = sample_set.complete(entries)
    print(
        f"{manifest['num_samples']} samples by {plan.signature} at acceptance rate {manifest['acceptance_rate']:.3f} "
        f"in {FLAGS.out}: {plan.num_shards} shards, {len(missing)} of them made in {time.monotonic() - start:.0f} s"
    )
    return 0


def planned(
    exported: "Exported",
    *,
    signature: str,
    num_samples: int,
    shard_size: int,
    seed: int,
    format: str,
    labels: list[int] | None = None,
    inputs: Mapping[str, float | int] = MappingProxyType({}),
) -> Plan:
    """The plan of a set that an export can give.

    One sample (of each label) is drawn first, so that inputs that the signature refuses end the command at once, before
    any worker starts.

    Args:
        exported: the export of a model that samples from latents.
        labels: as in `Plan`; None takes all classes of a conditional model.
        inputs: inputs of the signature, by name; other inputs get the defaults of the export's config.
        **others: as in `Plan`.

    Raises:
        GanzooError: for a set that the export cannot give.
    """
    if "directions" in exported.config:
        raise GanzooError(
            f"{exported.path} translates pictures and draws none: translate a folder of them by "
            "`python -m ganzoo.sample --input_dir`."
        )
    if labels is None and exported.is_conditional:
        labels = table.classes(exported.config)
    elif labels is not None and not exported.is_conditional:
        raise GanzooError(f"{exported.path} is of a model without classes: leave --labels out.")
    drawn = exported.draw(signature, 1 if labels is None else len(labels), labels=labels, **inputs)
    if "samples" not in drawn:
        raise GanzooError(f"signature '{signature}' returns {', '.join(drawn)} for a server; draw by drs instead.")
    if format == "png" and drawn["samples"].ndim != 4:
        raise GanzooError("points have no pictures of their own: give --format tfrecord.")
    specs = exported.specs(signature)
    takes = specs.keys() - {"num_samples", "seed", "labels"}
    for name in sorted(takes):
        if specs[name].shape[:1] == (None,):
            raise GanzooError(f"signature '{signature}' takes rows of {name}, which a set cannot give: draw by drs.")
    for name in sorted(inputs.keys() - takes):
        raise GanzooError(f"signature '{signature}' takes no {name}: leave --{name} out.")
    defaults = {name: table.default(exported.config, signature, name) for name in takes}
    return Plan(
        model=exported.config["name"],
        export_version=exported.path.name,
        export_fingerprint=checksum(exported.path),
        signature=signature,
        inputs={name: inputs.get(name, defaults[name]) for name in sorted(takes)},
        labels=labels,
        seed=seed,
        num_samples=num_samples,
        shard_size=shard_size,
        max_samples=exported.config["sampling"]["max_samples"],
        format=format,
    )


def _what_is_missing(sample_set: SampleSet, entries: dict, exit_codes: list[int]) -> str:
    number = sample_set.plan.num_shards
    failures = sample_set.failures()
    if failures:
        shard, reason = min(failures.items())
        return f"{len(failures)} of {number} shards could not be made. Shard {shard}: {reason}"
    ended = [f"worker {worker} by {_ending(code)}" for worker, code in enumerate(exit_codes) if code]
    why = f" ({', '.join(ended)} ended early)" if ended else ""
    return f"{len(entries)} of {number} shards are made{why}. The same command makes the others."


def _ending(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def split_at_dashes(arguments: list[str]) -> tuple[list[str], list[str]]:
    """A command line's arguments before the first `--` and behind it."""
    place = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:place], arguments[place + 1 :]


if __name__ == "__main__":
    flags.DEFINE_string("export_dir", None, "an export's folder", required=True)
    flags.DEFINE_integer("version", None, "the export's version; default: the newest", lower_bound=1)
    flags.DEFINE_string("signature", "drs", "drs, generate, obrs or mh")
    flags.DEFINE_integer("num_samples", 1000, "samples in the set")
    flags.DEFINE_integer("shard_size", 1000, "samples in a shard")
    flags.DEFINE_integer("seed", 0, "the same seed gives the same set", lower_bound=0, upper_bound=LARGEST)
    table.define_flags("labels", *table.OPTIONS)
    flags.DEFINE_string("out", None, "the set's folder, on a file system that every worker sees", required=True)
    flags.DEFINE_enum("format", "tfrecord", ["tfrecord", "png"], "the shards' format: exact numbers, or pictures")
    flags.DEFINE_string("runner", "DirectRunner", "the name of Beam's runner; the DirectRunner works on this machine")
    flags.DEFINE_integer("direct_num_workers", 1, "processes of the DirectRunner")
    sys.argv, pipeline_arguments = split_at_dashes(sys.argv)
    cli.run(lambda: main(pipeline_arguments))
