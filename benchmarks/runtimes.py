r"""Runs every signature of every entry's export in every runtime that can take it; the table goes to docs/runtimes.md.

    python -m benchmarks.runtimes
    python -m benchmarks.runtimes --models wgan_gp,stargan --node_modules ~/node_modules

Each entry has the networks of its default recipe, on its default data, and is trained for `--steps`: its quality does
not matter here. Answers are compared with TensorFlow's eager ones, at each of `--sizes`, which are rows, or samples for
a signature that draws. A time is the best of the calls of a fifth of a second.

onnxruntime-web runs in Node, from a folder with `npm install onnxruntime-web`; without `--node_modules` it is left out.
The C program (`load_and_run.c`) needs a C compiler; without one it is left out.
"""

import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from absl import flags

from benchmarks import c_program, measuring
from ganzoo import cli
from ganzoo.errors import GanzooError
from ganzoo.zoo.registry import in_package

FLAGS = flags.FLAGS
PAGE = Path(__file__).parents[1] / "docs" / "runtimes.md"
SCRIPT = Path(__file__).with_name("onnxruntime_web.mjs")
REFERENCE = "TensorFlow"
SIZES = (1, 7, 64)
SECONDS = 0.2  # of repeated calls, whose best is the time

Arrays = dict[str, np.ndarray]
Answers = list[tuple[Arrays, float]]  # outputs and seconds of each request


class Measured(NamedTuple):
    """A signature in a runtime.

    Attributes:
        entry, signature, runtime: their names.
        differences: the largest difference from TensorFlow's answer, by size.
        seconds: the best time of a call, by size.
        refusal: what the runtime or its converter said, if it did not take the signature.
    """

    entry: str
    signature: str
    runtime: str
    differences: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()
    refusal: str = ""


def servable_of(entry: str, steps: int):
    """An entry's export after a few steps by its default recipe; fits and burn-in are short, too."""
    from ganzoo import load_config, tasks

    config = load_config(entry)
    config.steps = steps
    if config.task == "sampling":
        config.ratio.refit.steps = config.ratio.smoothed.steps = steps
        config.sampling.burn_in = 1024
    task, model, data = tasks.prepare(config)
    with tempfile.TemporaryDirectory() as folder:
        task.train(model, data, config, Path(folder))
    return task.servable(model, data, config, {"step": steps})


def measured(entry: str, what, sizes=SIZES, node_modules: Path | None = None) -> Iterator[Measured]:
    """Every signature of an export in every runtime.

    Args:
        entry: the export's name in the table.
        what: the export's `Servable`.
        sizes: rows or samples of the requests.
        node_modules: the folder that has onnxruntime-web; None leaves that runtime out.
    """
    from ganzoo.export import other_runtimes, saved_model
    from ganzoo.export.batchable import most_rows

    named = {name: other_runtimes.with_names_of_their_own(each) for name, each in what.signatures.items()}
    what = replace(what, signatures=named)
    with tempfile.TemporaryDirectory() as root:
        folder = saved_model.write(what, Path(root) / "whole")
        runtimes = runtimes_of(what, folder, Path(root), node_modules)
        for name, signature in what.signatures.items():
            rows = [min(size, most_rows(what.facts)) if signature.is_of_rows else size for size in sizes]
            requests = [request(signature, what.facts, count) for count in rows]
            expected = None
            for runtime, run in runtimes.items():
                try:
                    answers = run(name, requests)
                except GanzooError as error:
                    yield Measured(entry, name, runtime, refusal=str(error))
                    continue
                except Exception as error:  # whatever a runtime raises
                    yield Measured(entry, name, runtime, refusal=other_runtimes.reason_of(error))
                    continue
                outputs, seconds = zip(*answers, strict=True)
                expected = expected or outputs
                differences = map(other_runtimes.largest_difference, outputs, expected)
                yield Measured(entry, name, runtime, tuple(differences), seconds)


def request(signature, facts: Mapping, count: int) -> Arrays:
    """A valid request for `count` rows or samples."""
    from ganzoo.export import inputs
    from ganzoo.export.batchable import example_rows

    values = {}
    for one in signature.inputs:
        if one.has_rows:
            values[one.name] = example_rows(one, facts, count)
        elif one.name == "num_samples":
            values[one.name] = np.int32(count)
        else:
            default = inputs.default(facts, "", one.name) or 0
            values[one.name] = np.full(one.shape, default, one.numpy_dtype)
    return values


