"""A bounded load on a server of an export: mixed requests from many threads, hostile and cancelled ones among them,
while the server is killed and started again.

    python -m benchmarks.serving_load --export_dir runs/wgan_gp-mnist_5k-0/export
    python -m benchmarks.serving_load --export_dir runs/wgan_gp-mnist_5k-0/export --write

The server is the stand-in, in a process of its own on loopback. Every request ends rightly in one of these ways: the
answer that the export gives in this process; for a hostile request a refusal; for a cancelled one its cancellation; at
a restart, an error that says that the server is not ready. Anything else ends the benchmark with 1. `--write` writes
the table of latencies into export/README.md.
"""

import collections
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import grpc
import numpy as np
import tensorflow as tf
from absl import app, flags
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from benchmarks.measuring import machine, write_between
from ganzoo.errors import GanzooError
from ganzoo.serving.connecting import connect
from ganzoo.serving.connection import Connection, NotReady, Refused
from ganzoo.serving.exported import Exported
from ganzoo.serving.in_process import InProcess
from ganzoo.serving.measure_latency import request

FLAGS = flags.FLAGS
PAGE = Path(__file__).parents[1] / "export" / "README.md"
MODEL = "model"
ROWS = (1, 4, 16)
HOSTILE_SHARE = CANCELLED_SHARE = 0.05
RESTARTS = 2
DIFFERENT = 4  # requests of each signature and number of rows, whose answers are known beforehand
DEADLINE = 120.0  # seconds of a request, and for a server to start


class Request(NamedTuple):
    """A request with the answer of the export in this process; a hostile one has none."""

    signature: str
    inputs: dict
    expected: dict[str, np.ndarray] | None


class Outcome(NamedTuple):
    """What became of a request: its kind, how it ended, and its seconds."""

    kind: str
    end: str
    seconds: float


