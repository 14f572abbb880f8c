"""The client against the stand-in, or against a real server at GANZOO_MODEL_SERVER=host:port (gRPC) and, for REST,
GANZOO_MODEL_SERVER_REST=host:port.

A real server is told to load the tests' exports, whose folders it must be able to read, in the place of what it serves.
Tests that make trouble on purpose need the stand-in and are skipped without it.
"""

import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import grpc
import numpy as np
import pytest
from PIL import Image
from tensorflow_serving.apis import model_management_pb2, model_service_pb2_grpc

from ganzoo.errors import GanzooError
from ganzoo.serving import asking, connection, rejection_by_rows
from ganzoo.serving.connecting import connect
from ganzoo.serving.connection import Refused
from ganzoo.serving.stand_in.server import StandIn, config_of
from tests import processes

ROOT = Path(__file__).parents[2]
KINDS = ("gan", "cgan", "infogan", "points", "pix2pix", "cyclegan", "cut", "stargan")
DEFAULTS = dict(gamma_percentile=50.0, budget=2.0, chain_length=5)


class RealServer(NamedTuple):
    grpc_address: str
    rest_address: str | None


@pytest.fixture(scope="module")
def server(exports):
    """The stand-in, or a real server; either with one model of each kind."""
    models = {name: exports[name][1] for name in KINDS}
    if "GANZOO_MODEL_SERVER" in os.environ:
        real = RealServer(os.environ["GANZOO_MODEL_SERVER"], os.environ.get("GANZOO_MODEL_SERVER_REST"))
        request = model_management_pb2.ReloadConfigRequest(config=config_of(models))
        with grpc.insecure_channel(real.grpc_address) as channel:
            answer = model_service_pb2_grpc.ModelServiceStub(channel).HandleReloadConfigRequest(request, timeout=120)
        assert answer.status.error_code == 0, answer.status.error_message
        yield real
    else:
        with StandIn(models) as serving:
            yield serving


@pytest.fixture(scope="module")
def rest_address(server):
    if server.rest_address is None:
        pytest.skip("GANZOO_MODEL_SERVER_REST is not given")
    return server.rest_address


@pytest.fixture(scope="module", params=["grpc", "rest"])
def served(request, server):
    """Connects to a model by its name."""
    rest = request.param == "rest"
    address = request.getfixturevalue("rest_address") if rest else server.grpc_address
    return lambda model, **options: connect(address, model, rest=rest, **options)


@pytest.fixture
def trouble(server, monkeypatch):
    """Answers of the stand-in that are still to come, and what it was asked; waits between tries are short."""
    if not isinstance(server, StandIn):
        pytest.skip("a real server makes no trouble when it is told to")
    monkeypatch.setattr(connection, "FIRST_WAIT", 0.01)
    server.servables.predictions.clear()
    yield server.servables
    server.servables.trouble.clear()


@pytest.fixture(scope="module")
def folder_of_pictures(tmp_path_factory):
    """Five grey pictures of 16 by 16, one of them in a folder of its own."""
    root = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c", "d", "deeper/e"):
        (root / name).parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (16, 16), np.uint8)).save(root / f"{name}.png")
    return root