def runtimes_of(what, folder: str, root: Path, node_modules: Path | None) -> dict[str, Callable[..., Answers]]:
    """Each runtime's function of a signature's name and requests; TensorFlow is the first."""
    import tensorflow as tf

    from ganzoo.export import other_runtimes

    formats = other_runtimes.FORMATS

    @cache
    def files_of(format: str, name: str) -> list[Path] | GanzooError:
        paths = [root / f"{name}{suffix}" for suffix in formats[format].suffixes]
        try:
            other_runtimes.convert(what, name, paths, format, root / f"{format}-{name}")
        except GanzooError as error:
            return error
        return paths

    def converted(format: str, name: str) -> list[Path]:
        files = files_of(format, name)
        if isinstance(files, GanzooError):
            raise files
        return files

    def by_format(name: str, requests: list[Arrays], *, format: str, **options) -> Answers:
        program = formats[format].load(*converted(format, name), **options)
        return [timed(program, inputs) for inputs in requests]

    runtimes = {
        REFERENCE: partial(_eagerly, tf.saved_model.load(folder)),
        "v1 Session": partial(_in_session, folder),
        "C program": partial(_in_c, folder) if c_program.compiler() else None,
        "ONNX Runtime": partial(by_format, format="onnx"),
        "LiteRT": partial(by_format, format="litert"),
        "OpenVINO": partial(by_format, format="openvino"),
        "OpenVINO, bfloat16": partial(by_format, format="openvino", precision="bf16"),
    }
    if node_modules is not None:
        runtimes["onnxruntime-web"] = lambda name, requests: in_node(converted("onnx", name)[0], requests, node_modules)
    return {name: run for name, run in runtimes.items() if run is not None}


def timed(program: Callable[[Arrays], Arrays], inputs: Arrays) -> tuple[Arrays, float]:
    """The outputs, and the best time of repeated calls after the first."""
    outputs, best, end = program(inputs), np.inf, time.perf_counter() + SECONDS
    while np.isinf(best) or time.perf_counter() < end:
        start = time.perf_counter()
        program(inputs)
        best = min(best, time.perf_counter() - start)
    return outputs, best


def _eagerly(loaded, name: str, requests: list[Arrays]) -> Answers:
    from ganzoo.export.other_runtimes import tensors

    signature = loaded.signatures[name]
    return [
        timed(lambda inputs: {k: v.numpy() for k, v in signature(**tensors(inputs)).items()}, inputs)
        for inputs in requests
    ]


def _in_session(folder: str, name: str, requests: list[Arrays]) -> Answers:
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        definition = tf.compat.v1.saved_model.load(session, ["serve"], folder).signature_def[name]
        outputs = {key: info.name for key, info in definition.outputs.items()}

        def program(inputs):
            return session.run(outputs, {definition.inputs[key].name: value for key, value in inputs.items()})

        return [timed(program, inputs) for inputs in requests]


def _in_c(folder: str, name: str, requests: list[Arrays]) -> Answers:
    return [c_program.call(folder, name, inputs, SECONDS) for inputs in requests]


def in_node(path: Path, requests: list[Arrays], node_modules: Path) -> Answers:
    """The answers of onnxruntime-web in Node, on one thread.

    Raises:
        GanzooError: for what Node or the runtime says instead of an answer.
    """
    written = [{name: _as_json(np.asarray(value)) for name, value in inputs.items()} for inputs in requests]
    asked = json.dumps({"model": str(path), "requests": written, "milliseconds": 1000 * SECONDS})
    command = ["node", str(SCRIPT), str(node_modules)]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=False)
    if done.returncode:
        raise GanzooError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "Node gave no answer")
    answers = json.loads(done.stdout.splitlines()[-1])
    return [
        ({name: _from_json(value) for name, value in each["outputs"].items()}, each["milliseconds"] / 1000)
        for each in answers
    ]


def _as_json(array: np.ndarray) -> dict:
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"type": array.dtype.name, "dims": array.shape, "data": data}