class Server:
    """The stand-in in a process of its own, at ports that a restart keeps."""

    def __init__(self, export_dir: str):
        ports = [_free_port(), _free_port()]
        self.grpc_address, self.rest_address = (f"127.0.0.1:{port}" for port in ports)
        self._command = [sys.executable, "-m", "ganzoo.serving.stand_in", f"--model_name={MODEL}"]
        self._command += [f"--model_base_path={export_dir}", f"--port={ports[0]}", f"--rest_api_port={ports[1]}"]
        self.is_up = threading.Event()
        self.start()

    def start(self) -> None:
        """Starts the process and waits until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if "REST" not in self._process.stdout.readline():
            raise RuntimeError("the stand-in did not start")
        self.is_up.set()

    def kill(self) -> None:
        """Ends the process at once, with whatever it was answering."""
        self.is_up.clear()
        self._process.kill()
        self._process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def known_requests(exported: Exported) -> dict[str, list[Request]]:
    """Requests with their answers, by signature."""
    here, side = InProcess(exported), exported.config["image_shape"][0] if "image_shape" in exported.config else 0
    found = collections.defaultdict(list)
    for name, signature in sorted(here.signatures().items()):
        for rows in ROWS:
            inputs = request(name, signature.inputs, rows, exported.config, side)
            for number in range(DIFFERENT):
                asked = inputs(number)
                found[name].append(Request(name, asked, here.predict(name, asked)))
    return found


def hostile(asked: Request, rng: random.Random) -> Request:
    """A request that must be refused: of no signature, or with an input out of its bounds or of another shape."""
    inputs = {name: np.asarray(value) for name, value in asked.inputs.items()}
    ways = ["signature"]
    if "num_samples" in inputs:
        ways += ["many", "none"]
    reals = [name for name, value in inputs.items() if value.dtype.kind == "f"]
    ways += ["nan", "shape"] if reals else []
    way = rng.choice(ways)
    if way == "signature":
        return Request(f"{asked.signature}_", inputs, None)
    if way in ("many", "none"):
        inputs["num_samples"] = np.int32(2**31 - 1 if way == "many" else 0)
    elif way == "nan":
        name = rng.choice(reals)
        inputs[name] = np.full_like(inputs[name], np.nan)
    else:
        name = rng.choice(reals)
        inputs[name] = inputs[name][None, None]
    return Request(asked.signature, inputs, None)


class Load:
    """The requests of many threads.

    Args:
        server: the server.
        known: requests with their answers, by signature.
        seed: of the choice of requests.
    """

    def __init__(self, server: Server, known: dict[str, list[Request]], seed: int):
        self.server, self.known, self.seed = server, known, seed
        self.done, self.wrong = 0, []
        self._lock = threading.Lock()
        addresses = {"gRPC": (server.grpc_address, False), "REST": (server.rest_address, True)}
        self.connections = {
            name: connect(address, MODEL, rest=rest, deadline=DEADLINE) for name, (address, rest) in addresses.items()
        }
        self._channel = grpc.insecure_channel(server.grpc_address)
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)

    def ask(self, number: int) -> Outcome:
        """One request to its end; a wrong end is kept in `wrong`."""
        self.server.is_up.wait(DEADLINE)
        rng = random.Random(f"{self.seed} {number}")
        asked = rng.choice(self.known[rng.choice(sorted(self.known))])
        protocol, chance = rng.choice(sorted(self.connections)), rng.random()
        start = time.perf_counter()
        try:
            if chance < CANCELLED_SHARE:
                kind, end = "cancelled", self._cancelled(asked, rng.uniform(0.0, 0.01))
            elif chance < CANCELLED_SHARE + HOSTILE_SHARE:
                kind, end = "hostile", self._answered(self.connections[protocol], hostile(asked, rng))
            else:
                kind, end = f"{asked.signature}, {protocol}", self._answered(self.connections[protocol], asked)
        except Exception as error:
            kind, end = f"{asked.signature}, {protocol}", f"wrong: {type(error).__name__}: {error}"
        with self._lock:
            self.done += 1
            if end.startswith("wrong"):
                self.wrong.append(f"{kind}: {end}")
        return Outcome(kind, end, time.perf_counter() - start)

    def _answered(self, connection: Connection, asked: Request) -> str:
        try:
            answer = connection.predict(asked.signature, asked.inputs)
        except NotReady:
            return "not ready"
        except (Refused, GanzooError) as error:
            return "refused" if asked.expected is None else f"wrong: refused: {error}"
        return "wrong: a hostile request was answered" if asked.expected is None else _compared(answer, asked.expected)

    def _cancelled(self, asked: Request, seconds: float) -> str:
        """By gRPC, after some seconds; an answer that came before is compared."""
        message = predict_pb2.PredictRequest()
        message.model_spec.name, message.model_spec.signature_name = MODEL, asked.signature
        specs = self.connections["gRPC"].signature(asked.signature).inputs
        for name, value in asked.inputs.items():
            message.inputs[name].CopyFrom(tf.make_tensor_proto(np.asarray(value), specs[name].dtype))
        call = self._stub.Predict.future(message, timeout=DEADLINE)
        time.sleep(seconds)
        call.cancel()
        try:
            answer = call.result()
        except grpc.FutureCancelledError:
            return "cancelled"
        except grpc.RpcError as error:
            return "not ready" if error.code() == grpc.StatusCode.UNAVAILABLE else f"wrong: {error.code().name}"
        return _compared({name: tf.make_ndarray(value) for name, value in answer.outputs.items()}, asked.expected)

    def close(self) -> None:
        for connection in self.connections.values():
            connection.close()
        self._channel.close()


def _compared(answer: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> str:
    """ "right" for the answer that this process gave, bit for bit; JSON restores every float32."""
    for name, value in expected.items():
        if name not in answer or not np.array_equal(answer[name], value):
            return f"wrong: {name} differs"
    return "right"


def run(exported: Exported, *, num_requests: int, num_threads: int, seed: int = 0) -> tuple[list[Outcome], list[str]]:
    """The outcomes of all requests, and a line for each that ended wrongly."""
    known, server = known_requests(exported), Server(str(exported.path.parent))
    load = Load(server, known, seed)
    try:
        for connection in load.connections.values():
            connection.signatures()
        with ThreadPoolExecutor(num_threads) as threads:
            futures = [threads.submit(load.ask, number) for number in range(num_requests)]
            for restart in range(RESTARTS):
                while load.done < num_requests * (restart + 1) / (RESTARTS + 1):
                    time.sleep(0.01)
                server.kill()
                server.start()
            return [future.result() for future in futures], load.wrong
    finally:
        server.kill()
        load.close()


def table(outcomes: list[Outcome]) -> Iterator[str]:
    """The table's lines: a row for each kind of request. Latencies are of right answers, or of all for other kinds."""
    yield "| request | answered rightly | refused | cancelled | not ready | p50, ms | p95, ms | p99, ms |"
    yield "|---|---|---|---|---|---|---|---|"
    for kind in sorted({outcome.kind for outcome in outcomes}):
        of_kind = [outcome for outcome in outcomes if outcome.kind == kind]
        ends = collections.Counter(outcome.end for outcome in of_kind)
        counts = [str(ends[end]) for end in ("right", "refused", "cancelled", "not ready")]
        seconds = [outcome.seconds for outcome in of_kind if outcome.end == "right"]
        seconds = seconds or [outcome.seconds for outcome in of_kind]
        percentiles = [f"{float(f'{value:.3g}'):,.10g}" for value in 1000 * np.percentile(seconds, [50, 95, 99])]
        yield f"| {kind} | {' | '.join([*counts, *percentiles])} |"


def main(argv: list[str]) -> None:
    del argv
    exported = Exported(FLAGS.export_dir)
    start = time.perf_counter()
    outcomes, wrong = run(exported, num_requests=FLAGS.requests, num_threads=FLAGS.threads)
    text = (
        f"`python -m benchmarks.serving_load --export_dir ... --write`: {FLAGS.requests:,} requests of 1, 4 or 16 rows "
        f"from {FLAGS.threads} threads in {time.perf_counter() - start:.0f} s, `{exported.config['name']}`, the "
        f"stand-in killed and started again {RESTARTS} times, beside other work on {machine(('tensorflow', 'grpcio'))}."
        "\n\n" + "\n".join(table(outcomes))
    )
    print(text)
    print("\n".join(wrong), file=sys.stderr)
    if FLAGS.write and not wrong:
        write_between(PAGE, "load", text)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    flags.DEFINE_string("export_dir", None, "an export's folder", required=True)
    flags.DEFINE_integer("requests", 2000, "requests of all threads together", lower_bound=10)
    flags.DEFINE_integer("threads", 32, "threads that ask at once", lower_bound=1)
    flags.DEFINE_boolean("write", False, "write the table into export/README.md, if nothing is wrong")
    app.run(main)
