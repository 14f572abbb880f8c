"""What `propose` says of each proposal, and `ganzoo.sample --explain`: why it was accepted or rejected."""

import dataclasses
import doctest
import math
import re
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import ganzoo
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.errors import GanzooError
from ganzoo.export import saved_model
from ganzoo.pictures import explanation
from ganzoo.serving import exported as exported_module
from ganzoo.serving.exported import Exported, acceptance_probability
from tests import processes
from tests.conftest import TINY
from tests.exports import exports  # noqa: F401 - a fixture

SAMPLING = dict(
    burn_in=200,
    gamma_percentile=60.0,
    maximum_percentile=100.0,
    budget=2.0,
    chain_length=5,
    max_chain_length=30,
    batch_size=64,
    max_samples=150,
    max_rows=200,
    max_proposals_per_sample=50,
)
KINDS = {
    "plain": dict(),
    "outliers_capped": dict(maximum_percentile=80.0),
    "strict": dict(gamma_percentile=95.0),
    "short_burn_in": dict(burn_in=15),  # whose maximum proposals exceed again and again
}
NAMES = [*KINDS, "cgan", "cgan_outliers_capped", "cgan_short_burn_in", "dcgan", "infogan", "pictures"]


def brightness(samples, *labels):
    """A log ratio with an opinion: some units wide, of a conditional model another one for each class."""
    scale = 4.0 if samples.shape.rank == 4 else 0.15
    mean = scale * tf.reduce_mean(tf.reshape(samples, [tf.shape(samples)[0], -1])[:, :2], axis=1)
    if labels:
        mean = mean * (1.0 + tf.cast(labels[0], tf.float32)) + tf.cast(labels[0], tf.float32)
    return mean


def written(name, root):
    keras.utils.set_random_seed(0)
    entry, _, rest = name.partition("_") if name.startswith("cgan") else (name, "", name)
    sampling = SAMPLING | KINDS.get(rest, {})
    entry = entry if entry in ("cgan", "dcgan", "infogan") else "gan"
    kind = "images" if name in ("infogan", "pictures") else "points"
    shape = (16, 16, 1) if kind == "images" else (2,)
    options = dict(num_classes=3) if entry == "cgan" else {}
    networks = TINY[kind]
    model = ganzoo.create(entry, image_shape=shape, latent_dim=3, **networks, **options)
    # Initial weights are small: larger ones make proposals that differ.
    model.ema_generator.set_weights([3 * weight for weight in model.ema_generator.get_weights()])
    saved_model.export(model, root / name, ratio=DensityRatio(brightness), sampling=sampling)
    return Exported(root / name)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Exports by name, each written once; the log ratio is known."""
    root, known = tmp_path_factory.mktemp("explained"), {}

    def get(name):
        if name not in known:
            known[name] = written(name, root)
        return known[name]

    return get


def expected_probability(log_ratio, threshold, maximum):
    """The documented formula, as it stands there, in Python's own numbers."""

    def f(x):
        return x - maximum - math.log(1 - math.exp(x - maximum - 1e-8))

    return 1 / (1 + math.exp(f(threshold) - f(min(log_ratio, maximum))))


@pytest.mark.parametrize("name", NAMES)
def test_the_formula_on_the_returned_numbers_is_the_probability(exported, name):
    """Row by row to 1e-5, and `acceptance_probability` is the same formula; rows are accepted where u is below it."""
    export = exported(name)
    rows = export.call("propose_inputs", {"num_samples": 150, "seed": [3, 1]})
    labels = {"labels": np.arange(150) % 3} if export.is_conditional else {}
    answer = export.call("propose", rows | labels)
    bounds = [answer[key] for key in ("log_ratio", "threshold", "maximum")]
    assert all(value.shape == (150,) and value.dtype == np.float32 for value in bounds)
    expected = [expected_probability(*map(float, row)) for row in zip(*bounds, strict=True)]
    np.testing.assert_allclose(answer["accept_probability"], expected, atol=1e-5)
    np.testing.assert_allclose(acceptance_probability(*bounds), expected, atol=1e-5)
    np.testing.assert_array_equal(answer["accepted"], rows["uniforms"] < answer["accept_probability"])
    assert 0 < answer["accepted"].sum() < 150


