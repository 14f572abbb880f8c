"""Draws many samples from an export, in shards, by processes on this machine, a Dask cluster or Apache Beam.

python -m ganzoo.serving.batch.generate --export_dir runs/wgan_gp-mnist_5k-0/export --signature drs \\
    --num_samples 100000 --seed 7 --out digits --num_workers 2

The same seed gives the same set, whatever the engine and the number of workers. After a crash, run the same command
again: it makes the missing and broken shards alone. On several machines, by Dask:

python -m ganzoo.serving.batch.generate ... --engine dask --scheduler tcp://10.0.0.1:8786 --out s3://bucket/digits

By Beam, whose own options stand behind `--`:

python -m ganzoo.serving.batch.generate ... --engine beam --runner FlinkRunner -- --flink_master=localhost:8081
"""

import contextlib
import importlib.util
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from absl import flags

from ganzoo import cli
from ganzoo.errors import GanzooError, install_hint
from ganzoo.export import inputs as table
from ganzoo.files import checksum
from ganzoo.serving import addresses
from ganzoo.serving.batch import storage, workers
from ganzoo.serving.batch.files import SampleSet
from ganzoo.serving.batch.making import Maker
from ganzoo.serving.batch.plan import LARGEST, Plan

if TYPE_CHECKING:
    from ganzoo.serving.batch.cluster import Cluster
    from ganzoo.serving.exported import Exported

FLAGS = flags.FLAGS


# The packages of an engine's extra, and the flags that choose the engine by themselves.
PACKAGES = {"local": [], "dask": ["distributed"], "beam": ["apache_beam"]}
CHOOSING = {"scheduler": "dask", "runner": "beam"}


def main(pipeline_options: list[str]) -> int:
    for name in ("num_samples", "shard_size", "num_workers"):
        cli.positive(name, FLAGS[name].value)
    engine = engine_of(FLAGS.engine, [name for name in CHOOSING if FLAGS[name].value is not None])
    if engine == "dask" and FLAGS.scheduler is None:
        raise GanzooError("--engine dask needs --scheduler, the address that `dask scheduler` prints.")
    if pipeline_options and engine != "beam":
        raise GanzooError(f"{pipeline_options[0]} is behind --, where Beam's options stand; give --engine beam, too.")
    if FLAGS.num_workers > 1 and (engine == "dask" or FLAGS.runner not in (None, "DirectRunner")):
        raise GanzooError(
            f"--num_workers is for processes on this machine; {FLAGS.runner or 'the scheduler'} has workers of its own."
        )
    for package in PACKAGES[engine]:
        if importlib.util.find_spec(package) is None:
            raise GanzooError(f"{package.replace('_', '-')} is not installed: {install_hint(engine)}.")
    if FLAGS.out.startswith("memory://"):
        raise GanzooError(f"--out is {FLAGS.out}, and each worker has a memory of its own. Give a folder that all see.")
    out = FLAGS.out if "://" in FLAGS.out else str(Path(FLAGS.out).absolute())  # workers have folders of their own
    storage.opened(FLAGS.out).check()
    with cli.quiet_imports():
        from ganzoo.serving.exported import Exported

    folder = addresses.folder(FLAGS.export_dir)
    if FLAGS.version is not None:
        folder = version_of(folder, FLAGS.version)
    exported = Exported(folder)
    own = table.read(FLAGS.signature, exported.specs(FLAGS.signature)) if FLAGS.input else {}
    plan = planned(
        exported,
        signature=FLAGS.signature,
        num_samples=FLAGS.num_samples,
        shard_size=FLAGS.shard_size,
        seed=FLAGS.seed,
        format=FLAGS.format,
        labels=table.whole_numbers("labels", exported.config.get("class_names", ())),
        inputs=table.flag_values(*table.OPTIONS) | {name: value.tolist() for name, value in own.items()},
    )
    maker = Maker(SampleSet(plan, out), str(exported.path.absolute()))
    with started(engine, pipeline_options) as spread:
        return complete(maker, spread)


def version_of(folder: Path, version: int) -> Path:
    """The folder of one of an export's versions.

    Raises:
        GanzooError: for a version that is not there, and for a folder that is a version itself, as one of the Hub is.
    """
    if (folder / "saved_model.pb").is_file():
        raise GanzooError(f"{folder} is one version by itself: leave --version out.")
    versions = sorted(int(path.name) for path in folder.glob("*") if path.name.isdigit())
    if versions and version not in versions:
        raise GanzooError(f"no version {version} in {folder}. There are: {', '.join(map(str, versions))}.")
    return folder / str(version)


