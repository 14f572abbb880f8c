r"""What helps with few pictures: all of them, augmentation, a model that knows others? Writes to RESULTS.md.

    python -m benchmarks.few_pictures --dataset folder:few --against folder:rest --source folder:others \
        --feature_extractor hed_bsds500.weights.h5 --steps 1500
    python -m benchmarks.few_pictures ... --model stylegan2 --seeds 1 --ways all_data,augmentation

Each way trains an entry on the few pictures. It is a run of `ganzoo.run` in its own process; a run that had ended is
not repeated, and the table has the runs of earlier calls, too. `transfer` begins with the networks of a run on
`--source`, at a tenth of the recipe's learning rate. Samples are compared with the pictures of `--against`, which are
of the same kind and which no run has seen: the few that a run holds out could not tell the ways apart. Whether samples
are copies is told as in every run. A picture of samples by `drs`, eight of each way, goes to the runs' folder.
"""

import itertools
import json
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from absl import flags

from benchmarks import measuring
from ganzoo import cli, files

FLAGS = flags.FLAGS

PLAIN, AUGMENTED = "--config.augment.policy=none", "--config.augment.policy=ada"
WAYS = {
    "fifths": ["--config.data.split=fifths", PLAIN],
    "all_data": [PLAIN],
    "augmentation": [AUGMENTED],
    "transfer": [PLAIN],
    "transfer_and_augmentation": [AUGMENTED],
}
SHOWN = dict(zip(WAYS, ("two fifths held out", "all data", "augmentation", "transfer", "both"), strict=True))
SLOWER = 0.1  # the learning rate of a run that begins with what is trained, as a share of the recipe's
SAMPLERS = ("generate", "drs")
FAMILIES = ("kd", "coverage")
PICTURES, LEAST_SIDE = 8, 800  # samples of a way in the picture, and pixels of its longer side
FIGURES, PICTURE = "few_pictures.json", "few_pictures.png"


class Figures(NamedTuple):
    """What the samples of a run have.

    Attributes:
        kd: the kernel distance to half of the pictures of `--against`.
        coverage: the share of these pictures that has a sample nearby.
        nearer: the chance that a sample is nearer to the training pictures than a held-out one is; .5 for no copies.
        is_copying: whether one of the tests for copies finds some.
    """

    kd: float
    coverage: float
    nearer: float
    is_copying: bool


class Measured(NamedTuple):
    """A run.

    Attributes:
        trained_on: the number of pictures.
        samplers: the figures of each sampler.
        reals: the distance and the coverage of the other half of `--against`, which no sampler need surpass.
    """

    trained_on: int
    samplers: dict[str, Figures]
    reals: dict[str, float]


def workdir(way: str, seed: int) -> Path:
    """The folder of a run, or of the run on `--source`, whose way is "source": of its own for all that changes it."""
    data = [FLAGS.source if way == "source" else FLAGS.dataset, *([FLAGS.source] if way.startswith("transfer") else [])]
    return Path(FLAGS.workdir) / measuring.folder_name(FLAGS.model, *data, FLAGS.image_size, FLAGS.steps, way, seed)


def trained(way: str, seed: int) -> Path:
    """The folder of a run that has ended; it is first trained, and before it the one that it begins with."""
    folder = workdir(way, seed)
    arguments = [
        f"--model={FLAGS.model}",
        f"--dataset={FLAGS.source if way == 'source' else FLAGS.dataset}",
        f"--seed={seed}",
        f"--steps={FLAGS.steps}",
        f"--config.data.image_size={FLAGS.image_size}",
        f"--config.evaluation.num_samples={FLAGS.samples}",
        f"--feature_extractor={FLAGS.feature_extractor}",
        *WAYS.get(way, [PLAIN]),
    ]
    if way.startswith("transfer"):
        arguments += [f"--init_from={trained('source', seed)}", *slower(FLAGS.model, FLAGS.dataset)]
    measuring.ended(folder, *arguments)
    return folder


