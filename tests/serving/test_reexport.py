from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import environment, load_config, reexport, tasks
from ganzoo.errors import GanzooError
from ganzoo.export import litert, other_runtimes, saved_model, warm_up
from ganzoo.export.batchable import batchable, rows_are_independent
from ganzoo.export.inputs import Input
from ganzoo.export.saved_model import Servable
from ganzoo.export.signature import Signature
from ganzoo.playground import in_node
from ganzoo.serving.exported import Exported
from ganzoo.tasks import workdirs
from ganzoo.tasks.restored import config_of, restore
from tests import processes
from tests.exports import SAMPLING, TRANSLATING, tiny_sampler
from tests.playground.conftest import archive  # noqa: F401 - a fixture

KINDS = ["gan", "cgan", "infogan", "points", "stylegan2", "pix2pix", "cyclegan", "cut", "stargan"]
# What a server may batch of each kind.
ROWS = {
    "gan": {"serving_default", "score", "propose"},
    "cgan": {"serving_default", "score", "propose"},
    "infogan": {"serving_default", "score", "propose", "recognise"},
    "points": {"serving_default", "score", "propose"},
    "stylegan2": {"serving_default", "score", "propose"},
    "pix2pix": {"serving_default", "score"},
    "cyclegan": {"serving_default", "score"}
    | {name + end for name in ("a_to_b", "b_to_a", "cycle_a", "cycle_b") for end in ("", "_png")},
    "cut": {"serving_default", "score", "translate", "translate_png"},
    "stargan": {"serving_default", "score", "translate", "translate_png"},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run of three steps with a checkpoint of each, and what the run itself exports."""
    workdir = tmp_path_factory.mktemp("runs") / "run"
    config = load_config("gan", "gaussians8")
    for network in ("generator", "discriminator"):
        config.networks.mlp[network].width = 16
    config.model.update(latent_dim=2, latent_categories=0)
    config.steps = config.checkpoints_kept = 3
    config.batch_size, config.checkpoint_every, config.steps_per_execution = 16, 1, 1
    config.ratio.refit.steps, config.sampling.burn_in = 20, 256
    config.ratio.tempering = 0.5  # not the recipe's: the run's own config is what counts
    task, model, data = tasks.prepare(config)
    description = {"config": config.to_dict(), "split": data.describe()}
    workdirs.claim(workdir, description, resume=True)
    assert task.train(model, data, config, workdir)
    servable = task.servable(model, data, config, description | {"step": 3})
    return workdir, Exported(saved_model.write(servable, workdir / "export"))


def answers(exported):
    """What an export says to some latents and points."""
    latents = tf.random.stateless_normal([50, 2], [0, 1])
    return [
        exported.signatures["serving_default"](latents=latents)["samples"].numpy(),
        exported.score(np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32))["log_ratio"],
    ]


def test_a_run_exported_again_is_what_the_run_exported(run, tmp_path):
    """The samples, and the log ratios of a density ratio that was fitted anew; the config says which run and step. The
    servable that may be batched has the same number, above those of both folders."""
    workdir, own = run
    (tmp_path / "model_batchable" / "6").mkdir(parents=True)
    written = reexport.export_versions(restore(workdir, config_of(workdir)), tmp_path / "model", batchable_too=True)
    assert [path for path, _ in written] == [str(tmp_path / "model" / "7"), str(tmp_path / "model_batchable" / "7")]
    again, rows = (Exported(path) for path, _ in written)
    assert again.config == own.config | {"config": again.config["config"]}
    assert again.config["step"] == 3
    assert set(again.signatures) == set(own.signatures)
    assert set(rows.signatures) == ROWS["points"]
    for one, two, three in zip(answers(own), answers(again), answers(rows), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(one, three, rtol=1e-4, atol=1e-4)
    assert (rows.path / warm_up.FILE).is_file()


def test_an_earlier_step_is_another_model(run):
    """Its averaged generator's weights are those of that step's checkpoint."""
    workdir, own = run
    restored = restore(workdir, config_of(workdir), step=1)
    assert restored.description["step"] == 1
    samples = restored.model(tf.random.stateless_normal([50, 2], [0, 1])).numpy()
    assert np.abs(samples - answers(own)[0]).max() > 1e-5
    with pytest.raises(GanzooError, match="There are: 1, 2, 3"):
        restore(workdir, config_of(workdir), step=4)


def test_other_data_than_the_runs_are_not_fitted_on(run):
    workdir, _ = run
    config = config_of(workdir)
    config.dataset = "gaussians25"
    with pytest.raises(GanzooError, match="is not what .* was trained on"):
        restore(workdir, config)


def test_a_run_with_keys_of_another_version_is_refused(tmp_path):
    config = load_config("gan").to_dict() | {"steps_per_moon": 3}
    workdirs.claim(tmp_path, {"config": config, "split": {}}, resume=True)
    with pytest.raises(GanzooError, match="not of this version of ganzoo.*steps_per_moon"):
        config_of(tmp_path)


def command(*flags, code=0):
    done = processes.run(*flags, module="ganzoo.reexport")
    assert done.returncode == code, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stderr if code else done.stdout


def test_the_command_writes_a_version_with_other_limits(run, tmp_path):
    workdir, own = run
    said = command(f"--workdir={workdir}", f"--out={tmp_path}/model", "--step=2", "--config.sampling.max_samples=7")
    assert "gan on gaussians8 at step 2" in said
    config = Exported.describe(tmp_path / "model" / "1")
    assert (config["step"], config["sampling"]["max_samples"]) == (2, 7)
    assert config["sampling"] == own.config["sampling"] | {"max_samples": 7}


@pytest.mark.parametrize("can", [False, True, None])
def test_half_precision_on_a_processor_without_it_is_said(run, monkeypatch, capsys, can):
    monkeypatch.setattr(environment, "computes_bfloat16", lambda: can)
    config = config_of(run[0])
    config.precision = "mixed_bfloat16"
    try:
        tasks.prepare(config)
    finally:
        keras.config.set_dtype_policy("float32")
    assert ("no instructions for bfloat16" in capsys.readouterr().err) == (can is False)


def test_a_run_in_half_precision_is_exported_in_float32(run, tmp_path):
    """The weights are float32 in both, so that the samples differ by the rounding of half precision alone."""
    config = config_of(run[0])
    config.precision = "mixed_bfloat16"
    latents, samples = tf.random.stateless_normal([50, 2], [0, 1]), []
    try:
        for precision in ("as_trained", "float32"):
            config.sampling.precision = precision
            what = restore(run[0], config).servable(fit_ratio=False)
            samples.append(what.signatures["serving_default"].graph(latents=latents)["samples"].numpy())
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_array_equal(samples[1], answers(run[1])[0])
    assert 0 < np.abs(samples[0] - samples[1]).max() < 0.02 * np.abs(samples[1]).max()
    said = command(f"--workdir={run[0]}", f"--out={tmp_path}/again", "--config.sampling.precision=float32")
    assert "again/1: serving_default" in said


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["--config.steps=9"], 2, "no key 'steps'"),
        (["--format=onnx"], 1, "give a file's name in .onnx"),
        (["--format=web", "--signature=propose"], 1, "a page has its own"),
        (["--format=web", "--batchable"], 1, "--format web is a page"),
        (
            ["--format=web", "--onnxruntime_web=nowhere.tgz"],
            1,
            "is nowhere.tgz, and there is no such file",
        ),
        (["--format=onnx", "--quantise=int8"], 1, "--quantise is for --format litert"),
        (["--quantise=four"], 2, "value should be one of <none|float16|int8>"),
        (["--onnxruntime_web=nowhere.tgz"], 1, "--onnxruntime_web is for --format web alone"),
    ],
)
def test_mistakes_get_one_line(run, tmp_path, flags, code, said):
    error = command(f"--workdir={run[0]}", f"--out={tmp_path}/model", *flags, code=code).strip()
    assert error.splitlines()[-1].startswith("ganzoo: ")
    assert said in error
    assert "Traceback" not in error
    assert not (tmp_path / "model").exists()


def test_the_command_writes_a_page_and_says_how_it_was_checked(run, archive, tmp_path):  # noqa: F811
    pytest.importorskip("tf2onnx")
    site = tmp_path / "site"
    flags = (f"--workdir={run[0]}", f"--out={site}", "--format=web", f"--onnxruntime_web={archive}")
    for _ in range(2):  # a page takes an older page's place
        said = command(*flags)
        assert f"{site}/propose.onnx, within" in said
        assert ("not checked in Node: " if in_node.missing() else "checked in Node: the 16 samples") in said
        assert f"python -m http.server --directory {site}" in said
        assert (site / "index.html").is_file()
    (site / "playground.json").unlink()
    assert "a folder with other files in it" in command(*flags, code=1)


@pytest.mark.parametrize("kind", KINDS)
def test_each_row_of_a_batchable_servable_is_as_if_it_came_alone(exports, tmp_path, kind):
    """As served: rows of several requests in one, as a batching server puts them, in another order and beside others,
    give each what it gets by itself. Nothing else than rows is asked for or given."""
    model, folder = exports[kind]
    facts = Exported.describe(folder)
    rows, left_out = batchable(whole(kind, model), model)
    assert set(rows.signatures) == ROWS[kind]
    assert left_out == []
    loaded = tf.saved_model.load(saved_model.write(rows, tmp_path))
    random = np.random.default_rng(1)
    for name, signature in rows.signatures.items():
        one, other = ({each.name: random_row(each, facts, random) for each in signature.inputs} for _ in range(2))
        alone = loaded.signatures[name](**{key: tf.constant(value) for key, value in one.items()})
        batch = {key: tf.constant(np.concatenate([other[key], other[key], one[key]])) for key in one}
        for key, values in loaded.signatures[name](**batch).items():
            assert len(values) == 3, (name, key)
            if values.dtype in (tf.string, tf.bool):
                assert values[2] == alone[key][0], (name, key)
            else:
                np.testing.assert_allclose(values[2], alone[key][0], rtol=1e-4, atol=1e-5, err_msg=f"{name} {key}")


def whole(kind, model):
    from ganzoo.density_ratio.fitting import for_export

    if kind in ("pix2pix", "cyclegan", "cut", "stargan"):
        return saved_model.servable_translator(model, sampling=TRANSLATING)
    return saved_model.servable(model, ratio=for_export(model, None), sampling=SAMPLING)


def random_row(one, facts, random):
    smallest = warm_up.smallest(one, facts)
    if one.dtype == "string":
        pixels = random.integers(0, 256, facts["image_shape"], np.uint8)
        return np.array([tf.io.encode_png(pixels).numpy()], object)
    if one.dtype == "int64":
        return random.integers(0, 3, smallest.shape).astype(smallest.dtype)
    return random.uniform(size=smallest.shape).astype(smallest.dtype)


def test_pix2pix_in_a_batch_has_the_noise_of_a_picture_by_itself(exports, loaded):
    """Every row of the batchable `serving_default` is what the whole's makes of that picture alone; the whole's own
    batch gives each row other noise."""
    model, _ = exports["pix2pix"]
    served = loaded("pix2pix").signatures["serving_default"]
    rows, _ = batchable(whole("pix2pix", model), model)
    images = tf.tile(tf.random.stateless_uniform([1, 16, 16, 1], [0, 1], -1.0, 1.0), [3, 1, 1, 1])
    alone = served(images=images[:1])["images"][0].numpy()
    for row in rows.signatures["serving_default"].function(images)["images"].numpy():
        np.testing.assert_allclose(row, alone, atol=1e-6)
    assert np.abs(served(images=images)["images"][1].numpy() - alone).max() > 1e-3


def test_a_signature_that_looks_at_its_neighbours_is_left_out(exports):
    model, _ = exports["points"]
    good = whole("points", model)
    looking = lambda samples: {"logits": samples[:, 0] - tf.reduce_mean(samples[:, 0])}  # noqa: E731
    neighbourly = replace(good.signatures["score"], function=looking)
    assert not rows_are_independent(neighbourly, good.facts)
    what = Servable(good.signatures | {"score": neighbourly}, good.facts)
    rows, left_out = batchable(what, model)
    assert left_out == ["score"]
    assert set(rows.signatures) == {"serving_default", "propose"}


PACKAGES = {"onnx": "tf2onnx", "litert": "ai_edge_litert", "openvino": "openvino"}


def files(format, folder):
    return [folder / f"model{suffix}" for suffix in other_runtimes.FORMATS[format].suffixes]


@pytest.mark.parametrize("format", PACKAGES)
@pytest.mark.parametrize(
    "kind, signature",
    [
        ("gan", "serving_default"),
        ("gan", "propose"),
        ("gan", "score"),
        ("cgan", "propose"),
        ("infogan", "recognise"),
        ("points", "propose"),
        ("stargan", "translate"),
        ("cyclegan", "cycle_b"),
    ],
)
def test_a_signature_answers_in_another_runtime_as_the_savedmodel_does(
    exports, loaded, tmp_path, format, kind, signature
):
    """At a number of rows and at values that it was not checked with when it was written."""
    pytest.importorskip(PACKAGES[format])
    what = whole(kind, exports[kind][0])
    paths = files(format, tmp_path)
    assert other_runtimes.write(what, signature, paths[0], format) <= other_runtimes.TOLERANCE
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    served = loaded(kind).signatures[signature]
    if signature == "propose":  # the burn-in of what is exported here has another size than the loaded export's
        served = tf.saved_model.load(saved_model.write(what, tmp_path / "again")).signatures[signature]
    random = np.random.default_rng(2)
    rows = [[random_row(one, what.facts, random) for _ in range(5)] for one in what.signatures[signature].inputs]
    inputs = {
        one.name: np.concatenate(values) for one, values in zip(what.signatures[signature].inputs, rows, strict=True)
    }
    found = other_runtimes.FORMATS[format].load(*paths)(inputs)
    expected = served(**{name: tf.constant(value) for name, value in inputs.items()})
    expected = {f"{name}_out" if name in inputs else name: value.numpy() for name, value in expected.items()}
    assert found.keys() == expected.keys()
    assert other_runtimes.largest_difference(found, expected) <= other_runtimes.TOLERANCE


def test_a_pggan_that_has_grown_is_a_litert_file(tmp_path):
    """With the networks of its recipe, at all levels: a tiny one, or one at its first level, has other shapes."""
    pytest.importorskip(PACKAGES["litert"])
    model = ganzoo.create("pggan", image_shape=(28, 28, 1))
    model.grow(10**9)
    what = saved_model.servable(model, ratio=None, sampling=SAMPLING)
    difference = other_runtimes.write(what, "serving_default", tmp_path / "g.tflite", "litert")
    assert difference <= other_runtimes.TOLERANCE


@pytest.mark.parametrize("kind, signature", [("gan", "serving_default"), ("cgan", "propose"), ("stargan", "translate")])
def test_half_precision_weights_make_a_litert_file_smaller(exports, tmp_path, kind, signature):
    pytest.importorskip(PACKAGES["litert"])
    what, sizes = whole(kind, exports[kind][0]), []
    for quantise in ("none", "float16"):
        difference = other_runtimes.write(what, signature, tmp_path / "g.tflite", "litert", quantise=quantise)
        sizes.append((tmp_path / "g.tflite").stat().st_size)
    assert 0 < difference <= other_runtimes.TOLERANCES["float16"]
    assert sizes[1] < 0.9 * sizes[0]


@pytest.mark.parametrize("kind", ["gan", "infogan"])
def test_eight_bits_come_from_accepted_samples(exports, tmp_path, kind):
    """Of the requests from which the ranges come, `propose` accepts every row."""
    pytest.importorskip(PACKAGES["litert"])
    what = whole(kind, exports[kind][0])
    inputs = litert.accepted_inputs(what, "serving_default")
    rows = {name: tf.constant(values) for name, values in inputs.items()}
    seed = tf.zeros([2], tf.int32)
    count = tf.constant(min(litert.PROPOSALS, what.facts["sampling"]["max_samples"]))
    drawn = what.signatures["propose_inputs"].graph(num_samples=count, seed=seed)
    latents = [tuple(row) for row in drawn["latents"].numpy()]
    places = [latents.index(tuple(row)) for row in inputs["latents"]]
    rows["uniforms"] = tf.gather(drawn["uniforms"], places)
    assert what.signatures["propose"].graph(**rows)["accepted"].numpy().all()
    assert 0 < len(places) < count
    other_runtimes.write(what, "serving_default", tmp_path / "g.tflite", "litert", quantise="int8")


@pytest.mark.parametrize(
    "kind, signature, said",
    [
        ("gan", "propose", "int8 is for serving_default alone, not for 'propose': .* Give --quantise=float16"),
        ("stargan", "serving_default", "from accepted samples, and this export has no `propose`"),
    ],
)
def test_eight_bits_are_refused_where_nothing_sets_their_ranges(exports, tmp_path, kind, signature, said):
    with pytest.raises(GanzooError, match=said):
        other_runtimes.write(whole(kind, exports[kind][0]), signature, tmp_path / "g.tflite", "litert", quantise="int8")
    assert list(tmp_path.iterdir()) == []


def test_onnx_keeps_the_rank_of_pictures_of_one_channel_and_any_size(tmp_path):
    """One in ten conversions did not: 20 are made, as the converter's order is random."""
    pytest.importorskip("tf2onnx")
    images = Input("images", shape=(None, None, None, 1))
    layers = [keras.layers.Conv2D(channels, 3, padding="same") for channels in (2, 1)]
    signature = Signature(lambda images: {"pictures": tf.tanh(layers[1](layers[0](images)))}, (images,))
    onnx = other_runtimes.FORMATS["onnx"]
    for _ in range(20):
        onnx.convert(other_runtimes.Converted("translate", signature.graph, ""), tmp_path / "g.onnx")
        answer = onnx.load(tmp_path / "g.onnx")({"images": np.zeros((3, 8, 8, 1), np.float32)})
        assert answer["pictures"].shape == (3, 8, 8, 1)


def test_onnx_has_differences_from_one_near_zero(tmp_path):
    """expm1, of which ONNX has no operation; exp(x) - 1 would be 0 for the smallest of these."""
    pytest.importorskip("tf2onnx")
    values = Input("values", shape=(None,))
    signature = Signature(lambda values: {"answers": tf.math.expm1(values)}, (values,))
    onnx, asked = other_runtimes.FORMATS["onnx"], np.array([-1e-9, -1e-4, -1.0, -100.0, 0.0, 0.5], np.float32)
    onnx.convert(other_runtimes.Converted("differences", signature.graph, ""), tmp_path / "g.onnx")
    answers = onnx.load(tmp_path / "g.onnx")({"values": asked})["answers"]
    np.testing.assert_allclose(answers, np.expm1(asked), rtol=1e-6)


def test_half_precision_is_refused(tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        what = saved_model.servable(tiny_sampler("gan", (2,)), ratio=None, sampling=SAMPLING)
        with pytest.raises(GanzooError, match="onnx cannot take 'serving_default': it computes in bfloat16"):
            other_runtimes.write(what, "serving_default", tmp_path / "g.onnx", "onnx")
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    "kind, signature, said",
    [
        ("pix2pix", "serving_default", r"it draws random numbers from a seed .* Take one of score, or serve the Saved"),
        ("gan", "drs", "it draws random numbers from a seed .* Take one of serving_default, score, propose, or serve"),
        ("gan", "propose_inputs", "it draws random numbers"),
        ("cyclegan", "a_to_b_png", "it takes the files of pictures, which only TensorFlow decodes"),
        ("cyclegan", "b_to_c", "no signature 'b_to_c'. Did you mean 'b_to_a'"),
    ],
)
def test_what_no_runtime_can_take_is_refused_with_the_reason(exports, tmp_path, kind, signature, said):
    """Before anything is converted, and with what can be taken instead."""
    with pytest.raises(GanzooError, match=said):
        other_runtimes.write(whole(kind, exports[kind][0]), signature, tmp_path / "model.onnx", "onnx")
    assert list(tmp_path.iterdir()) == []


def test_an_export_for_tensorflow_alone_says_so(exports):
    assert other_runtimes.note(whole("gan", exports["gan"][0])) is None
    assert "OpenVINO refuse it, since it draws random" in other_runtimes.note(whole("pix2pix", exports["pix2pix"][0]))


@pytest.mark.parametrize(
    "draw",
    [
        lambda x: tf.random.uniform(tf.shape(x)),
        lambda x: tf.random.stateless_truncated_normal(tf.shape(x), [0, 1]),
        lambda x: tf.cast(tf.random.categorical(x, 2), tf.float32),
    ],
)
def test_every_kind_of_draw_is_refused(draw):
    inputs = (Input("values", shape=(None, 2)),)
    assert "draws random numbers" in other_runtimes.refusal(Signature(lambda x: {"drawn": draw(x)}, inputs))


def test_answers_that_are_not_the_savedmodels_are_refused(exports, tmp_path, monkeypatch):
    """A runtime that computes something else, NaN, or another shape; nothing is left behind."""
    pytest.importorskip("tf2onnx")
    onnx, what = other_runtimes.FORMATS["onnx"], whole("points", exports["points"][0])
    for change, said in [
        (lambda x: x + 0.01, "differs from the SavedModel's answer by 0.01, more than 0.001"),
        (lambda x: x * np.nan, "answer by nan"),
        (lambda x: x[:, :1], "answer by inf"),
    ]:
        load = lambda path: lambda inputs: {k: change(v) for k, v in onnx.load(path)(inputs).items()}  # noqa: B023, E731
        monkeypatch.setitem(other_runtimes.FORMATS, "onnx", onnx._replace(load=load))
        with pytest.raises(GanzooError, match=said):
            other_runtimes.write(what, "serving_default", tmp_path / "model.onnx", "onnx")
    assert list(tmp_path.iterdir()) == []


def test_differences_of_large_numbers_are_relative():
    infinite = np.array([-np.inf, 1000.0], np.float32)
    difference = other_runtimes.largest_difference
    assert difference({"a": infinite}, {"a": infinite}) == 0.0
    assert difference({"a": infinite}, {"a": infinite + 1}) == pytest.approx(1e-3, rel=0.01)
    assert difference({"a": np.array([0.5])}, {"a": np.array([0.25])}) == 0.25
    assert difference({"a": np.array([True])}, {"a": np.array([False])}) == np.inf
    assert difference({}, {"a": infinite}) == np.inf


def test_a_mean_difference_with_nan_or_of_another_shape_is_never_small():
    ones = {"a": np.ones(2, np.float32), "b": np.ones(2, np.float32)}
    assert other_runtimes.mean_difference(ones | {"b": np.float32([1.0, 1.5])}, ones) == 0.25
    assert np.isnan(other_runtimes.mean_difference(ones | {"b": np.float32([1.0, np.nan])}, ones))
    assert other_runtimes.mean_difference({"a": ones["a"]}, ones) == np.inf
    assert other_runtimes.mean_difference(ones | {"b": np.ones(3, np.float32)}, ones) == np.inf


def test_a_missing_package_is_named_with_the_extra_that_has_it(tmp_path, monkeypatch):
    monkeypatch.setattr(other_runtimes.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(GanzooError, match=r"needs tf2onnx and onnxruntime: pip install 'ganzoo-tf\[onnx\]'"):
        other_runtimes.check("onnx", tmp_path / "g.onnx")
