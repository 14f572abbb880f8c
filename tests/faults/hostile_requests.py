"""Sends hostile requests to the exports of all entries: none may crash, hang, answer NaN or exceed a limit.

    python -m tests.faults.hostile_requests --exports runs --requests 10000 --out requests.md

`--exports` is a folder of runs (`RUN/export`), such as those of the recipes at their full size. Without it, each entry
is exported untrained at its recipe's size. A request changes one or two inputs of a valid one: numbers beyond their
bounds and at them, other dtypes' extremes, NaN and infinite values, no rows, one row too many, rows that do not match,
pictures of odd sides, files that are no pictures. A refusal by InvalidArgumentError is an answer; an answer has finite
numbers and at most the rows of its limit. A request may take 60 s.
"""

import argparse
import functools
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import tensorflow as tf

import ganzoo
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.export import saved_model
from ganzoo.serving.exported import Exported, newest_version
from ganzoo.serving.measure_latency import request
from ganzoo.zoo.recipes import load_config
from ganzoo.zoo.registry import in_package
from tests.faults.report import report

SECONDS = 60  # of one request
SHAPES = {"digits_mnist2uci": (32, 32, 1), "edges2digits": (32, 32, 1), "digit_styles": (32, 32, 3)}
WHOLE = [-(2**31), -1, 0, 1, 2, 7, 99, 10**6, 2**31 - 1]
REAL = [0.0, -0.0, 1.0, -1.0, 100.0, 1e-45, 1e30, -1e30, 3.4e38, float("nan"), float("inf"), -float("inf")]


class Hangs(Exception):
    """A request took longer than it may."""


def export(name: str, folder: Path) -> Path:
    """An untrained export of an entry at its recipe's size, with all its signatures."""
    config = load_config(name)
    model = ganzoo.create(name, image_shape=SHAPES.get(config.dataset, (28, 28, 1)))
    if config.task == "translation":
        return Path(saved_model.export_translator(model, folder))
    held_out = tf.linspace(-0.5, 0.5, 100)
    if model.num_classes is not None:
        held_out = tf.tile(held_out[None], [model.num_classes, 1])
    brightness = lambda samples, *labels: tf.reduce_mean(samples, axis=(1, 2, 3))  # noqa: E731
    return Path(saved_model.export(model, folder, ratio=DensityRatio(brightness, held_out=held_out)))


def spoilt(inputs: dict[str, np.ndarray], rng: random.Random) -> dict[str, np.ndarray]:
    """A valid request with one or two of its inputs changed."""
    inputs = dict(inputs)
    for name in rng.sample(sorted(inputs), min(len(inputs), rng.choice([1, 1, 2]))):
        value = np.asarray(inputs[name])
        if value.dtype == object:
            files = [b"", b"no picture", bytes(rng.randbytes(40)), value.ravel()[0][: rng.randrange(1, 60)]]
            inputs[name] = np.array([rng.choice(files) for _ in range(rng.choice([0, 1, 3, 70]))], object)
            continue
        extremes = REAL if value.dtype.kind == "f" else WHOLE
        change = rng.choice(["all", "some", "none", "rows", "sides"]) if value.ndim else "all"
        if change == "all":
            inputs[name] = np.full_like(value, rng.choice(extremes))
        elif change == "some" and value.size:
            changed = value.copy().ravel()
            changed[rng.randrange(changed.size)] = rng.choice(extremes)
            inputs[name] = changed.reshape(value.shape)
        elif change == "none":
            inputs[name] = value[:0]
        elif change == "rows":
            inputs[name] = np.resize(value, (rng.choice([2, 5, 65, 1025]), *value.shape[1:]))
        elif value.ndim == 4:
            sides = rng.choice([1, 3, 31, 1025]), rng.choice([1, 8, 33])
            inputs[name] = np.resize(value, (len(value), *sides, value.shape[3]))
    return inputs


def verdict(exported: Exported, signature: str, inputs: dict[str, np.ndarray]) -> str:
    """ "answered" or "refused".

    Raises:
        AssertionError: for an answer that is not finite or has too many rows, and for any other error.
    """
    call, limits = exported.signatures[signature], exported.config["sampling"]
    tensors, specs = {}, exported.specs(signature)
    for name, value in inputs.items():
        with np.errstate(all="ignore"):
            tensors[name] = tf.constant(value if value.dtype == object else value.astype(specs[name].dtype))
        if not tf.TensorShape(specs[name].shape).is_compatible_with(tensors[name].shape):
            return "refused"  # by the shape in the signature
    signal.alarm(SECONDS)
    try:
        answers = call(**tensors)
        answers = {name: answer.numpy() for name, answer in answers.items()}
    except tf.errors.InvalidArgumentError:
        return "refused"
    except tf.errors.OpError as error:
        raise AssertionError(f"{type(error).__name__}: {str(error)[:200]}") from error
    finally:
        signal.alarm(0)
    most = max(limits.get(key, 0) for key in ("max_samples", "max_rows", "max_images"))
    for name, answer in answers.items():
        assert answer.ndim == 0 or len(answer) <= most, f"{name} has {len(answer)} rows, more than {most}"
        if answer.dtype.kind == "f" and not (name == "log_ratio" and signature.startswith("propose")):
            assert np.isfinite(answer).all(), f"{name} is not finite"
    return "answered"


def trial(directory: Path, count: int, seed: int) -> tuple[object, ...]:
    """Sends requests to an export; the numbers of its signatures, of requests and of each verdict, and the longest.

    Raises:
        AssertionError: for a request that took too long, and as `verdict`.
    """
    exported = Exported(directory)
    rng, counts, longest = random.Random(f"{exported.config['name']} {seed}"), Counter(), 0.0
    signatures = sorted(exported.signatures)
    valid = {
        signature: {
            input_name: np.asarray(value)
            for input_name, value in request(signature, exported.specs(signature), 3, exported.config, 32)(1).items()
        }
        for signature in signatures
    }
    for number in range(count):
        signature = signatures[number % len(signatures)]
        inputs = spoilt(valid[signature], rng)
        start = time.monotonic()
        try:
            counts[verdict(exported, signature, inputs)] += 1
        except Hangs as error:
            raise AssertionError(f"{signature} took more than {SECONDS} s") from error
        except AssertionError as error:
            raise AssertionError(f"{signature}: {error}") from error
        longest = max(longest, time.monotonic() - start)
    return len(signatures), count, counts["refused"], counts["answered"], f"{longest:.2g} s"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", default="", help="names with commas; default: all entries")
    parser.add_argument("--exports", type=Path, help="a folder of runs; default: untrained exports")
    parser.add_argument("--requests", type=int, default=10_000, help="to all entries together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="the table's file")
    arguments = parser.parse_args()

    def late(number: int, frame: object) -> None:
        raise Hangs

    signal.signal(signal.SIGALRM, late)
    names = arguments.models.split(",") if arguments.models else in_package()
    columns = ("entry", "signatures", "requests", "refused", "answered", "longest")
    with tempfile.TemporaryDirectory() as folder:
        runs = sorted((arguments.exports or Path(folder)).glob("*/export"))
        exports = [newest_version(run) for run in runs] or [export(name, Path(folder, name)) for name in names]
        each = -(-arguments.requests // len(exports))
        trials = (
            (f"`{Exported.describe(path)['name']}`", functools.partial(trial, path, each, arguments.seed))
            for path in exports
        )
        return report(columns, trials, arguments.out)


if __name__ == "__main__":
    sys.exit(main())
