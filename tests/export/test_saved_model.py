"""The contract of an export of a model that samples: its signatures, its versions and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from ganzoo.density_ratio import fitting
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.errors import GanzooError
from ganzoo.export import saved_model
from tests.exports import SAMPLING, operations_of
from zoo_configs import common

OUTPUTS = {
    "serving_default": {"samples"},
    "generate": {"samples"},
    "score": {"logits", "log_ratio"},
    "drs": {"samples", "log_ratio", "acceptance_rate", "num_proposed"},
    "drs_png": {"image_bytes", "acceptance_rate", "num_proposed"},
    "obrs": {"samples", "log_ratio", "acceptance_rate", "num_proposed"},
    "mh": {"samples", "log_ratio", "acceptance_rate", "num_proposed", "num_restarted"},
    "propose": {"samples", "accept_probability", "accepted", "log_ratio", "threshold", "maximum"},
    "propose_inputs": {"latents", "uniforms"},
}
INPUTS = {
    "serving_default": {"latents": ("float32", [None, 3])},
    "generate": {"num_samples": ("int32", []), "seed": ("int32", [2])},
    "score": {"samples": ("float32", [None, 16, 16, 1])},
    "drs": {"num_samples": ("int32", []), "seed": ("int32", [2]), "gamma_percentile": ("float32", [])},
    "drs_png": {"num_samples": ("int32", []), "seed": ("int32", [2]), "gamma_percentile": ("float32", [])},
    "obrs": {"num_samples": ("int32", []), "seed": ("int32", [2]), "budget": ("float32", [])},
    "mh": {"num_samples": ("int32", []), "seed": ("int32", [2]), "chain_length": ("int32", [])},
    "propose": {"latents": ("float32", [None, 3]), "uniforms": ("float32", [None])},
    "propose_inputs": {"num_samples": ("int32", []), "seed": ("int32", [2])},
}


@pytest.fixture(scope="module")
def exported(exports, loaded):
    """A tiny model, its folder and its signatures; its discriminator, larger weights given, has an opinion."""
    return exports["gan"][0], str(loaded("gan").path), loaded("gan").signatures


def test_inputs_and_outputs_are_the_contracts(exported):
    """Names, dtypes and shapes of DESIGN.md's table."""
    signatures = exported[2]
    assert {name: set(s.structured_outputs) for name, s in signatures.items()} == OUTPUTS
    for name, inputs in INPUTS.items():
        specs = signatures[name].structured_input_signature[1]
        assert {key: (spec.dtype.name, spec.shape.as_list()) for key, spec in specs.items()} == inputs


def test_accepted_samples_are_proposals_with_their_scores(exported):
    """`drs` returns a subset of what `generate` draws from the same seed, in order, and `score` agrees on each."""
    signatures = exported[2]
    seed = tf.constant([5, 6])
    draws = signatures["drs"](num_samples=tf.constant(10), seed=seed, gamma_percentile=tf.constant(50.0))
    proposed = signatures["generate"](num_samples=draws["num_proposed"], seed=seed)["samples"].numpy()
    found = [
        int(np.abs(proposed - sample).reshape(len(proposed), -1).max(1).argmin()) for sample in draws["samples"].numpy()
    ]
    assert found == sorted(found)
    np.testing.assert_allclose(proposed[found], draws["samples"], atol=1e-6)
    assert found[-1] == len(proposed) - 1  # the last proposal counted is the last one accepted
    scores = signatures["score"](samples=draws["samples"])["log_ratio"]
    np.testing.assert_allclose(scores, draws["log_ratio"], atol=1e-4)


def test_propose_accepts_by_its_probability(exported):
    latents = tf.random.stateless_normal([20, 3], [0, 1])
    out = exported[2]["propose"](latents=latents, uniforms=tf.linspace(0.0, 0.99, 20))
    np.testing.assert_array_equal(
        out["accepted"], np.linspace(0.0, 0.99, 20, dtype=np.float32) < out["accept_probability"]
    )
    assert 0 < out["accepted"].numpy().sum() < 20


I32 = lambda value: np.array(value, np.int32)  # noqa: E731
F32 = lambda value: np.array(value, np.float32)  # noqa: E731