def script(*arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "ganzoo.serving.client", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


def same(outputs, expected):
    assert outputs.keys() >= expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(outputs[name], value, err_msg=name)


@pytest.mark.parametrize("signature", ["generate", "drs", "obrs", "mh"])
def test_samples_are_those_of_the_export_bit_by_bit(served, loaded, signature):
    """More than the export takes at a time: 50 are 40 and 10, each with a seed of its own."""
    outputs = asking.draw(served("gan"), signature, 50, seed=3, **DEFAULTS)
    same(outputs, loaded("gan").draw(signature, 50, seed=3, **DEFAULTS))
    assert len(np.unique(outputs["samples"].reshape(50, -1), axis=0)) == 50


def test_requests_as_small_as_asked_for_have_seeds_of_their_own(served):
    samples = asking.draw(served("points"), "generate", 6, max_per_request=2)["samples"]
    assert len(np.unique(samples, axis=0)) == 6


def test_labels_are_taken_in_turn(served, loaded):
    outputs = asking.draw(served("cgan"), "drs", 45, seed=1, labels=[3, 7, 1], **DEFAULTS)
    expected = loaded("cgan").draw("drs", 45, seed=1, labels=np.array([3, 7, 1]), **DEFAULTS)
    same(outputs, expected)


def test_codes_and_latents_are_drawn_by_the_client(served):
    first, again = (
        asking.draw(served("infogan"), "generate_from_codes", 50, seed=s, categories=[0, 1]) for s in (5, 5)
    )
    same(first, again)
    assert first["samples"].shape == (50, 16, 16, 1)
    whole = asking.draw(served("points"), "serving_default", 7, seed=5)
    parts = asking.draw(served("points"), "serving_default", 7, seed=5, max_per_request=3)
    np.testing.assert_allclose(whole["samples"], parts["samples"], atol=1e-6)


def test_encoded_samples_are_the_pictures_of_drs(served):
    plain = asking.draw(served("gan"), "drs", 4, seed=2, **DEFAULTS)["samples"]
    encoded = asking.draw(served("gan"), "drs_png", 4, seed=2, **DEFAULTS)["image_bytes"]
    decoded = np.stack([np.asarray(Image.open(io.BytesIO(one))) for one in encoded])
    np.testing.assert_array_equal(decoded, np.clip(np.rint((plain[..., 0] + 1) * 127.5), 0, 255))


@pytest.mark.parametrize(
    "name, signature",
    [("cyclegan", "a_to_b"), ("pix2pix", "translate"), ("cut", "translate"), ("stargan", "translate")],
)
def test_pictures_are_translated_as_by_the_export(served, loaded, name, signature):
    """13 pictures, of which the export takes 6 at a time."""
    images = np.random.default_rng(0).uniform(-1, 1, (13, 16, 16, 1)).astype(np.float32)
    domain = 1 if name == "stargan" else None
    outputs = asking.transform(served(name), signature, images, seed=2, domain=domain)
    domains = None if domain is None else np.full(13, domain)
    expected = loaded(name).translate(signature, images, seed=2, domains=domains)
    np.testing.assert_array_equal(outputs["images"], expected)


def test_rejection_of_candidates_says_which_pictures_it_has(served):
    images = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype(np.float32)
    outputs = asking.transform(served("pix2pix"), "drs", images, seed=2, gamma_percentile=10.0)
    np.testing.assert_array_equal(outputs["rows"], np.arange(8))
    assert outputs["num_proposed"] >= 8


def test_rejection_by_rows_accepts_as_the_server_says(served):
    """Every sample was accepted with the probability that the server names, and there are as many as asked for."""
    draws = rejection_by_rows.draw(served("gan"), 70, seed=4, rows=32)
    assert len(draws["samples"]) == 70
    assert draws["num_proposed"] % 32 == 0
    assert 0 < draws["acceptance_rate"] < 1
    assert (draws["accept_probability"] > 0).all()
    assert len(np.unique(draws["samples"].reshape(70, -1), axis=0)) == 70
    same(draws, rejection_by_rows.draw(served("gan"), 70, seed=4, rows=32))


def test_rejection_by_rows_gives_each_label_its_samples(served):
    labels = np.array([3, 3, 7, 1, 3])
    draws = rejection_by_rows.draw(served("cgan"), 5, seed=4, labels=labels, rows=32)
    np.testing.assert_array_equal(draws["labels"], labels)


def test_rejection_by_rows_stops_at_its_bound(served):
    draws = rejection_by_rows.draw(served("gan"), 200, seed=4, rows=16, max_rounds=3)
    assert draws["num_proposed"] == 48
    assert len(draws["samples"]) == round(48 * draws["acceptance_rate"]) < 200


def test_rejection_by_rows_follows_the_probabilities(server):
    """Of 4,000 rows, 50 at a time, as many are accepted as their probabilities add up to."""
    with connect(server.grpc_address, "points") as connection:
        spying = Spying(connection)
        rejection_by_rows.draw(spying, 10_000, rows=50, max_rounds=80)
    probability, accepted = (
        np.concatenate([answer[name] for answer in spying.answers]) for name in ("accept_probability", "accepted")
    )
    assert len(accepted) == 4_000
    spread = np.sqrt((probability * (1 - probability)).sum())
    assert abs(accepted.sum() - probability.sum()) < 4 * spread


class Spying:
    """A connection that keeps its answers."""

    def __init__(self, inner):
        self.inner, self.signature, self.answers = inner, inner.signature, []

    def predict(self, *request):
        self.answers.append(self.inner.predict(*request))
        return self.answers[-1]


@pytest.mark.parametrize(
    "ask, words",
    [
        (lambda c: asking.draw(c("gan"), "dsr", 4), "no signature 'dsr'. Did you mean 'drs'?"),
        (lambda c: asking.draw(c("gan"), "score", 4), "draws no samples: its inputs are samples"),
        (lambda c: asking.draw(c("gan"), "drs", 0), "ask for at least 1"),
        (lambda c: asking.draw(c("gan"), "generate", 4, labels=[1]), "takes no labels"),
        (lambda c: asking.draw(c("cgan"), "generate", 4), "needs labels"),
        (lambda c: asking.draw(c("gan"), "generate", 4, seed=1.5), "seed is 1.5; give a whole number"),
        (lambda c: asking.draw(c("gan"), "drs", 4), "also takes gamma_percentile"),
        (lambda c: asking.transform(c("gan"), "drs", np.zeros(1)), "does not take one kind of pictures"),
        (lambda c: asking.transform(c("pix2pix"), "score", np.zeros(1)), "does not take one kind of pictures"),
        (lambda c: asking.transform(c("stargan"), "translate", np.zeros(1)), "needs a domain"),
    ],
)
def test_a_mistake_is_said_before_it_is_sent(served, ask, words):
    with pytest.raises(GanzooError) as raised:
        ask(served)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    "ask, words",
    [
        (lambda c: asking.draw(c("nag"), "drs", 4), "Latest(nag)"),
        (lambda c: asking.draw(c("gan", version=7), "drs", 4), "Specific(gan, 7)"),
        (lambda c: asking.draw(c("gan", version_label="canary"), "drs", 4), "label: canary"),
        (lambda c: asking.draw(c("gan"), "drs", 4, gamma_percentile=101.0), "must be in 0 .. 100, got 101"),
        (lambda c: asking.draw(c("cgan"), "generate", 4, labels=[10]), "labels must be in 0 .. 9, got"),
    ],
)
def test_what_the_server_refuses_is_said_in_one_line(served, ask, words):
    with pytest.raises(Refused) as raised:
        ask(served)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED])
