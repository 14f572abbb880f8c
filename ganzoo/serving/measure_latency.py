"""Latency and throughput of each signature of an export, as a table in Markdown.

python -m ganzoo.serving.measure_latency --export_dir models/wgan_gp
python -m ganzoo.serving.measure_latency --export_dir models/wgan_gp --server localhost:8500 --model wgan_gp

The first command measures the export in this process, the second measures a server of the same export, by gRPC. A
request asks for `--rows` samples or pictures. One client sends one request after another.
"""

import dataclasses
import io
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from absl import flags
from PIL import Image

from ganzoo import cli
from ganzoo.errors import GanzooError
from ganzoo.export.inputs import INPUTS, Input, classes, default, own_inputs, random_rows
from ganzoo.serving import access
from ganzoo.serving.connecting import connect
from ganzoo.serving.connection import Connection, Spec

FLAGS = flags.FLAGS
WARM_UP = 3  # requests before the measured requests
COLUMNS = ("signature", "rows", "p50, ms", "p99, ms", "samples/s")


def request(
    signature: str, specs: Mapping[str, Spec], rows: int, config: Mapping, side: int
) -> Callable[[int], dict[str, object]]:
    """The inputs of a signature's requests, as a function of the request's number.

    Args:
        signature: the signature's name.
        specs: specs of the signature's inputs, by name.
        rows: samples or pictures in a request.
        config: the export's `assets/config.json`.
        side: height and width of pictures whose size is free, in pixels.

    Returns:
        number -> inputs by name; each number has its own seed.
    """
    rng = np.random.default_rng(0)
    own = own_inputs(config, signature)
    # The limits on rows are raised to `rows`. The config has the numbers of classes and domains, but not of categories,
    # of which there is at least one.
    numbers = dict.fromkeys(("max_rows", "max_images"), rows) | {
        "num_classes": config.get("num_classes") or 1,
        "classes": tuple(classes(config)) if config.get("classes") else None,
        "num_domains": len(config.get("domains") or [0]),
        "num_categories": 1,
    }
    inputs = {}
    for name, spec in specs.items():
        one = own.get(name) or INPUTS.get(name) or Input(name, str(spec.dtype))
        if name == "image_bytes":
            inputs[name] = np.array([_png(rng, side, config["image_shape"][2])] * rows, object)
        elif spec.shape[:1] == (None,):
            shape = (None, *(side if free is None else free for free in spec.shape[1:]))
            inputs[name] = random_rows(dataclasses.replace(one, shape=shape).settled(numbers), rows, rng)
        elif name == "num_samples":
            inputs[name] = rows
        elif name != "seed":
            value = default(config, signature, name)
            inputs[name] = np.full(spec.shape, one.least if value is None else value)
    return lambda number: inputs | ({"seed": [0, number]} if "seed" in specs else {})


def measure(ask: Callable[[int], object], seconds: float) -> np.ndarray:
    """Sends requests one after the other for about `seconds`, at least 5 requests.

    Returns:
        The time of each request in seconds, float64 [n].
    """
    for number in range(WARM_UP):
        ask(number)
    took, end = [], time.perf_counter() + seconds
    while len(took) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        ask(WARM_UP + len(took))
        took.append(time.perf_counter() - start)
    return np.array(took)


def table(connection: Connection, config: dict, rows: int, seconds: float) -> list[str]:
    """The table's lines, a row for each signature in alphabetical order; arguments as in `request` and `measure`."""
    side = config["image_shape"][0] if "image_shape" in config else 0
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    for name, signature in sorted(connection.signatures().items()):
        inputs = request(name, signature.inputs, rows, config, side)
        took = measure(lambda number, name=name, inputs=inputs: connection.predict(name, inputs(number)), seconds)
        p50, p99 = 1000 * np.percentile(took, [50, 99])
        lines.append(f"| `{name}` | {rows} | {p50:.3g} | {p99:.3g} | {rows * len(took) / took.sum():,.0f} |")
    return lines


def main() -> None:
    with cli.quiet_imports():
        from ganzoo.serving.exported import Exported
        from ganzoo.serving.in_process import InProcess

    cli.positive("rows", FLAGS.rows)
    if FLAGS.seconds <= 0.0:
        raise GanzooError(f"--seconds is {FLAGS.seconds:g}, expected more than 0.")
    config = Exported.describe(FLAGS.export_dir)
    if FLAGS.server is None:
        connection = InProcess(Exported(FLAGS.export_dir))
    else:
        model = FLAGS.model or Path(FLAGS.export_dir).resolve().name
        connection = connect(FLAGS.server, model, rest=FLAGS.rest, access=access.of_flags())
    with connection:
        print("\n".join(table(connection, config, FLAGS.rows, FLAGS.seconds)))


def _png(rng: np.random.Generator, side: int, channels: int) -> bytes:
    """A picture of noise: no picture of its size makes a larger file."""
    pixels = rng.integers(0, 256, (side, side, channels), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(file, format="PNG")
    return file.getvalue()


if __name__ == "__main__":
    flags.DEFINE_string("export_dir", None, "an export's folder; its config describes the inputs", required=True)
    flags.DEFINE_string("server", None, "host:port of a server of the same export; default: in this process")
    flags.DEFINE_boolean("rest", False, "ask the server by REST instead of gRPC")
    flags.DEFINE_string("model", None, "the model's name at the server; default: the folder's name")
    flags.DEFINE_integer("rows", 16, "samples or pictures in a request")
    flags.DEFINE_float("seconds", 5.0, "how long each signature is measured")
    access.define_flags()
    cli.run(main)