def slower(model: str, dataset: str) -> list[str]:
    """The flags that give both optimizers a tenth of the recipe's learning rate."""
    from ganzoo.zoo.recipes import load_config

    optimizers = load_config(model, dataset).optimizers
    return [
        f"--config.optimizers.{name}.learning_rate={SLOWER * optimizers[name].learning_rate:g}" for name in optimizers
    ]


def measure(way: str, seed: int) -> Measured:
    """The figures of a run's samples. It is trained and measured, unless its figures are stored."""
    if (found := stored(way, seed)) is None:
        folder = trained(way, seed)
        files.write_json(folder / FIGURES, {"measured_by": measured_by(), **measured(folder)})
        found = stored(way, seed)
    return found


def stored(way: str, seed: int) -> Measured | None:
    """The figures of a run, if they are stored and were measured as these flags ask for."""
    path = workdir(way, seed) / FIGURES
    read = json.loads(path.read_text()) if path.exists() else {}
    if read.get("measured_by") != measured_by():
        return None
    samplers = {sampler: Figures(**row) for sampler, row in read["samplers"].items()}
    return Measured(read["trained_on"], samplers, read["reals"])


def all_stored(way: str) -> list[Measured]:
    """The figures of a way that are stored, by seed; those of earlier calls included."""
    by_seed = (stored(way, seed) for seed in itertools.count())
    return list(itertools.takewhile(lambda found: found is not None, by_seed))


def measured_by() -> dict:
    """What figures depend on besides the run."""
    return {name: getattr(FLAGS, name) for name in ("against", "samples", "feature_extractor")}


def measured(folder: Path) -> dict:
    """What is stored of a run: the fields of `Measured`."""
    from ml_collections import ConfigDict

    from ganzoo.data.loading import load_parts
    from ganzoo.environment import cache_folder
    from ganzoo.evaluation import extractors
    from ganzoo.evaluation.copies import is_copying
    from ganzoo.evaluation.evaluator import Evaluator
    from ganzoo.serving.exported import Exported
    from ganzoo.tasks import latents

    exported = Exported(folder / "export")
    config = ConfigDict(exported.config["config"])
    own, extractor = latents.load(config).train, extractors.load(FLAGS.feature_extractor)
    # None of these was trained on. An evaluator compares no more reals than it has others for the floor: halves.
    others = load_parts(FLAGS.against, **{**config.data, "split": "by_size"}).train
    halves = [others.take(rows) for rows in np.array_split(np.arange(len(others)), 2)]
    looking = dict(extractor=extractor, cache=cache_folder())
    quality, nearness = Evaluator(*halves, **looking), Evaluator(own, others, **looking)
    rows = {}
    for sampler in (sampler for sampler in SAMPLERS if sampler in exported.signatures):
        samples = exported.draw(sampler, FLAGS.samples, seed=config.seed)["samples"]
        copies, _ = nearness.copies(samples)
        of_copies = {"nearer": copies.nearer_than_held_out, "is_copying": is_copying(copies)}
        rows[sampler] = families(quality.measure(samples)) | of_copies
    reals = families(quality.floor(FLAGS.samples))
    return {"trained_on": len(own), "samplers": rows, "reals": reals}