def test_a_server_that_is_busy_is_asked_again(served, trouble, code):
    connected = served("points")
    trouble.trouble.extend(3 * [(code, "later")])
    assert len(asking.draw(connected, "generate", 4)["samples"]) == 4
    assert len(trouble.predictions) == 4


def test_a_server_that_stays_busy_is_given_up(served, trouble):
    trouble.trouble.extend(50 * [(grpc.StatusCode.UNAVAILABLE, "the queue is full")])
    with pytest.raises(GanzooError, match=r"is not ready, in 6 tries: .*the queue is full"):
        asking.draw(served("points"), "generate", 4)
    assert len(trouble.predictions) == connection.TRIES


@pytest.mark.parametrize("code", [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.INTERNAL])
def test_what_is_wrong_is_not_asked_again(served, trouble, code):
    trouble.trouble.append((code, "no"))
    with pytest.raises(Refused, match="no"):
        asking.draw(served("points"), "generate", 4)
    assert len(trouble.predictions) == 1


def test_all_tries_together_end_by_the_deadline(served, trouble, monkeypatch):
    monkeypatch.setattr(connection, "FIRST_WAIT", 50.0)
    monkeypatch.setattr(connection, "LONGEST_WAIT", 50.0)
    monkeypatch.setattr(connection.random, "uniform", lambda low, high: high)
    connected = served("points", deadline=0.5)
    connected.signatures()
    trouble.trouble.append((grpc.StatusCode.UNAVAILABLE, "later"))
    with pytest.raises(GanzooError, match="did not answer within 0.5 s"):
        asking.draw(connected, "generate", 4)


def test_a_slow_answer_is_given_up(served):
    connected = served("gan")
    connected.signatures()
    connected.deadline = 0.001
    with pytest.raises(GanzooError, match="did not answer within 0.001 s"):
        asking.draw(connected, "drs", 1024, **DEFAULTS)


def test_the_port_of_the_other_protocol_is_named(server, rest_address):
    with pytest.raises(GanzooError, match="does not answer in gRPC: is it the gRPC port of a model server"):
        connect(rest_address, "gan").signatures()
    with pytest.raises(GanzooError, match="does not answer in HTTP: is it the REST port of a model server"):
        connect(server.grpc_address, "gan", rest=True).signatures()


@pytest.mark.parametrize("rest", [False, True])
def test_where_no_server_is_it_says_so(rest, monkeypatch):
    monkeypatch.setattr(connection, "FIRST_WAIT", 0.001)
    with pytest.raises(GanzooError, match=r"127\.0\.0\.1:1 is not ready, in 6 tries: "):
        asking.draw(connect("127.0.0.1:1", "gan", rest=rest, deadline=30.0), "drs", 4)


