r"""Measures training speed on equal work: ganzoo through `fit`, plain Keras, PyTorch and JAX; writes to RESULTS.md.

    python -m benchmarks.train_speed
    python -m benchmarks.train_speed --works W1,W3 --starts 1 --check
    python -m benchmarks.train_speed --torch_python ~/torch-venv/bin/python --jax_python ~/jax-venv/bin/python
    python -m benchmarks.train_speed --precisions float32

PyTorch and JAX run in environments of their own, `pip install torch` and `pip install jax flax optax`; `torch.compile`
also needs a C++ compiler. On a processor without bfloat16, `--precisions float32` leaves the slow half out.

Every contender runs in its own process, and the processes take turns (ABAB...). Each contender is started `--starts`
times, because processes of the same code differ by up to 7 %; ratios are of minima. The counted work is the graph's
matrix products and convolutions. The peak is the speed of the fastest matrix product or convolution on this machine in
the same rounds. The bare operations are the convolutions and matrix products of ganzoo's own step, and nothing
else; the rest of ganzoo's time is the share that better code around them could save. `--check` exits 1 if a ratio is
short of its goal. All contenders on TensorFlow run with ganzoo's settings of it (`environment.tune_tensorflow`).
"""

import contextlib
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from absl import flags

from benchmarks import measuring
from benchmarks.contenders.worker import Contender
from benchmarks.measuring import Goal, Times
from benchmarks.workloads import WORKS, write_reals
from ganzoo import cli
from ganzoo.errors import GanzooError, did_you_mean

FLAGS = flags.FLAGS

OURS, EXAMPLE, BARE, PEAKS = "ganzoo_fit", "keras_examples", "bare", "peaks"
TORCH, DETACHED, COMPILED, JAX = "torch_eager", "torch_detached", "torch_compile", "jax_nnx"
PRECISIONS = ("float32", "mixed_bfloat16")
SHOWN = {OURS: "ganzoo", EXAMPLE: "keras.io's way", TORCH: "PyTorch-GAN's way"}
SHOWN |= {DETACHED: "mimicry's way (fakes detached)", COMPILED: "torch.compile", JAX: "Flax NNX"}
SHOWN[BARE] = "the bare convolutions and matrix products of ganzoo's step"
Key = tuple[str, str]  # contender, precision


class Entry(NamedTuple):
    """The measurements of a contender on a work.

    Attributes:
        times: seconds of a step.
        first_step: seconds to build and to take the first step.
        peak_mb: the peak of memory, in MB.
        weights: the number of trainable weights.
        flops: floating-point operations of a step; 0 if they are not counted.
    """

    times: Times
    first_step: float
    peak_mb: float
    weights: int
    flops: float


def contenders(
    work: str, *, has_torch: bool = False, has_jax: bool = False, precisions: Sequence[str] = PRECISIONS
) -> list[Key]:
    """The contenders in the order of their turns; only the works of WGAN-GP have one with detached fakes."""
    eager = [TORCH, DETACHED] if WORKS[work].model == "wgan_gp" else [TORCH]
    in_both = [OURS, BARE]
    in_float32 = [EXAMPLE, *(eager if has_torch else [])]
    compiled = [*([COMPILED] if has_torch else []), *([JAX] if has_jax else [])]
    return [
        *((name, precision) for name in in_both for precision in precisions),
        *((name, "float32") for name in in_float32),
        *((name, precision) for name in compiled for precision in precisions),
    ]


def best(entries: list[Entry]) -> Entry:
    """One entry from the starts of a contender: least times, largest peak of memory, median of the medians."""
    minimum = min(start.times.minimum for start in entries)
    times = Times(minimum, statistics.median(start.times.median for start in entries))
    first_step, peak_mb = min(start.first_step for start in entries), max(start.peak_mb for start in entries)
    return entries[0]._replace(times=times, first_step=first_step, peak_mb=peak_mb)


def measure(work: str) -> tuple[dict[Key, Entry], dict[str, float]]:
    """All contenders on a work, at the best of their starts, and the peaks in FLOP/s by precision."""
    with tempfile.TemporaryDirectory() as folder:
        reals = Path(folder) / "reals.npz"
        write_reals(work, reals)
        starts = [measure_once(work, reals) for _ in range(FLAGS.starts)]
    entries = {key: best([entries[key] for entries, _ in starts]) for key in starts[0][0]}
    return entries, {precision: max(peaks[precision] for _, peaks in starts) for precision in FLAGS.precisions}