def engine_of(named: str | None, given: Sequence[str]) -> str:
    """The engine of a command.

    Args:
        named: the value of `--engine`, or None.
        given: the flags of `CHOOSING` that are given.

    Raises:
        GanzooError: for a flag of another engine.
    """
    for name in given:
        if named is None:
            named = CHOOSING[name]
        if named != CHOOSING[name]:
            raise GanzooError(f"--{name} is of the engine {CHOOSING[name]}, not of {named}: leave one of them out.")
    return named or "local"


def started(engine: str, pipeline_options: Sequence[str]) -> contextlib.AbstractContextManager:
    """The engine, which has the methods `entries` and `work` of `workers.Processes`.

    Raises:
        GanzooError: as in `cluster.Cluster`.
    """
    if engine == "dask":
        from ganzoo.serving.batch.cluster import Cluster

        return Cluster(FLAGS.scheduler)
    beam = workers.Beam(FLAGS.runner or "DirectRunner", pipeline_options) if engine == "beam" else None
    return contextlib.nullcontext(workers.Processes(FLAGS.num_workers, beam))


def complete(maker: Maker, spread: "workers.Processes | Cluster") -> int:
    """Makes the shards that a set lacks, writes the manifest if all are there, and returns the exit code.

    The shards are counted here, whatever the engine reports.

    Raises:
        GanzooError: if shards are missing at the end.
    """
    sample_set, plan = maker.sample_set, maker.sample_set.plan
    sample_set.begin()
    begun = sample_set.begun()
    entries = spread.entries(sample_set, begun)
    missing = [shard for shard in range(plan.num_shards) if shard not in entries]
    print(f"{len(missing)} of {plan.num_shards} shards to make", flush=True)
    start = time.monotonic()
    if missing:
        sample_set.forget(shard for shard in begun if shard not in entries)
        try:
            exit_codes = spread.work(maker, missing)
        except KeyboardInterrupt:
            made = f"{len(sample_set.begun())} of {plan.num_shards} shards are made"
            print(f"\n{made}. The same command makes the others.", file=sys.stderr)
            raise
        entries |= spread.entries(sample_set, missing)
        if len(entries) < plan.num_shards:
            raise GanzooError(what_is_missing(sample_set, entries, exit_codes))
    manifest = sample_set.complete(entries)
    print(
        f"{manifest['num_samples']} samples by {plan.signature} at acceptance rate {manifest['acceptance_rate']:.3f} "
        f"in {sample_set.store}: {plan.num_shards} shards, {len(missing)} of them made in "
        f"{time.monotonic() - start:.0f} s"
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
        returned = ", ".join(sorted(drawn))
        raise GanzooError(f"signature '{signature}' returns {returned} for a server; draw by drs instead.")
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


def what_is_missing(sample_set: SampleSet, entries: Mapping[int, dict], exit_codes: Sequence[int]) -> str:
    """Why a set is not complete, in words.

    Args:
        sample_set: the set.
        entries: the entries of the finished shards, by shard.
        exit_codes: of the processes that worked; empty if the engine has none.
    """
    number = sample_set.plan.num_shards
    missing = [shard for shard in range(number) if shard not in entries]
    failures = sample_set.failures(missing)
    if failures:
        shard, reason = min(failures.items())
        return f"{len(failures)} of {number} shards could not be made. Shard {shard}: {reason}"
    ended = [f"worker {worker} by {_ending(code)}" for worker, code in enumerate(exit_codes) if code]
    made = f"{len(entries)} of {number} shards are made"
    if ended:
        return f"{made} ({', '.join(ended)} ended early). The same command makes the others."
    first = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
    return (
        f"{made}, though no worker reported a fault. Missing: {first}. Check that the workers write to the same "
        f"{sample_set.store}; the same command makes the missing shards."
    )


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
    flags.DEFINE_string("out", None, "the set's folder, which every worker sees, or a URL of fsspec", required=True)
    flags.DEFINE_enum("format", "tfrecord", ["tfrecord", "png"], "the shards' format: exact numbers, or pictures")
    flags.DEFINE_enum("engine", None, list(PACKAGES), "who makes the shards; default: processes on this machine, local")
    flags.DEFINE_integer("num_workers", 1, "processes on this machine")
    flags.DEFINE_alias("direct_num_workers", "num_workers")
    flags.DEFINE_string("scheduler", None, "the address of Dask's scheduler, such as tcp://10.0.0.1:8786")
    flags.DEFINE_string("runner", None, "the name of Beam's runner; default: DirectRunner, on this machine")
    sys.argv, pipeline_arguments = split_at_dashes(sys.argv)
    cli.run(lambda: main(pipeline_arguments))
