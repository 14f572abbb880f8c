r"""Measures the seconds of training until a Frechet distance is reached on `mnist_5k`; writes to RESULTS.md.

    python -m benchmarks.time_to_quality
    python -m benchmarks.time_to_quality --threshold 100 --samples 2000 --every 10 --limit 600 --check
    python -m benchmarks.time_to_quality --against 1e8b19c --model r3gan --check

The benchmark compares ganzoo's `wgan_gp` by its recipe, plain and by `drs`, with the example of keras.io as published.
The example has its own networks, batches of 512, 3 critic steps, Adam at 2e-4 with betas .5 and .9, lambda 10 and no
averaged generator.

Both train in turn for `--every` seconds, to the end of a step. They are then measured, off the clock, on `--samples`
samples. A clock begins before the networks are built. For `drs`, each point also counts one fit of the density ratio:
the fit at that point. `--check` exits 1 unless ganzoo takes at most half the example's time.

With `--against` the other contender is another revision of this repository, checked out beside it. Each build trains
`--model` by its own recipe to the recipe's end, in a process of its own. The thresholds are the final distances of
commit 1e8b19c (`FINAL`), and `--check` exits 1 unless this build reaches them four times sooner. Both are measured by
this build.
"""

import contextlib
import functools
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from absl import flags

from benchmarks import measuring
from benchmarks.measuring import Goal
from benchmarks.revisions import ROOT, STEPS_AT_ONCE, Trainer, checkout
from ganzoo import cli

FLAGS = flags.FLAGS

OURS, DRS, EXAMPLE = "ganzoo's wgan_gp", "ganzoo's wgan_gp by drs", "keras.io's WGAN-GP"
THIS, OTHER = "this build", "the other build"
FINAL = {"wgan_gp": (38.1, 20.5), "r3gan": (42.1, 9.2)}  # of commit 1e8b19c: of the generator, and by drs
LEAST_AGAINST = 4.0
LEAST = 2.0  # the goal: the example's time is at least this many times ganzoo's
PATIENCE = 2.5  # the example stops after this many times ganzoo's time


class Point(NamedTuple):
    """A measurement of a sampler: the seconds of training, with the fit if there is one, and the distance."""

    seconds: float
    distance: float


class Learner(NamedTuple):
    """A model in training.

    Attributes:
        train: trains for the given number of steps and returns afterwards.
        samplers: name -> a function from a number of samples to samples float32 [n, 28, 28, 1] in [-1, 1], and to the
            seconds of preparation that count as training.
        steps_at_once: steps between two looks at the clock.
        is_done: whether there is nothing left to train.
    """

    train: Callable[[int], None]
    samplers: dict[str, Callable[[int], tuple]]
    steps_at_once: int
    is_done: Callable[[], bool] = lambda: False


def reached(curve: list[Point], threshold: float) -> float:
    """Seconds at the first point at or below the threshold; infinite if no point reaches it."""
    return min((point.seconds for point in curve if point.distance <= threshold), default=math.inf)


def goals(
    curves: dict[str, list[Point]], thresholds: dict[str, float], rivals: dict[str, str], least: float
) -> list[Goal]:
    """A goal for each sampler with a rival: the rival's time until the threshold is at least `least` times its own.

    If the rival never reached the threshold, the time that it was given counts, which is to its advantage.
    """
    found = []
    for name, rival in rivals.items():
        other = min(reached(curves[rival], thresholds[name]), curves[rival][-1].seconds)
        own = reached(curves[name], thresholds[name])
        ratio = other / own if math.isfinite(own) else 0.0
        found.append(Goal(f"{name}, time of {rival} to its own until {thresholds[name]:g}", ratio, least))
    return found


def table(curves: dict[str, list[Point]], thresholds: dict[str, float], metric: str) -> str:
    """The table's lines: for each sampler, when it reached its threshold, and its best point."""
    from benchmarks.sampler_tables import figure, markdown

    header = ["sampler", f"{metric} to reach", "seconds until then", f"lowest {metric}", "at second"]
    lines = []
    for name, curve in curves.items():
        seconds, best = reached(curve, thresholds[name]), min(curve, key=lambda point: point.distance)
        when = f"{seconds:.0f}" if math.isfinite(seconds) else f"not in {curve[-1].seconds:.0f}"
        lines.append([name, f"{thresholds[name]:g}", when, figure(best.distance), f"{best.seconds:.0f}"])
    return markdown(header, lines)