def measure_once(work: str, reals: Path) -> tuple[dict[Key, Entry], dict[str, float]]:
    """The entries and peaks of one start of each contender; `reals` is the file of `write_reals`."""
    python = dict.fromkeys((TORCH, DETACHED, COMPILED), FLAGS.torch_python) | {JAX: FLAGS.jax_python}
    has = dict(has_torch=FLAGS.torch_python is not None, has_jax=FLAGS.jax_python is not None)
    to_start = [(name, precision, work) for name, precision in contenders(work, **has, precisions=FLAGS.precisions)]
    to_start += [(PEAKS, precision, WORKS[work].bound_by) for precision in FLAGS.precisions]
    with contextlib.ExitStack() as stack:
        workers = {}
        for name, precision, task in to_start:
            errors = reals.parent / f"{name}-{precision}.log"
            worker = Contender(name, task, reals, precision, errors, python.get(name) or sys.executable)
            workers[name, precision] = stack.enter_context(worker)
        slices = {key: worker.seconds_of_step for key, worker in workers.items()}
        times = measuring.in_turn(slices, FLAGS.rounds, FLAGS.seconds)
    peaks = {p: workers[PEAKS, p].start["flops"] / times[PEAKS, p].minimum for p in FLAGS.precisions}
    entries = {
        key: Entry(
            times[key],
            worker.start["first_step_seconds"],
            worker.end["peak_mb"],
            worker.start["weights"],
            worker.start["flops"],
        )
        for key, worker in workers.items()
        if key[0] != PEAKS
    }
    counted = {key: entry.weights for key, entry in entries.items() if key[0] != BARE}
    if len(set(counted.values())) > 1:
        counts = ", ".join(f"{name} {weights}" for (name, _), weights in counted.items())
        raise GanzooError(
            f"{work}: the contenders' networks are not equal; they have these numbers of weights: {counts}."
        )
    return entries, peaks


def goals(work: str, entries: dict[Key, Entry], peaks: dict[str, float]) -> list[Goal]:
    """The goals against the contenders that took part, in the precisions that were measured."""
    found = []
    for (precision, name), least in WORKS[work].goals.items():
        ours, theirs = entries.get((OURS, precision)), entries.get((name, precision), entries.get((name, "float32")))
        if ours and theirs:
            ratio = theirs.times.minimum / ours.times.minimum
            found.append(Goal(f"{work}, {precision}, time of a step of {SHOWN[name]} to ours", ratio, least))
    ours = entries[OURS, "float32"]
    first = entries[EXAMPLE, "float32"].first_step / ours.first_step
    what = f"{work}, float32, time to the first step of {SHOWN[EXAMPLE]} to ours"
    found.append(Goal(what, first, WORKS[work].first_step))
    if WORKS[work].of_peak:
        what = f"{work}, float32, share of the {WORKS[work].bound_by} peak"
        found.append(Goal(what, share_of_peak(ours, peaks["float32"]), WORKS[work].of_peak))
    return found


def share_of_peak(entry: Entry, peak: float) -> float:
    return entry.flops / entry.times.minimum / peak


def table(work: str, entries: dict[Key, Entry], peaks: dict[str, float]) -> str:
    """The table's lines, one for each contender. Ratios are its minimum over ganzoo's in each precision."""
    from benchmarks.sampler_tables import figure, markdown

    header = ["contender", "ms a step (best)", "(median)"]
    header += [{"float32": "to ours", "mixed_bfloat16": "to ours in bfloat16"}[precision] for precision in peaks]
    header += ["first step, s", "peak memory, MB", "GFLOP a step", f"of the {WORKS[work].bound_by} peak"]
    lines = []
    for (name, precision), entry in entries.items():
        ratios = [figure(entry.times.minimum / entries[OURS, other].times.minimum) for other in peaks]
        counted = ["-", "-"]
        if entry.flops:
            counted = [figure(entry.flops / 1e9), figure(share_of_peak(entry, peaks[precision]))]
        times = [figure(1000 * seconds) for seconds in entry.times]
        # The bare operations are no training, so that neither their start nor their memory compares.
        of_start = ["-", "-"] if name == BARE else [figure(entry.first_step), figure(entry.peak_mb)]
        lines.append([f"{SHOWN[name]}, {precision}", *times, *ratios, *of_start, *counted])
    gigas = ", ".join(f"{precision} {peak / 1e9:,.0f} GFLOP/s" for precision, peak in peaks.items())
    weights = entries[OURS, "float32"].weights
    left = ", ".join(f"{figure(share_left(entries, precision))} in {precision}" for precision in peaks)
    return (
        f"**{work}**: {WORKS[work].text}; {weights:,} weights. Peak: {gigas}. Share of ganzoo's step that is neither "
        f"convolution nor matrix product: {left}.\n\n{markdown(header, lines)}"
    )