@pytest.mark.parametrize("name", NAMES)
def test_threshold_and_maximum_are_those_of_the_burn_in(exported, name):
    """By NumPy's percentiles of F over the log ratios that the export keeps, of a conditional model in each class."""
    export = exported(name)
    sampling = export.config["sampling"]
    (burn_in,) = (v.numpy() for v in export.signatures["propose"].variables if v.name.startswith("burn_in"))
    rows = export.call("propose_inputs", {"num_samples": 60, "seed": [0, 0]})
    if export.is_conditional:
        rows["labels"] = np.arange(60) % 3
        burn_in = burn_in[rows["labels"]]
    answer = export.call("propose", rows)
    burn_in = np.broadcast_to(burn_in, (60, burn_in.shape[-1])).astype(np.float64)
    largest = np.maximum(burn_in.max(-1), answer["log_ratio"])
    if sampling["maximum_percentile"] < 100:
        cap = np.percentile(burn_in, sampling["maximum_percentile"], axis=-1)
        burn_in, largest = np.minimum(burn_in, cap[:, None]), np.minimum(largest, cap)
    gaps = burn_in - largest[:, None]
    gamma = np.percentile(gaps - np.log(-np.expm1(gaps - 1e-8)), sampling["gamma_percentile"], axis=-1)
    np.testing.assert_allclose(answer["threshold"], largest + gamma - np.logaddexp(0.0, gamma), atol=1e-5)
    np.testing.assert_allclose(answer["maximum"], largest, atol=1e-5)
    scores = export.score(answer["samples"], rows.get("labels"))["log_ratio"]
    np.testing.assert_allclose(answer["log_ratio"], scores, atol=1e-5)


def test_half_of_the_proposals_at_the_threshold_are_accepted():
    """Whatever the maximum; far below it float64 keeps the difference."""
    for threshold, maximum in ((0.0, 0.0), (-1.0, 2.0), (-60.0, 3.0)):
        assert acceptance_probability(threshold, threshold, maximum) == pytest.approx(0.5)
    assert acceptance_probability(-math.inf, 0.0, 1.0) == 0.0


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("cgan")])
def test_the_accepted_rows_are_the_first_samples_of_drs(exported, name):
    """Every one, in order, also after a proposal beyond the burn-in's maximum and where latents are not normal."""
    export = exported(name)
    for seed in (1, 7):
        explained = export.explain(120, seed=seed)
        kept = explained["accepted"]
        draws = export.draw("drs", int(kept.sum()), seed=seed)
        np.testing.assert_allclose(draws["samples"], explained["samples"][kept], atol=1e-5)
        np.testing.assert_allclose(draws["log_ratio"], explained["log_ratio"][kept], atol=1e-5)
        assert draws["num_proposed"] == np.flatnonzero(kept)[-1] + 1
        bounds = (explained[key] for key in ("log_ratio", "threshold", "maximum"))
        np.testing.assert_allclose(explained["accept_probability"], acceptance_probability(*bounds), atol=1e-5)
        np.testing.assert_array_equal(kept, explained["uniforms"] < explained["accept_probability"])


