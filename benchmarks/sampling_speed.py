r"""Measures an export's accepted samples per second, as a fraction of a bound; the table goes to RESULTS.md.

    python -m benchmarks.sampling_speed
    python -m benchmarks.sampling_speed --check --rounds 5 --seconds 5
    python -m benchmarks.sampling_speed --against 1e8b19c --check

Two models, one of convolutions and one of dense layers, are trained for `--steps` by their recipes and exported with
their density ratio. Their quality does not matter here.

The bound is the time of the forward passes, through generator and ratio in one graph, for a request's proposals. Each
pass has as many rows as the request asks for samples, at most the export's batch. Passes and samplers are measured in
turn. Small requests may beat the bound, because they propose more rows at once than they ask for; `mh` may beat it,
because its chain is one call.

The fraction beside the bound's uses passes of as many rows as a request proposes, which have the largest throughput. A
small request falls short of this one: a round may leave samples missing, and each pass has a fixed cost.

With `--against` another revision of this repository, checked out beside it, trains and exports the two models. This
build exports the same runs again, and on a processor with bfloat16 once more in that. The samplers and the starts of
all exports are measured in turn (`benchmarks.exports_in_turn`), and the goals are ratios of their speeds.

`--check` exits 1 if a goal is missed.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from absl import flags

from benchmarks import exports_in_turn, measuring
from benchmarks.exports_in_turn import Counted, ask
from benchmarks.measuring import Goal, Times
from ganzoo import cli

FLAGS = flags.FLAGS

WORKS = {"convolutions": ("wgan_gp", "mnist_5k"), "dense": ("gan", "gaussians25")}
GOALS = {"convolutions": 0.95, "dense": 0.75}
GOAL_SIZES = (64, 10_000)
CHAIN_LENGTH = 10  # proposals of each sample of mh
INPUTS = {"drs": dict(gamma_percentile=80.0), "obrs": dict(budget=2.0), "mh": dict(chain_length=CHAIN_LENGTH)}
LOOP = "Python loop"


class Measured(NamedTuple):
    """A request of one size to one sampler.

    Attributes:
        work: a key of WORKS.
        sampler: a signature, or LOOP.
        size: samples of a request.
        of_sample: seconds per sample.
        of_row: seconds per row of a forward pass that has as many rows as the request asks for samples.
        of_proposal: seconds per row of a forward pass that has as many rows as the request proposes.
        proposals: mean number of proposals per sample.
    """

    work: str
    sampler: str
    size: int
    of_sample: Times
    of_row: Times
    of_proposal: Times
    proposals: float

    @property
    def fraction(self) -> float:
        """The request's speed as a fraction of the bound, by minima."""
        return self.of_row.minimum * self.proposals / self.of_sample.minimum

    @property
    def of_larger_passes(self) -> float:
        """The request's speed as a fraction of the speed of passes that hold all its proposals, by minima."""
        return self.of_proposal.minimum * self.proposals / self.of_sample.minimum


def goals(rows: list[Measured]) -> list[Goal]:
    """The goals of the sizes that have one; the loop in Python has no goal and serves as a comparison."""
    with_goal = [row for row in rows if row.size in GOAL_SIZES and row.sampler != LOOP]
    return [
        Goal(f"{row.work}, {row.sampler}, {row.size} samples, fraction of the bound", row.fraction, GOALS[row.work])
        for row in with_goal
    ]


def table(rows: list[Measured]) -> str:
    """The table's lines, one for each request."""
    from benchmarks.sampler_tables import figure, markdown

    header = [
        "work",
        "sampler",
        "samples",
        "proposals per sample",
        "samples/s (best)",
        "(median)",
        "of the bound",
        "goal",
        "of larger passes",
    ]
    lines = []
    for row in rows:
        goal = f"{GOALS[row.work]:g}" if row.size in GOAL_SIZES and row.sampler != LOOP else ""
        speed = [figure(1 / seconds) for seconds in row.of_sample]
        fractions = [figure(row.fraction), goal, figure(row.of_larger_passes)]
        lines.append([row.work, row.sampler, f"{row.size:,}", figure(row.proposals), *speed, *fractions])
    return markdown(header, lines)


