"""Signatures of a user's own: registered, exported, checked, warmed up, batched, and asked for without the plugin."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo.density_ratio import fitting
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.errors import GanzooError
from ganzoo.export import own_signatures, saved_model, warm_up
from ganzoo.export.batchable import batchable
from ganzoo.export.inputs import Input
from ganzoo.registration import Register
from ganzoo.serving import asking, measure_latency
from ganzoo.serving.batch.generate import planned
from ganzoo.serving.exported import Exported
from ganzoo.serving.in_process import InProcess
from ganzoo.serving.stand_in.server import StandIn
from tests.exports import SAMPLING, tiny_sampler
from tests.processes import run

STRENGTH = Input("strength", at_least=0.0, at_most="max_strength", default=1.0, help="factor on the latents")


@pytest.fixture
def register(monkeypatch):
    """`register_signature` in a register of the test's own."""
    empty = Register("signature", taken=own_signatures.SIGNATURES._taken)
    monkeypatch.setattr(own_signatures, "SIGNATURES", empty)
    return ganzoo.register_signature


def stretched(model, num_samples, seed, strength):
    return {"samples": model(strength * model.latents(seed, num_samples))}


def mirrored(model, latents, *labels):
    samples = model([latents, *labels] if labels else latents)
    return {"samples": samples[:, :, ::-1] if len(samples.shape) == 4 else -samples}


def jittered(model, latents, uniforms):
    return {"samples": model(latents), "uniforms": uniforms}


def judged(model, samples, weights, *, ratio, sampling):
    return {"judged": weights**2 * ratio(samples) / sampling["batch_size"], "rank": tf.argsort(weights)}