def test_a_proposal_beyond_the_maximum_counts_for_those_after_it(exported):
    """Of 15 log ratios the maximum is soon exceeded: in a row of its own `propose` would not know."""
    export = exported("short_burn_in")
    explained = export.explain(120, seed=1)
    rows = export.call("propose_inputs", {"num_samples": 120, "seed": [1, 0]})
    alone = export.call("propose", rows)
    assert (explained["maximum"] > alone["maximum"]).any()
    np.testing.assert_array_equal(explained["maximum"], np.maximum.accumulate(alone["maximum"]))
    assert (explained["accept_probability"] < alone["accept_probability"] - 1e-3).any()


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("cgan")])
@pytest.mark.parametrize("labels", [None, [2, 0], [1]])
def test_an_accepted_row_of_a_class_is_that_labels_sample(exported, name, labels):
    export = exported(name)
    labels = labels and np.array(labels)
    explained = export.explain(60, seed=2, labels=labels)
    draws = export.draw("drs", 60, seed=2, labels=labels)
    np.testing.assert_array_equal(explained["labels"], np.resize([0, 1, 2] if labels is None else labels, 60))
    np.testing.assert_array_equal(draws["labels"], explained["labels"])
    kept = explained["accepted"]
    np.testing.assert_allclose(draws["samples"][kept], explained["samples"][kept], atol=1e-5)
    assert (np.abs(draws["samples"] - explained["samples"])[~kept].max(1) > 1e-3).all()
    assert 0 < kept.sum() < 60


def test_what_cannot_be_explained_is_said(exported, tmp_path):
    with pytest.raises(GanzooError, match="num_samples is 151; this export explains 1 to 150 at once"):
        exported("plain").explain(151)
    with pytest.raises(GanzooError, match="labels must be in 0 .. 2"):
        exported("cgan").explain(3, labels=np.array([3]))
    keras.utils.set_random_seed(0)
    model = ganzoo.create("wgan_gp", image_shape=(2,), latent_dim=3, **TINY["points"])
    saved_model.export(model, tmp_path / "critic", ratio=None, sampling=SAMPLING)
    with pytest.raises(GanzooError, match="rejects nothing, as it was exported without a density ratio"):
        Exported(tmp_path / "critic").explain(3)


def test_an_export_from_before_is_to_be_made_again(tmp_path):
    """Its `propose` returns the samples, the probability and the verdict alone."""
    keras.utils.set_random_seed(0)
    model = ganzoo.create("gan", image_shape=(2,), latent_dim=3, **TINY["points"])
    what = saved_model.servable(model, ratio=DensityRatio(brightness), sampling=SAMPLING)
    today = what.signatures["propose"]

    def before(*inputs):
        return {name: today.function(*inputs)[name] for name in ("samples", "accept_probability", "accepted")}

    del what.signatures["propose_inputs"]
    what.signatures["propose"] = dataclasses.replace(today, function=before)
    saved_model.write(what, tmp_path)
    with pytest.raises(GanzooError, match="older ganzoo.*Export the run again: python -m ganzoo.reexport"):
        Exported(tmp_path).explain(3)


def test_the_example_in_the_docs_is_right():
    """The digit that docs/why_rejected.md works by hand, and the doctests of both modules."""
    page = Path(__file__).parents[2] / "docs" / "why_rejected.md"
    assert doctest.testfile(str(page), module_relative=False) == (0, 2)
    for module in (exported_module, explanation):
        found = doctest.testmod(module)
        assert found.failed == 0
        assert found.attempted > 0
    log_ratio, threshold, maximum = map(
        float, re.search(r"D = (\S+); T = (\S+) and M = (\S+)\. ", page.read_text()).groups()
    )
    gaps = [value - maximum for value in (log_ratio, threshold)]
    f_log_ratio, f_threshold = (gap - math.log(1 - math.exp(gap - 1e-8)) for gap in gaps)
    probability = 1 / (1 + math.exp(f_threshold - f_log_ratio))
    for number in (*gaps, f_log_ratio, f_threshold, probability):
        assert f" {number:.3f} |" in page.read_text()


def dark(picture, colour):
    """How many pixels have a colour, to within 12 of 255."""
    wanted = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)])
    return int((np.abs(picture.astype(int) - wanted).max(-1) <= 12).sum())