@pytest.mark.parametrize(
    ("signature", "inputs", "said"),
    [
        ("generate", dict(num_samples=I32(0), seed=I32([0, 0])), "num_samples must be in 1 .. 40"),
        ("generate", dict(num_samples=I32(41), seed=I32([0, 0])), "num_samples must be in 1 .. 40"),
        ("drs", dict(num_samples=I32(-1), seed=I32([0, 0]), gamma_percentile=F32(50)), "num_samples must be in"),
        ("drs", dict(num_samples=I32(1), seed=I32([0, 0]), gamma_percentile=F32(101)), "gamma_percentile must be in"),
        ("drs", dict(num_samples=I32(1), seed=I32([0, 0]), gamma_percentile=F32(np.nan)), "gamma_percentile must be"),
        ("obrs", dict(num_samples=I32(1), seed=I32([0, 0]), budget=F32(0.5)), "budget must be in 1 .. 20"),
        ("mh", dict(num_samples=I32(1), seed=I32([0, 0]), chain_length=I32(31)), "chain_length must be in 1 .. 30"),
        ("drs_png", dict(num_samples=I32(0), seed=I32([0, 0]), gamma_percentile=F32(50)), "num_samples must be in"),
        ("score", dict(samples=np.full((1, 16, 16, 1), np.nan, np.float32)), "samples must be finite"),
        ("score", dict(samples=np.zeros((0, 16, 16, 1), np.float32)), "the number of rows must be in 1 .. 50"),
        ("score", dict(samples=np.zeros((1, 16, 16, 3), np.float32)), r"must have the shape \[any, 16, 16, 1\], got"),
        ("score", dict(samples=np.zeros((1, 16, 16, 0), np.float32)), r"\[1 16 16 0\]"),
        ("serving_default", dict(latents=np.zeros((2, 5), np.float32)), r"latents must have the shape \[any, 3\], got"),
        ("score", dict(samples=np.zeros((51, 16, 16, 1), np.float32)), "the number of rows must be in 1 .. 50, got"),
        ("score", dict(samples=np.full((1, 16, 16, 1), 3e38, np.float32)), "logits would not be finite"),
        ("serving_default", dict(latents=np.zeros((51, 3), np.float32)), "the number of rows must be in 1 .. 50, got"),
        (
            "propose",
            dict(latents=np.zeros((51, 3), np.float32), uniforms=np.zeros(51, np.float32)),
            "rows must be in 1",
        ),
        ("propose_inputs", dict(num_samples=I32(41), seed=I32([0, 0])), "num_samples must be in 1 .. 40"),
        ("serving_default", dict(latents=F32([[np.inf, 0, 0]])), "latents must be finite"),
        ("propose", dict(latents=F32([[0, 0, 0]]), uniforms=F32([0.1, 0.2])), "as many rows"),
        ("propose", dict(latents=F32([[0, 0, 0]]), uniforms=F32([1.5])), r"uniforms must be in \[0, 1\)"),
    ],
)
def test_bad_inputs_are_told_what_was_wrong(exported, signature, inputs, said):
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        exported[2][signature](**{name: tf.constant(value) for name, value in inputs.items()})


def test_what_was_loaded_does_not_outlive_its_use(exported):
    """TensorFlow would keep all of it for the sake of one custom gradient."""
    (meta_graph,) = SavedModel.FromString(Path(exported[1], "saved_model.pb").read_bytes()).meta_graphs
    assert not meta_graph.graph_def.library.registered_gradients


def test_gradients_go_through_an_export_as_through_the_model(exported):
    model, path, _ = exported
    loaded = tf.saved_model.load(path)  # has the variables, which a tape asks for
    latents = tf.random.stateless_normal([5, 3], [0, 1])

    def gradient(call):
        with tf.GradientTape() as tape:
            tape.watch(latents)
            total = tf.reduce_sum(call(latents) ** 2)
        return tape.gradient(total, latents).numpy()

    found = gradient(lambda latents: loaded.signatures["serving_default"](latents=latents)["samples"])
    assert np.abs(found).max() > 0
    np.testing.assert_allclose(found, gradient(model), rtol=1e-4, atol=1e-7)