def train_in_turn(
    learners: dict[str, Callable[[], Learner]],
    distance: Callable,
    *,
    thresholds: dict[str, float],
    samples: int,
    every: float,
    limit: float,
    patience: float = PATIENCE,
) -> dict[str, list[Point]]:
    """Trains the learners in turn, and measures them.

    A learner stops once all its samplers have reached their thresholds, when its training is done, or when its time is
    up. Its time is `limit`, or `patience` times the time of the first learner, once that has reached the threshold.

    Args:
        learners: functions that build the learners; building counts as training time.
        distance: samples -> their distance from the reals.
        thresholds: the distance to reach, by sampler.
        samples: samples of each measurement.
        every: seconds of training between two measurements.
        limit: seconds of training.
        patience: as above.

    Returns:
        The curves by sampler.
    """

    def first(sampler):
        return reached(curves[sampler], thresholds[sampler])

    curves: dict[str, list[Point]] = {}
    clocks = dict.fromkeys(learners, 0.0)
    built: dict[str, Learner] = {}
    going = list(learners)
    while going:
        for name in list(going):
            start = time.perf_counter()
            if name not in built:
                built[name] = learners[name]()
            while time.perf_counter() - start < every and not built[name].is_done():
                built[name].train(built[name].steps_at_once)
            clocks[name] += time.perf_counter() - start
            for sampler, draw in built[name].samplers.items():
                drawn, preparing = draw(samples)
                point = Point(clocks[name] + preparing, distance(drawn))
                curves.setdefault(sampler, []).append(point)
                print(f"{sampler}: {point.distance:.1f} after {point.seconds:.0f} s", flush=True)
            is_there = all(math.isfinite(first(sampler)) for sampler in built[name].samplers)
            if is_there and name == next(iter(learners)):
                limit = min(limit, patience * max(map(first, built[name].samplers)))
            if is_there or clocks[name] >= limit or built[name].is_done():
                going.remove(name)
    return curves


def ours(parts, config) -> Learner:
    """ganzoo's `wgan_gp` by its recipe, sampled by the averaged generator and by rejection."""
    import tensorflow as tf

    from benchmarks.sampler_tables import drawer, samplers
    from ganzoo import models
    from ganzoo.data.pipeline import batches
    from ganzoo.data.reals import to_float
    from ganzoo.density_ratio import fitting
    from ganzoo.training import loop

    model = models.from_config(config, parts.train.shape)
    loop.compile_for(model, config)
    seed = tf.constant([config.seed, 7])

    def train(steps):
        where = dict(seed=config.seed, first_step=model.steps_taken, steps=model.steps_taken + steps)
        model.fit(batches(parts.train.samples, config.batch_size, draws=model.n_critic, **where), verbose=0)

    def plain(count):
        return model.sample(count, seed=config.seed), 0.0

    def by_drs(count):
        start = time.perf_counter()
        known = dict(training=parts.train.samples, options=config.ratio, seed=config.seed)
        ratio = fitting.for_export(model, to_float(parts.ratio.samples), **known)
        sampler = samplers(chain_length=1, max_proposals=1000 * count)["drs 80"]
        draw = drawer(model.propose, ratio, sampler, count, config.sampling.batch_size)  # draws the burn-in
        seconds = time.perf_counter() - start
        return draw(seed).samples.numpy(), seconds

    return Learner(train, {OURS: plain, DRS: by_drs}, steps_at_once=10)


def example(parts, config) -> Learner:
    """keras.io's example, on the same reals."""
    import tensorflow as tf

    from benchmarks.contenders.keras_examples import fit, published, wgan_gp

    model, data = published.model(), wgan_gp.data(parts.train.samples, published.BATCH_SIZE)

    def train(steps):
        fit(model, steps, data)

    def draw(count):
        latents = tf.random.stateless_normal([count, published.LATENT_DIM], [config.seed, 7])
        return model.generator.predict(latents, batch_size=256, verbose=0), 0.0

    return Learner(train, {EXAMPLE: draw}, steps_at_once=1)  # a step takes several seconds


def build(place: Path, name: str, stack: contextlib.ExitStack) -> Learner:
    """A build of ganzoo in a process of its own; `name` begins the names of its samplers."""
    trainer = Trainer(place, FLAGS.model, FLAGS.seed)
    stack.callback(trainer.close)
    samplers = {of: functools.partial(trainer.draw, k) for k, of in enumerate(samplers_of(name))}
    return Learner(trainer.train, samplers, STEPS_AT_ONCE, lambda: trainer.steps_left == 0)


def samplers_of(name: str) -> tuple[str, str]:
    return name, f"{name} by drs"