def measure(work: str) -> list[Measured]:
    """Trains and exports one model, and measures requests to the export."""
    from benchmarks.sampler_tables import trained
    from ganzoo.data.reals import to_float
    from ganzoo.density_ratio import fitting
    from ganzoo.export import saved_model
    from ganzoo.serving.exported import Exported
    from ganzoo.zoo.recipes import load_config

    config = load_config(*WORKS[work])
    config.steps = FLAGS.steps
    workdir = Path(FLAGS.workdir) / work
    model, parts, _ = trained(config, workdir)
    held_out = to_float(parts.ratio.samples)
    known = dict(training=parts.train.samples, options=config.ratio, seed=config.seed)
    ratio = fitting.for_export(model, held_out, **known)
    what = saved_model.servable(model, ratio=ratio, sampling=config.sampling)
    exported = Exported(saved_model.write(what, workdir / "export"))

    rows = []
    for size in map(int, FLAGS.sizes):
        rows += of_size(work, size, exported, forward_of(model, ratio))
    return rows


def forward_of(model, ratio) -> Callable:
    """latents float32 [rows, d] -> samples and their log ratios: the work that every sampler must do."""
    import tensorflow as tf

    @tf.function(reduce_retracing=True, autograph=False)
    def forward(latents):
        samples = model(latents)
        return samples, ratio(samples)

    return forward


def of_size(work: str, size: int, exported, forward: Callable) -> list[Measured]:
    """Measures every sampler and the loop, in turn with forward passes of the batches that they need."""
    import numpy as np
    import tensorflow as tf

    from ganzoo.sampling.proposals import batch_row_count

    most = exported.config["sampling"]["batch_size"]
    latent_dim = exported.signatures["serving_default"].structured_input_signature[1]["latents"].shape[-1]
    counted = {
        name: Counted(functools.partial(ask, exported.signatures[name], size, inputs))
        for name, inputs in INPUTS.items()
    }
    counted[LOOP] = Counted(loop_in_python(forward, size, most, latent_dim))
    for draw in counted.values():
        draw()

    needed = {name: size * draw.proposals / draw.samples for name, draw in counted.items()}
    needed["mh"] = size  # chains run side by side and make one proposal each at a time
    batches = {name: int(batch_row_count(proposals, most)) for name, proposals in needed.items()}
    passes = {}
    rows_of_size = int(batch_row_count(size, most))
    for rows in {rows_of_size, *batches.values()}:
        latents = tf.constant(np.random.default_rng(rows).normal(size=(rows, latent_dim)), tf.float32)
        passes[f"forward {rows}"] = measuring.repeated(functools.partial(passed, forward, latents))
        passed(forward, latents)

    contenders = {name: measuring.repeated(draw) for name, draw in counted.items()} | passes
    times = measuring.in_turn(contenders, FLAGS.rounds, FLAGS.seconds)
    of_row, of_proposal = times[f"forward {rows_of_size}"], {n: times[f"forward {rows}"] for n, rows in batches.items()}
    return [
        Measured(work, name, size, times[name], of_row, of_proposal[name], draw.proposals / draw.samples)
        for name, draw in counted.items()
    ]


def passed(forward: Callable, latents) -> int:
    """Runs one forward pass to its end, and returns the number of its rows."""
    forward(latents)[1].numpy()
    return len(latents)