def families(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics that the table shows, without their features and counts."""
    return {name: measuring.of_family(metrics, name) for name in FAMILIES}


def table(found: Mapping[str, list[Measured]]) -> str:
    """A line for each way and sampler: the mean of its seeds and their standard deviation."""
    from benchmarks.sampler_tables import figure, markdown, spread

    header = ["way", "sampler", "seeds", "trained on", "kernel distance", "times lower", "coverage"]
    header += ["nearer than held-out", "runs with copies"]
    first, rows = next(iter(found.values())), []
    for way, seeds in found.items():
        for sampler in SAMPLERS:
            figures = [one.samplers[sampler] for one in seeds if sampler in one.samplers]
            base = [one.samplers[sampler].kd for one in first if sampler in one.samplers]
            if not figures or not base:
                continue
            kd, coverage, nearer, copied = zip(*figures, strict=True)
            # The estimate has no bias: the distance of samples as good as reals is negative as often as not.
            lower = f"{statistics.mean(base) / statistics.mean(kd):.2f}" if statistics.mean(kd) > 0 else "-"
            shown = [spread(list(kd)), lower, spread(list(coverage)), spread(list(nearer)), str(sum(copied))]
            rows.append([SHOWN[way], sampler, str(len(figures)), f"{seeds[0].trained_on:,}", *shown])
    reals = first[0].reals
    rows.append(["reals", "-", "-", "-", figure(reals["kd"]), "-", figure(reals["coverage"]), "-", "-"])
    return markdown(header, rows)


def draw(folders: Iterable[Path], path: Path) -> None:
    """Writes a picture that has a row of samples by `drs` for each run."""
    from ganzoo.pictures import drawing
    from ganzoo.pictures.animation import enlarged
    from ganzoo.serving.exported import Exported

    rows = [Exported(folder / "export").draw("drs", PICTURES, seed=1)["samples"] for folder in folders]
    drawing.write_png(path, enlarged(drawing.grid(np.concatenate(rows), columns=PICTURES), LEAST_SIDE))


def define_flags() -> None:
    """Defines the command's flags. Tests import several benchmarks, whose flags have the same names."""
    flags.DEFINE_string("dataset", None, "the few pictures, such as folder:few", required=True)
    flags.DEFINE_string("against", None, "more pictures of their kind, which no run sees", required=True)
    flags.DEFINE_string("source", None, "many pictures of another kind, with which the ways of transfer begin")
    flags.DEFINE_string("feature_extractor", None, "a network's file, as of `ganzoo.run`", required=True)
    flags.DEFINE_string("model", "r3gan", "an entry of the zoo that samples")
    flags.DEFINE_integer("image_size", 64, "the side of the pictures, in pixels")
    flags.DEFINE_integer("steps", 1500, "training steps of each run", lower_bound=1)
    flags.DEFINE_integer("samples", 1000, "samples that a run measures", lower_bound=2)
    flags.DEFINE_integer("seeds", 3, "runs of each way", lower_bound=1)
    flags.DEFINE_list("ways", list(WAYS), f"what to compare: {', '.join(WAYS)}")
    flags.DEFINE_string("workdir", "runs/few_pictures", "folder of the runs")


def main() -> int:
    from benchmarks.sampler_tables import write_section
    from ganzoo.errors import GanzooError, did_you_mean

    for way in FLAGS.ways:
        if way not in WAYS:
            raise GanzooError(f"--ways has '{way}', expected some of {', '.join(WAYS)}.{did_you_mean(way, WAYS)}")
    possible = [way for way in WAYS if FLAGS.source is not None or not way.startswith("transfer")]
    if absent := [way for way in FLAGS.ways if way not in possible]:
        raise GanzooError(
            f"{absent[0]} begins with a run on other pictures: give their --source, or --ways={','.join(possible)}."
        )
    for way in FLAGS.ways:
        for seed in range(FLAGS.seeds):
            measure(way, seed)
    found = {way: of_seeds for way in possible if (of_seeds := all_stored(way))}
    draw((workdir(way, 0) for way in found), Path(FLAGS.workdir) / f"{FLAGS.model}-{PICTURE}")
    named = f"{FLAGS.model} {measuring.folder_name(Path(FLAGS.dataset).name.removeprefix('folder:'))}"
    text = (
        f"## What helps with few pictures, {named}\n\n"
        f"`python -m benchmarks.few_pictures --model {FLAGS.model} --image_size {FLAGS.image_size} --steps "
        f"{FLAGS.steps} ...`\n\nFeatures of {Path(FLAGS.feature_extractor).name}, "
        f"{FLAGS.samples:,} samples. Times lower: than the first way's distance. {measuring.machine()}.\n\n"
        f"{table(found)}"
    )
    write_section(f"few pictures {named}", text)
    print(text)
    return 0


if __name__ == "__main__":
    define_flags()
    cli.run(main)