def define_flags() -> None:
    """Defines the command's flags. Tests import several benchmarks, whose flags have the same names."""
    flags.DEFINE_string("against", None, "a revision of this repository to train beside this one")
    flags.DEFINE_enum("model", "wgan_gp", list(FINAL), "with --against: the entry that both builds train")
    flags.DEFINE_float("threshold", 60.0, "the Frechet distance to reach")
    flags.DEFINE_integer("samples", 10_000, "samples of each measurement", lower_bound=2)
    flags.DEFINE_float("every", 30.0, "seconds of training between two measurements", lower_bound=0.0)
    flags.DEFINE_float("limit", 600.0, "the most seconds of training", lower_bound=0.0)
    flags.DEFINE_integer("seed", 0, "the seed of both trainings")
    flags.DEFINE_bool("check", False, "exit 1 if a goal is missed; RESULTS.md is left alone")


def main() -> int:
    with cli.quiet_imports():
        import keras

        from ganzoo.data.loading import load_parts
        from ganzoo.evaluation import digits_classifier
        from ganzoo.evaluation.features import DigitsFeatures
        from ganzoo.evaluation.frechet import fit_gaussian, frechet_distance
        from ganzoo.evaluation.samples import short
        from ganzoo.zoo.recipes import load_config
    config = load_config("wgan_gp", "mnist_5k")
    config.seed = FLAGS.seed
    keras.utils.set_random_seed(config.seed)
    parts = load_parts(config.dataset, **config.data)
    features, reference = DigitsFeatures(), digits_classifier.load().reference

    def distance(samples):
        return frechet_distance(fit_gaussian(features.features(samples)), reference)

    metric = f"fd_digits{short(FLAGS.samples)}"
    if FLAGS.against is not None:
        return compare_builds(distance, metric)
    both = {OURS: functools.partial(ours, parts, config), EXAMPLE: functools.partial(example, parts, config)}
    thresholds = dict.fromkeys((OURS, DRS, EXAMPLE), FLAGS.threshold)
    options = dict(thresholds=thresholds, samples=FLAGS.samples, every=FLAGS.every, limit=FLAGS.limit)
    curves = train_in_turn(both, distance, **options)
    print(table(curves, thresholds, metric))
    missed = measuring.shortfalls(goals(curves, thresholds, {OURS: EXAMPLE, DRS: EXAMPLE}, LEAST))
    text = (
        f"## Time to quality\n\n`python -m benchmarks.time_to_quality --threshold {FLAGS.threshold:g}`\n\n"
        f"{measuring.machine()}. Seconds of training count from before the networks are built and are "
        f"measured every {FLAGS.every:g} s. For `drs` they include the fit of its ratio. The example is trained as "
        f"published, on the same reals.\n\n{table(curves, thresholds, metric)}"
    )
    return measuring.conclude(missed, FLAGS.check, "time_to_quality", text)


def compare_builds(distance: Callable, metric: str) -> int:
    """This build beside `--against`. Returns the exit code."""
    thresholds = {
        of: final for name in (THIS, OTHER) for of, final in zip(samplers_of(name), FINAL[FLAGS.model], strict=True)
    }
    rivals = dict(zip(samplers_of(THIS), samplers_of(OTHER), strict=True))
    with checkout(FLAGS.against) as place, contextlib.ExitStack() as stack:
        both = {name: functools.partial(build, at, name, stack) for name, at in ((THIS, ROOT), (OTHER, place))}
        options = dict(samples=FLAGS.samples, every=FLAGS.every, limit=math.inf, patience=math.inf)
        curves = train_in_turn(both, distance, thresholds=thresholds, **options)
    lines = table(curves, thresholds, metric)
    print(lines)
    given = f"--against {FLAGS.against} --model {FLAGS.model} --every {FLAGS.every:g}"
    command = f"python -m benchmarks.time_to_quality {given}"
    text = (
        f"## Time to quality, `{FLAGS.model}` against {FLAGS.against}\n\n`{command}`\n\n{measuring.machine()}. Both "
        f"builds train by their own recipes, in turn, and are measured every {FLAGS.every:g} s. Seconds count from the "
        f"start of the process; for `drs` they include one fit of the ratio.\n\n{lines}"
    )
    missed = measuring.shortfalls(goals(curves, thresholds, rivals, LEAST_AGAINST))
    return measuring.conclude(missed, FLAGS.check, f"time_to_quality_{FLAGS.model}", text)


if __name__ == "__main__":
    define_flags()
    cli.run(main)