@pytest.mark.parametrize("name, count", [("plain", 1), ("pictures", 16), ("short_burn_in", 16), ("cgan", 40)])
def test_the_picture_has_both_verdicts_and_room_for_every_row(exported, name, count):
    """One block up to 32 rows, two at 40; a picture without rejected rows has none of their colour."""
    explained = exported(name).explain(count, seed=1)
    background = np.random.default_rng(0).normal(size=(50, 2))
    picture = explanation.draw(explained, title="tiny", background=background)
    blocks = math.ceil(count / 32)
    assert picture.dtype == np.uint8
    assert picture.shape[0] == pytest.approx(100 * (1.42 + 0.56 * math.ceil(count / blocks)), abs=2)
    assert picture.shape[1] > 500 * blocks
    for verdict in (True, False):
        assert (dark(picture, explanation.COLOURS[verdict]) > 20) == (verdict in explained["accepted"])


def test_a_picture_shows_the_proposal_itself(exported):
    """The first row's pixels, 16 x 16, are in the first square, some 3 pixels wide each."""
    explained = exported("pictures").explain(4, seed=1)
    other = {name: value.copy() for name, value in explained.items()}
    other["samples"][0] = -other["samples"][0]
    one, negative = (explanation.draw(e, title="tiny")[132:178, 14:60].astype(int) for e in (explained, other))
    assert np.abs(one + negative - 255).max() <= 3
    assert np.ptp(one) > 20


def test_too_many_rows_for_a_picture_are_refused(exported):
    with pytest.raises(ValueError, match="at most 128"):
        explanation.draw(exported("plain").explain(129), title="tiny")


def sample(*flags, code=0):
    done = processes.run(*flags, module="ganzoo.sample")
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_the_command_draws_the_picture_and_the_numbers(exported, tmp_path):
    """A PNG that is the export's explanation drawn, and an array whose accepted rows are `--signature drs`'s."""
    export = exported("cgan")
    flags = [f"--export_dir={export.path}", "--seed=5", "--labels=2,0"]
    said = sample(*flags, "--explain", "--num_samples=12", f"--out={tmp_path}/why.png")
    expected = export.explain(12, seed=5, labels=np.array([2, 0]))
    assert f"{expected['accepted'].sum()} of 12 proposals accepted" in said
    background = export.draw("generate", 1000, seed=5, labels=np.array([2, 0]))["samples"]
    drawn = explanation.draw(expected, title="cgan, seed 5", background=background)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "why.png")), drawn)

    sample(*flags, "--explain", "--num_samples=12", f"--out={tmp_path}/why.npz")
    sample(*flags, "--num_samples=12", f"--out={tmp_path}/drs.npz")
    why, drs = np.load(tmp_path / "why.npz"), np.load(tmp_path / "drs.npz")
    assert set(why) == {
        *("samples", "labels", "log_ratio", "threshold", "maximum", "accept_probability", "uniforms", "accepted")
    }
    np.testing.assert_allclose(drs["samples"][why["accepted"]], why["samples"][why["accepted"]], atol=1e-5)


@pytest.mark.slow
def test_mistakes_get_one_line(exported, exports, tmp_path):  # noqa: F811
    shutil.copytree(exported("plain").path, tmp_path / "plain" / "1")
    plain, translator = (f"--export_dir={folder}" for folder in (tmp_path / "plain", exports["cyclegan"][1]))
    out = f"--out={tmp_path}/why.png"
    for flags, said in (
        ([translator, out], "translates pictures; --explain is for models that sample"),
        ([plain, f"--out={tmp_path}/folder"], "give a picture's name in .png"),
        ([plain, out, f"--input_dir={tmp_path}"], "leave --input_dir out"),
        ([plain, out, "--signature=mh"], "--explain is of drs: leave --signature mh out"),
        ([plain, out, "--gamma_percentile=5"], "leave --gamma_percentile out"),
        ([plain, out, "--labels=1"], "leave --labels out"),
        ([plain, out, "--num_samples=129"], "a picture explains at most 128 proposals"),
        ([plain, f"--out={tmp_path}/why.npz", "--num_samples=151"], "this export explains 1 to 150 at once"),
    ):
        error = sample("--explain", *flags, code=1)
        assert error.startswith("ganzoo: ")
        assert said in error
        assert len(error.strip().splitlines()) == 1, error
    assert not (tmp_path / "why.png").exists()