def servable(model, ratio="own", **sampling):
    ratio = DensityRatio(fitting.for_export(model, None)) if ratio == "own" else ratio
    return saved_model.servable(model, ratio=ratio, sampling=SAMPLING | {"max_strength": 4.0} | sampling)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A points model's export with three signatures of a user's own, made while they were registered."""
    empty, own_signatures.SIGNATURES = own_signatures.SIGNATURES, Register("signature")
    inputs = ("num_samples", "seed", STRENGTH)
    ganzoo.register_signature("stretched", inputs=inputs)(stretched)
    ganzoo.register_signature("mirrored", inputs=("latents",))(mirrored)
    ganzoo.register_signature("jittered", inputs=("latents", "uniforms"))(jittered)
    ganzoo.register_signature("judged", inputs=("samples", Input("weights", shape=(None,), at_least=0.5)))(judged)
    model = tiny_sampler("gan", (2,))
    what = servable(model)
    path = saved_model.write(what, tmp_path_factory.mktemp("own") / "model")
    rows, left_out = batchable(what, model)
    own_signatures.SIGNATURES = empty
    return model, Exported(path), (rows, left_out)


def test_the_function_has_the_model_the_ratio_the_sampling_and_the_inputs(exported):
    model, export, _ = exported
    latents = model.latents(tf.constant([3, 0]), 5)
    drawn = export.draw("stretched", 5, seed=3, strength=2.0)["samples"]
    np.testing.assert_allclose(drawn, model(2.0 * latents), rtol=1e-5, atol=1e-6)
    samples = tf.constant(drawn)
    answer = export.call("judged", {"samples": samples, "weights": [1.0, 2.0, 0.5, 4.0, 3.0]})
    log_ratio = export.score(drawn)["log_ratio"]
    np.testing.assert_allclose(answer["judged"], [1.0, 4.0, 0.25, 16.0, 9.0] * log_ratio / 16, rtol=1e-4, atol=1e-6)
    assert answer["rank"].tolist() == [2, 0, 1, 4, 3]


def test_the_config_says_its_inputs_and_their_defaults(exported):
    export = exported[1]
    own = json.loads((export.path / "assets" / "config.json").read_text())["own_signatures"]
    assert own.keys() == {"stretched", "mirrored", "jittered", "judged"}
    assert own["mirrored"] == {}
    assert own["stretched"] == {
        "strength": dict(name="strength", at_least=0.0, at_most=4.0, default=1.0, help="factor on the latents")
    }
    np.testing.assert_array_equal(
        export.draw("stretched", 5, seed=3)["samples"], export.draw("generate", 5, seed=3)["samples"]
    )


def test_latents_and_uniforms_that_nobody_gave_are_those_of_drs(exported):
    """In several requests, each with a seed of its own: 60 are 40 and 20."""
    _, export, _ = exported
    answer, rows = export.draw("jittered", 20, seed=2), export.call("propose_inputs", dict(num_samples=20, seed=[2, 0]))
    np.testing.assert_array_equal(answer["uniforms"], rows["uniforms"])
    np.testing.assert_allclose(answer["samples"], export.draw("generate", 20, seed=2)["samples"], atol=1e-6)
    drawn = export.draw("mirrored", 60, seed=2)["samples"]
    np.testing.assert_allclose(drawn, -export.draw("generate", 60, seed=2)["samples"], atol=1e-6)


@pytest.mark.parametrize(
    ("signature", "inputs", "words"),
    [
        ("stretched", dict(num_samples=0, seed=[0, 0], strength=1.0), "num_samples must be in 1 .. 40, got 0"),
        ("stretched", dict(num_samples=1, seed=[0, 0], strength=4.5), "strength must be in 0.0 .. 4.0, got 4.5"),
        ("stretched", dict(num_samples=1, seed=[0, 0], strength=np.nan), "strength must be in 0.0 .. 4.0, got nan"),
        ("mirrored", dict(latents=np.zeros((51, 3))), "the number of rows must be in 1 .. 50, got 51"),
        ("mirrored", dict(latents=np.full((1, 3), np.inf)), "latents must be finite"),
        ("judged", dict(samples=np.zeros((2, 2)), weights=[1.0]), "samples and weights must have as many rows as each"),
        ("judged", dict(samples=np.zeros((1, 2)), weights=[0.25]), "weights must be at least 0.5, got"),
        ("judged", dict(samples=np.zeros((1, 2)), weights=[np.inf]), "weights must be finite numbers"),
        ("judged", dict(samples=np.zeros((1, 2)), weights=[3e38]), "judged would not be finite"),
    ],
)
def test_bad_inputs_are_told_what_was_wrong(exported, signature, inputs, words):
    with pytest.raises(GanzooError) as raised:
        exported[1].call(signature, inputs)
    assert words in str(raised.value)


def test_each_has_a_warm_up_request_of_its_least_values(exported):
    export = exported[1]
    records = tf.data.TFRecordDataset(str(export.path / warm_up.FILE)).as_numpy_iterator()
    found = list(records)
    assert all(any(name.encode() in record for record in found) for name in export.own_signatures)


def test_what_has_rows_alone_is_batchable_if_its_rows_are_independent(exported):
    """`judged` ranks its rows among each other, and `stretched` takes scalars."""
    rows, left_out = exported[2]
    assert {"mirrored", "jittered"} <= rows.signatures.keys()
    assert "stretched" not in rows.signatures
    assert left_out == ["judged"]


def test_clients_ask_for_it_as_for_any_other(exported):
    export = exported[1]
    connection = InProcess(export)
    drawn = asking.draw(connection, "stretched", 50, seed=4, strength=2.0, max_per_request=40)
    np.testing.assert_array_equal(drawn["samples"], export.draw("stretched", 50, seed=4, strength=2.0)["samples"])
    with pytest.raises(GanzooError, match="also takes strength: give each by its name .--input NAME=VALUE."):
        asking.draw(connection, "stretched", 5)
    table = measure_latency.table(connection, export.config, rows=2, seconds=0.001)
    assert sum(line.startswith(f"| `{name}` ") for line in table for name in export.own_signatures) == 4
    answer = asking.draw(connection, "jittered", 5, seed=4)
    assert answer["samples"].shape == (5, 2)
    assert (answer["uniforms"] < 1).all()


def test_a_set_can_be_made_by_it(exported):
    export = exported[1]
    asked = dict(signature="stretched", num_samples=100, shard_size=50, seed=1, format="tfrecord")
    assert planned(export, **asked).inputs == {"strength": 1.0}
    assert planned(export, **asked, inputs={"strength": 2.0}).inputs == {"strength": 2.0}
    with pytest.raises(GanzooError, match="'mirrored' takes rows of latents, which a set cannot give"):
        planned(export, **asked | {"signature": "mirrored"})


def test_the_commands_draw_by_it_without_the_plugin(exported, tmp_path):
    """From the export, and by REST from a server of it, bit by bit what Python draws."""
    export = exported[1]
    flags = ("--signature=stretched", "--num_samples=7", "--input=strength=3", f"--out={tmp_path}/own.npz")
    expected = export.draw("stretched", 7, strength=3.0)["samples"]
    with StandIn({"own": export.path.parent}) as server:
        client = ("--rest", f"--server={server.rest_address}", "--model=own")
        for module, of in (("ganzoo.sample", [f"--export_dir={export.path}"]), ("ganzoo.serving.client", client)):
            done = run(*of, *flags, module=module)
            assert done.returncode == 0, done.stderr
            np.testing.assert_array_equal(np.load(tmp_path / "own.npz")["samples"], expected)
            (tmp_path / "own.npz").unlink()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--input=strength=9"], "strength must be in 0.0 .. 4.0, got 9"),
        (["--input=strength=much"], "--input strength is 'much', expected a number."),
        (["--input=strenght=1"], "takes no strenght. Did you mean 'strength'?"),
        (["--explain", "--input=strength=1", "--signature=drs"], "leave --input out"),
    ],
)
def test_a_mistake_at_the_command_is_one_line(exported, tmp_path, flags, words):
    own = [f"--export_dir={exported[1].path}", "--signature=stretched", f"--out={tmp_path}/own.npz"]
    done = run(*own, *flags, module="ganzoo.sample")
    assert done.returncode == 1
    assert done.stderr.startswith("ganzoo: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_conditional_model_gives_its_labels(register):
    register("mirrored", inputs=("latents",))(mirrored)
    model = tiny_sampler("cgan")
    signature = servable(model).signatures["mirrored"]
    assert [one.name for one in signature.inputs] == ["latents", "labels"]
    latents, labels = tf.random.stateless_normal([4, 3], [0, 1]), tf.constant([1, 2, 3, 9], tf.int64)
    np.testing.assert_allclose(
        signature.function(latents, labels)["samples"], model([latents, labels])[:, :, ::-1], atol=1e-6
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match="there must be a label for each of"):
        signature.function(latents, labels[:3])


def test_what_it_is_not_for_is_left_out(register, capfd):
    """Points, a model without a ratio, a model without classes; of classes that it does not take it says so."""
    register("pictures", inputs=("latents",), for_models="pictures")(mirrored)
    register("judging", inputs=("samples", "uniforms"))(lambda model, samples, uniforms, *, ratio: {})
    register("maybe", inputs=("samples",))(lambda model, samples, *, ratio=None: {})
    register("labelled", inputs=("latents", "labels"))(lambda model, latents, labels: {})
    register("coded", inputs=("categories",))(lambda model, categories: {})
    own = own_signatures.SIGNATURES.keys()
    points, labelled, coded = tiny_sampler("gan", (2,)), tiny_sampler("cgan"), tiny_sampler("infogan")
    assert servable(points).signatures.keys() & own == {"judging", "maybe"}
    assert servable(points, ratio=None).signatures.keys() & own == {"maybe"}
    assert servable(coded, ratio=None).signatures.keys() & own == {"pictures", "maybe", "coded"}
    capfd.readouterr()
    assert servable(labelled).signatures.keys() & own == {"pictures", "labelled"}
    words = capfd.readouterr().err
    assert "signature 'maybe' (test_own_signatures.py, line " in words
    assert "is left out: cgan has classes. End the function's parameters in *labels" in words


@pytest.mark.parametrize(
    ("name", "options", "function", "words"),
    [
        ("drs", dict(inputs=("latents",)), mirrored, "there is a signature named 'drs' already"),
        ("recognise", dict(inputs=("latents",)), mirrored, "there is a signature named 'recognise' already"),
        ("a b", dict(inputs=("latents",)), mirrored, "'a b' is no name for a signature"),
        ("mine", dict(inputs=("latent",)), mirrored, "there is no input 'latent'. Did you mean 'latents'?"),
        ("mine", dict(inputs=("images",)), mirrored, "there is no input 'images'."),
        ("mine", dict(inputs="latents"), mirrored, "expected several: write inputs=('latents',)"),
        ("mine", dict(inputs=(3,)), mirrored, "an input is 3, expected a name or"),
        ("mine", dict(inputs=("latents", "latents")), mirrored, "takes an input twice: latents, latents"),
        ("mine", dict(inputs=(Input("seed"),)), mirrored, "input 'seed' is the package's"),
        ("mine", dict(inputs=(Input("file", "string"),)), mirrored, "input 'file' is string: give one of float32"),
        ("mine", dict(inputs=(Input("x", shape=(None, None)),)), mirrored, "only the number of its rows can be free"),
        ("mine", dict(inputs=(Input("x", "int32", at_least=0.5),)), mirrored, "is int32, but its at_least is 0.5"),
        ("mine", dict(inputs=(Input("x", at_most=-1),)), mirrored, "no value that is right: its least is 0"),
        ("mine", dict(inputs=(Input("x", below=0),)), mirrored, "no value that is right: its least is 0"),
        ("mine", dict(inputs=(Input("x", at_most=1, default=2),)), mirrored, "the default 2, which is out of its"),
        ("mine", dict(inputs=(Input("x", at_least=1, default=0),)), mirrored, "the default 0, which is out of its"),
        ("mine", dict(for_models="movies"), mirrored, "for_models is 'movies', expected one of 'pictures', 'points'"),
        ("mine", dict(inputs=("seed", "latents")), stretched, "expected model, seed, latents"),
        ("mine", dict(inputs=("latents", "labels")), mirrored, "expected model, latents, labels"),
        ("mine", {}, lambda *, ratio: {}, "takes nothing, expected model"),
        ("mine", {}, lambda model, *, scale: {}, "takes scale by keyword, expected ratio or sampling"),
        ("mine", dict(inputs=("labels",)), lambda model, labels, *more: {}, "takes labels twice"),
    ],
)
def test_a_mistake_is_said_when_it_is_registered(register, name, options, function, words):
    with pytest.raises(GanzooError) as raised:
        register(name, **options)(function)
    assert words in str(raised.value)
    assert name not in own_signatures.SIGNATURES


def test_the_same_function_may_come_again_but_no_other(register):
    register("mine", inputs=("latents",))(mirrored)
    register("mine", inputs=("latents",))(mirrored)
    with pytest.raises(GanzooError, match="there is a signature named 'mine' already"):
        register("mine", inputs=("num_samples", "seed", STRENGTH))(stretched)


def no_dict(model, latents):
    return model(latents)


def no_tensors(model, latents):
    return {"samples": [1.0, 2.0]}


def branching(model, latents):
    if latents[0, 0] > 0:
        return {"samples": model(latents)}
    return {"samples": -model(latents)}


@pytest.mark.parametrize(
    ("function", "line", "words"),
    [
        (no_dict, 0, "returns <tf.Tensor"),
        (no_tensors, 0, "returns list as 'samples', expected a dict of tensors by name"),
        (branching, 1, "OperatorNotAllowedInGraphError: "),
    ],
)
def test_what_fails_names_the_signature_the_file_and_the_line(register, tmp_path, function, line, words):
    register("mine", inputs=("latents",))(function)
    model, first = tiny_sampler("gan", (2,)), inspect.getsourcelines(function)[1]
    what = servable(model, ratio=None)
    for call in (lambda: saved_model.write(what, tmp_path / "model"), lambda: own_signatures.check(model, SAMPLING)):
        with pytest.raises(GanzooError) as raised:
            call()
        assert f"signature 'mine' ({Path(__file__).name}, line {first + line})" in str(raised.value)
        assert words in str(raised.value)
    assert not list((tmp_path / "model").iterdir())


@pytest.mark.parametrize("name", ["variables", "signatures"])
def test_a_name_of_tensorflows_own_is_a_signatures_name_like_any_other(register, tmp_path, name):
    register(name, inputs=("latents",))(mirrored)
    model = tiny_sampler("gan", (2,))
    what = servable(model, ratio=None)
    rows = {key: what.signatures[key] for key in (name, "serving_default")}
    loaded = tf.saved_model.load(saved_model.write(saved_model.Servable(rows, what.facts), tmp_path / "model"))
    latents = tf.ones([2, 3])
    samples = loaded.signatures[name](latents=latents)["samples"]
    np.testing.assert_allclose(samples, -model(latents), atol=1e-6)
    np.testing.assert_array_equal(loaded.serving_default(latents)["samples"], -samples)


def test_signatures_that_do_not_fail_pass_the_check_before_training(register):
    """A signature that needs the ratio is traced with one, though none is fitted yet."""

    def weighed(model, latents, *, ratio):
        return {"log_ratio": ratio(model(latents))}

    register("mine", inputs=("latents",))(weighed)
    own_signatures.check(tiny_sampler("gan", (2,)), SAMPLING)


def test_a_bound_by_a_name_that_is_none_is_said_at_the_export(register):
    register("mine", inputs=("num_samples", "seed", STRENGTH))(stretched)
    with pytest.raises(GanzooError, match="'max_strength' is neither a key of config.sampling nor a size"):
        saved_model.servable(tiny_sampler("gan", (2,)), ratio=None, sampling=SAMPLING)