def test_a_version_appears_whole_and_beside_the_others(exported, tmp_path):
    for version in ("1", "2"):
        path = saved_model.export(exported[0], tmp_path, ratio=None, sampling=SAMPLING, description={"step": 7})
        assert path == str(tmp_path / version)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]
    assert json.loads((tmp_path / "2" / "assets" / "config.json").read_text())["step"] == 7


def test_a_version_can_be_given_and_is_never_written_over(exported, tmp_path):
    """Two folders that are to go together get one number, above what is in either."""
    what = saved_model.servable(exported[0], ratio=None, sampling=SAMPLING)
    assert saved_model.next_version(tmp_path / "a", tmp_path / "b") == 1
    assert saved_model.write(what, tmp_path / "a", version=4) == str(tmp_path / "a" / "4")
    assert saved_model.next_version(tmp_path / "a", tmp_path / "b") == 5
    before = (tmp_path / "a" / "4" / "saved_model.pb").stat().st_mtime_ns
    with pytest.raises(GanzooError, match="is there already"):
        saved_model.write(what, tmp_path / "a", version=4)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["4"]
    assert (tmp_path / "a" / "4" / "saved_model.pb").stat().st_mtime_ns == before


@pytest.mark.parametrize("limit", ["max_samples", "max_chain_length", "max_proposals_per_sample"])
def test_limits_that_no_request_could_keep_are_refused(exported, limit):
    with pytest.raises(GanzooError, match=f"config.sampling.{limit} is 0, expected at least 1"):
        saved_model.servable(exported[0], ratio=None, sampling=SAMPLING | {limit: 0})


@pytest.mark.parametrize("each", ["max_chain_length", "max_proposals_per_sample"])
def test_limits_that_a_request_could_not_count_up_to_are_refused(exported, each):
    sampling = SAMPLING | {"max_samples": 2**20, each: 2**10 + 1}
    with pytest.raises(GanzooError, match=f"max_samples times {each} is 1074790400, more proposals than a request can"):
        saved_model.servable(exported[0], ratio=None, sampling=sampling)
    saved_model.check_limits(sampling | {each: 2**10})


def test_a_translator_is_not_limited_to_less_than_it_was_trained_on(translator):
    sampling = dict(max_images=6, max_side=15, candidates=8, batch_size=4, max_proposals_per_sample=100)
    with pytest.raises(GanzooError, match="max_side is 15, but .* 16 x 16; give at least 16"):
        saved_model.servable_translator(translator("cyclegan"), sampling=sampling)
    with pytest.raises(GanzooError, match="max_images is 0"):
        saved_model.servable_translator(translator("cyclegan"), sampling=sampling | {"max_images": 0})


def test_a_failed_export_leaves_nothing(exported, tmp_path):
    def broken(samples):
        raise RuntimeError("no ratio")

    with pytest.raises(RuntimeError, match="no ratio"):
        saved_model.export(exported[0], tmp_path, ratio=DensityRatio(broken), sampling=SAMPLING)
    assert list(tmp_path.iterdir()) == []


def test_a_critic_without_held_out_reals_exports_no_rejection(tiny, tmp_path):
    """`model.export("dir")`: a Wasserstein critic is no log ratio, so what needs one is left out."""
    path = tiny("wgan_gp", (2,)).export(str(tmp_path))
    assert set(tf.saved_model.load(path).signatures) == {"serving_default", "generate", "score"}


def test_a_further_sampler_adds_no_network_to_the_graph(exported, tmp_path):
    """`mh`, which needs the scores of held-out reals, shares the networks of the other signatures."""
    model, path, _ = exported
    ratio = DensityRatio(fitting.for_export(model, None))
    without = saved_model.export(model, tmp_path, ratio=ratio, sampling=SAMPLING)
    assert "mh" not in tf.saved_model.load(without).signatures
    assert operations_of(without, "MatMul", "Conv2D") == operations_of(path, "MatMul", "Conv2D") > 0


def test_points_have_no_png(tiny, reals, tmp_path, monkeypatch):
    get_config = common.get_config

    def in_few_steps(kind):
        config = get_config(kind)
        config.ratio.refit.steps = 3
        return config

    monkeypatch.setattr(common, "get_config", in_few_steps)
    path = tiny("wgan_gp", (2,)).export(str(tmp_path), reals(100, (2,)))
    assert set(tf.saved_model.load(path).signatures) == OUTPUTS.keys() - {"drs_png"}