def test_200_requests_at_once_are_answered_as_one_at_a_time(server):
    """Mixed signatures of three models from 16 threads, bit by bit."""
    connected = {name: connect(server.grpc_address, name) for name in ("gan", "cgan", "pix2pix")}
    images = np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 1)).astype(np.float32)

    def ask(number):
        kind = number % 8
        if kind == 7:
            return asking.transform(connected["pix2pix"], "translate", images, seed=number)
        if kind == 6:
            return asking.draw(connected["cgan"], "drs", 3, seed=number, labels=[number % 10], **DEFAULTS)
        signature = ("generate", "drs", "obrs", "mh", "drs_png", "serving_default")[kind]
        return asking.draw(connected["gan"], signature, 3, seed=number, **DEFAULTS)

    with ThreadPoolExecutor(16) as threads:
        at_once = list(threads.map(ask, range(200)))
    for number, outputs in enumerate(at_once):
        same(outputs, ask(number))


def test_the_script_writes_a_grid(server, tmp_path):
    asked = [f"--server={server.grpc_address}", "--model=gan", "--num_samples=9", f"--out={tmp_path}/grid.png"]
    done = processes.run(*asked, module="ganzoo.serving.client")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("9 samples by drs at acceptance rate 0.")
    assert Image.open(tmp_path / "grid.png").size == (52, 52)


def test_a_signature_that_returns_neither_pictures_nor_points_is_named(server, tmp_path):
    asked = (f"--server={server.grpc_address}", "--model=gan", "--signature=propose_inputs", f"--out={tmp_path}/a.npz")
    done = processes.run(*asked, module="ganzoo.serving.client")
    assert done.returncode == 1
    assert "signature 'propose_inputs' returns latents, " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_script_by_rest_imports_no_tensorflow(rest_address, tmp_path):
    server = ("--rest", f"--server={rest_address}", "--model=cgan", "--labels=3,7")
    code = (
        "import sys, runpy; sys.modules['tensorflow'] = None; sys.argv[0] = 'client';"
        "runpy.run_module('ganzoo.serving.client', run_name='__main__', alter_sys=True)"
    )
    command = [sys.executable, "-c", code, *server, "--num_samples=5", f"--out={tmp_path}/digits.npz"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / "digits.npz")["samples"].shape == (5, 16, 16, 1)


def test_the_script_translates_a_folder(rest_address, folder_of_pictures, tmp_path):
    """As arrays and as files it comes to the same, up to the rounding of pixels."""
    server = ("--rest", f"--server={rest_address}", "--model=cyclegan", f"--input_dir={folder_of_pictures}")
    for signature in ("a_to_b", "a_to_b_png"):
        done = script(*server, f"--signature={signature}", f"--out={tmp_path}/{signature}")
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"5 pictures by {signature} in {tmp_path}/{signature}\n"
    of_arrays, of_files = (np.asarray(Image.open(tmp_path / s / "deeper/e.png"), int) for s in ("a_to_b", "a_to_b_png"))
    assert of_arrays.shape == (16, 16)
    assert abs(of_arrays - of_files).max() <= 1


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--model=gan", "--out=grid.gif"], "--out is grid.gif: give a grid's name in .png"),
        (["--model=cgan", "--labels=three"], "--labels is three, expected whole numbers such as 3,7."),
        (["--model=gan", "--input=strength=2"], "signature 'drs' takes no strength. Its inputs are gamma_percentile,"),
        (["--model=gan", "--input=seed=2"], "seed has a flag of its own, --seed"),
        (["--model=nag"], "answers 404: Servable not found for request: Latest(nag)"),
        (["--model=gan", "--version=1", "--version_label=stable"], "a version's number or its label, not both"),
        (["--model=points", "--signature=generate", "--out=folder"], "points have no pictures of their own"),
    ],
)
def test_a_persons_mistake_is_one_line_and_exit_code_1(rest_address, arguments, words):
    done = script("--rest", f"--server={rest_address}", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("ganzoo: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_script_says_when_proposals_ran_out(rest_address, tmp_path):
    done = script(
        "--rest",
        f"--server={rest_address}",
        "--model=gan",
        "--signature=propose",
        "--max_per_request=16",
        "--max_rounds=2",
        "--num_samples=100",
        f"--out={tmp_path}/few.npz",
    )
    assert done.returncode == 1
    assert done.stderr == "ganzoo: the bound on proposals ran out before 100 were accepted.\n"
    assert 0 < len(np.load(tmp_path / "few.npz")["samples"]) < 32