def _from_json(value: Mapping) -> np.ndarray:
    array = np.frombuffer(base64.b64decode(value["data"]), value["type"])
    return array.reshape(value["dims"])


def page(rows: list[Measured], sizes=SIZES) -> str:
    """The tables of answers, with times, and of refusals, each refusal once."""
    from benchmarks.sampler_tables import markdown

    runtimes = list(dict.fromkeys(row.runtime for row in rows))
    cells = {(row.entry, row.signature, row.runtime): cell(row) for row in rows}
    named = dict.fromkeys((row.entry, row.signature) for row in rows)
    header = ["entry", "signature", *runtimes]
    table = markdown(header, [[*key, *(cells.get((*key, runtime), "") for runtime in runtimes)] for key in named])
    counts = ", ".join(map(str, sizes[:-1])) + f" and {sizes[-1]}"
    return (
        f"Milliseconds of a call with {counts} rows, on {measuring.machine()}. In brackets: the largest difference "
        "from TensorFlow's answer, relative where the answer is above 1. 0 is bit-equal. -: refused, see below.\n\n"
        f"{table}\n\n### Refusals\n\n" + "\n".join(refusals(rows))
    )


def refusals(rows: list[Measured]) -> list[str]:
    """A line for each reason, with the runtimes and signatures; a signature without entries is that of all entries."""
    places: dict[tuple[str, str], list[tuple[str, str]]] = {}
    entries: dict[str, set[str]] = {}  # by signature
    for row in rows:
        entries.setdefault(row.signature, set()).add(row.entry)
        if row.refusal:
            places.setdefault((row.runtime, _reason(row)), []).append((row.signature, row.entry))
    runtimes: dict[tuple[str, tuple], list[str]] = {}
    for (runtime, reason), refused in places.items():
        runtimes.setdefault((reason, tuple(refused)), []).append(runtime)
    lines = []
    for (reason, refused), of_runtimes in runtimes.items():
        named = []
        for signature in dict.fromkeys(signature for signature, _ in refused):
            own = [entry for name, entry in refused if name == signature]
            named.append(f"`{signature}`" + (f" of {', '.join(own)}" if set(own) != entries[signature] else ""))
        lines.append(f"- **{'; '.join(of_runtimes)}**: {reason} ({'; '.join(named)})")
    return lines


def _reason(row: Measured) -> str:
    """A refusal without the signature's name and without the advice, which depend on the signature."""
    return row.refusal.partition(f"'{row.signature}': ")[2].partition(". Take one")[0] or row.refusal


def cell(row: Measured) -> str:
    """Times and the largest difference, or a dash."""
    if row.refusal:
        return "-"
    times = " / ".join(f"{1000 * seconds:.3g}" for seconds in row.seconds)
    return times if row.runtime == REFERENCE else f"{times} ({max(row.differences):.1g})"


def main() -> int:
    cli.positive("steps", FLAGS.steps)
    node_modules = FLAGS.node_modules and Path(FLAGS.node_modules).expanduser()
    if node_modules and not (node_modules / "onnxruntime-web").is_dir():
        raise GanzooError(f"--node_modules {node_modules} has no onnxruntime-web: run `npm install onnxruntime-web`.")
    if node_modules and shutil.which("node") is None:
        raise GanzooError("--node_modules needs Node: install it, or leave the flag out.")
    sizes, rows = tuple(map(int, FLAGS.sizes)), []
    for entry in FLAGS.models:
        what = servable_of(entry, FLAGS.steps)
        for row in measured(entry, what, sizes, node_modules or None):
            print(entry, row.signature, row.runtime, row.refusal or cell(row), flush=True)
            rows.append(row)
    measuring.write_between(PAGE, "runtimes", page(rows, sizes))
    return 0


if __name__ == "__main__":
    flags.DEFINE_list("models", in_package(), "entries of the zoo")
    flags.DEFINE_integer("steps", 3, "training steps of each entry, and of the fits of its density ratio")
    flags.DEFINE_list("sizes", [str(size) for size in SIZES], "rows or samples of the requests")
    flags.DEFINE_string("node_modules", None, "a folder of npm that has onnxruntime-web")
    cli.run(main)