def share_left(entries: dict[Key, Entry], precision: str) -> float:
    """The share of ganzoo's step that is left over beside its bare convolutions and matrix products."""
    return 1 - entries[BARE, precision].times.minimum / entries[OURS, precision].times.minimum


def define_flags() -> None:
    """Defines the command's flags. Tests import several benchmarks, whose flags have the same names."""
    flags.DEFINE_list("works", list(WORKS), "the works to measure: W1 Gaussians, W2 and W3 digits, W4 CycleGAN")
    flags.DEFINE_integer("starts", 2, "starts of each contender", lower_bound=1)
    flags.DEFINE_integer("rounds", 2, "slices of each contender, in turn, after each start", lower_bound=1)
    flags.DEFINE_float(
        "seconds", 10.0, "seconds of a slice, long enough for the ends of several epochs", lower_bound=0.0
    )
    flags.DEFINE_string(
        "torch_python", None, "the interpreter of an environment with torch; without it no PyTorch runs"
    )
    flags.DEFINE_string(
        "jax_python", None, "the interpreter of an environment with jax, flax and optax; without it no JAX runs"
    )
    flags.DEFINE_list(
        "precisions", list(PRECISIONS), "float32, or float32,mixed_bfloat16, which is slow on a processor without it"
    )
    flags.DEFINE_bool("check", False, "exit 1 if a goal is missed; RESULTS.md is left alone")


def main() -> int:
    for work in FLAGS.works:
        if work not in WORKS:
            raise GanzooError(f"no work '{work}'.{did_you_mean(work, WORKS)} There are: {', '.join(WORKS)}.")
    for precision in FLAGS.precisions:
        if precision not in PRECISIONS:
            hint = did_you_mean(precision, PRECISIONS)
            raise GanzooError(f"no precision '{precision}'.{hint} There are: {', '.join(PRECISIONS)}.")
    if "float32" not in FLAGS.precisions:
        raise GanzooError("--precisions has no float32, in which the examples run. Give float32 too.")
    for name in ("torch_python", "jax_python"):
        if FLAGS[name].value is not None and not Path(FLAGS[name].value).expanduser().exists():
            raise GanzooError(f"--{name} is {FLAGS[name].value}, where there is no interpreter.")
    with cli.quiet_imports():
        from benchmarks.sampler_tables import write_section
    missed = []
    for work in FLAGS.works:
        entries, peaks = measure(work)
        table_of_work = table(work, entries, peaks)
        short = measuring.shortfalls(goals(work, entries, peaks))
        print("\n".join([table_of_work, *short, ""]), flush=True)
        missed += short
        if not FLAGS.check:
            options = "".join(f" --{name} PYTHON" for name in ("torch_python", "jax_python") if FLAGS[name].value)
            if set(FLAGS.precisions) != set(PRECISIONS):
                options += f" --precisions {','.join(FLAGS.precisions)}"
            turns = f"{FLAGS.starts} start{'s' * (FLAGS.starts > 1)} of {FLAGS.rounds} rounds in turn"
            text = (
                f"## Speed of training, {work}\n\n`python -m benchmarks.train_speed --works {work}{options}`\n\n"
                f"{measuring.machine()}. {turns} of {FLAGS.seconds:g} s each. The first step is from building to its "
                f"end, imports and data left out.\n\n{table_of_work}"
            )
            write_section(f"train_speed_{work}", text)
    print(f"{len(missed)} goals are missed" if missed else "every goal is met")
    return 1 if FLAGS.check and missed else 0


if __name__ == "__main__":
    define_flags()
    cli.run(main)