def loop_in_python(forward: Callable, size: int, batch: int, latent_dim: int) -> Callable:
    """Discriminator rejection in plain NumPy around a network: batches of proposals until there are enough samples.

    As in the export, gamma is a percentile of a burn-in.
    """
    import numpy as np
    import tensorflow as tf

    from ganzoo.sampling.drs import EPSILON

    def proposals(rng):
        samples, ratio = forward(tf.constant(rng.normal(size=(batch, latent_dim)), tf.float32))
        return samples.numpy(), ratio.numpy().astype(np.float64)

    def f_hat(ratio, largest):
        gap = ratio - largest
        return gap - np.log(-np.expm1(gap - EPSILON))

    rng = np.random.default_rng(0)
    burn_in = np.concatenate([proposals(rng)[1] for _ in range(-(-10_000 // batch))])

    def draw(number):
        rng, largest = np.random.default_rng(number), burn_in.max()
        kept, count, proposed = [], 0, 0
        while count < size:
            samples, ratio = proposals(rng)
            largest = max(largest, ratio.max())
            gamma = np.percentile(f_hat(burn_in, largest), INPUTS["drs"]["gamma_percentile"])
            accepted = rng.random(batch) < 1 / (1 + np.exp(gamma - f_hat(ratio, largest)))
            kept.append(samples[accepted])
            count += int(accepted.sum())
            proposed += batch
        return len(np.concatenate(kept)[:size]), proposed

    return draw


def define_flags() -> None:
    """Defines the command's flags. Tests import several benchmarks, whose flags have the same names."""
    flags.DEFINE_string("against", None, "a revision of this repository whose exports are measured beside this build's")
    flags.DEFINE_list("works", ["convolutions", "dense"], "the models to measure")
    flags.DEFINE_list("sizes", ["1", "16", "64", "10000"], "samples of a request")
    flags.DEFINE_integer("rounds", 5, "slices of each contender, in turn", lower_bound=1)
    flags.DEFINE_float("seconds", 3.0, "the least seconds of a slice", lower_bound=0.0)
    flags.DEFINE_integer("steps", 200, "generator steps of the trainings", lower_bound=1)
    flags.DEFINE_string("workdir", "runs/sampling_speed", "folder of the trainings")
    flags.DEFINE_bool("check", False, "exit 1 if a goal is missed; RESULTS.md is left alone")


def main() -> int:
    with cli.quiet_imports():
        import keras  # noqa: F401 - imports TensorFlow, whose remarks are silenced here
    if FLAGS.against is not None:
        return compare_builds()
    rows = [row for work in FLAGS.works for row in measure(work)]
    print(table(rows))
    missed = measuring.shortfalls(goals(rows))
    text = (
        "## Speed of sampling\n\n`python -m benchmarks.sampling_speed`\n\n"
        f"{measuring.machine()}. Best and median of {FLAGS.rounds} rounds in turn. The bound is the time that the "
        "generator and the density ratio take for the proposals, in passes of as many rows as samples are asked for. "
        "The last column has passes of as many rows as the request proposes. "
        f"`mh` runs chains of {CHAIN_LENGTH}.\n\n{table(rows)}"
    )
    return measuring.conclude(missed, FLAGS.check, "sampling_speed", text)


def compare_builds() -> int:
    """This build's exports beside the ones of `--against`. Returns the exit code."""
    rows, started = [], {}
    for work in FLAGS.works:
        model, dataset = WORKS[work]
        arguments = ["--model", model, "--dataset", dataset, "--steps", str(FLAGS.steps)]
        folder = Path(FLAGS.workdir) / FLAGS.against / work
        folders = exports_in_turn.exports(FLAGS.against, arguments, folder) | exports_in_turn.in_bfloat16(folder)
        sizes = [int(size) for size in FLAGS.sizes]
        rows += exports_in_turn.compare(work, folders, sizes, INPUTS, FLAGS.rounds, FLAGS.seconds)
        started[work] = exports_in_turn.starts(folders, FLAGS.rounds)
    tables = exports_in_turn.tables(rows, started)
    print(tables)
    missed = measuring.shortfalls(exports_in_turn.goals(rows, started))
    text = (
        f"## Speed of sampling against {FLAGS.against}\n\n"
        f"`python -m benchmarks.sampling_speed --against {FLAGS.against}`\n\n{measuring.machine()}. Best of "
        f"{FLAGS.rounds} rounds in turn. All exports are of the same weights, and each has a fit of its density ratio. "
        f"`mh` runs chains of {CHAIN_LENGTH}. The last column compares the samples of equal seeds, within 1e-3. A "
        f"start is a process that loads the export and draws by `drs`.\n\n{tables}"
    )
    return measuring.conclude(missed, FLAGS.check, "sampling_speed_against", text)


if __name__ == "__main__":
    define_flags()
    cli.run(main)
