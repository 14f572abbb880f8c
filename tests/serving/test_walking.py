"""Walks between an export's own samples: which samples, by which latents, and what lies between them."""

import functools
import itertools
import json
import shutil

import keras
import numpy as np
import pytest
from scipy.stats import kstest

import ganzoo
from ganzoo.density_ratio import fitting
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.errors import GanzooError
from ganzoo.export import saved_model
from ganzoo.networks.categories import LatentCategory
from ganzoo.serving import walking
from ganzoo.serving.exported import Exported
from tests.conftest import TINY
from tests.exports import SAMPLING

LARGER = SAMPLING | dict(max_samples=2000, max_rows=500, max_proposals_per_sample=1000)
NORMAL = walking.LatentLaw(np.zeros(64, bool), np.zeros(64, bool), 0)


def law(d, *, uniform=(), code=(), categories=0):
    return walking.LatentLaw(np.isin(range(d), uniform), np.isin(range(d), code), categories)


@pytest.fixture(scope="module")
def walkable(tmp_path_factory):
    """Exports of tiny models by name, whose requests may be large enough for walks; each made when it is asked for."""

    @functools.cache
    def made(name, latent_categories=0):
        model = tiny_sampler(name, latent_categories=latent_categories)
        ratio = DensityRatio(fitting.for_export(model, None), held_out=None)
        folder = tmp_path_factory.mktemp(name)
        return Exported(saved_model.export(model, folder, ratio=ratio, sampling=LARGER))

    return made


def tiny_sampler(name, latent_categories=0):
    keras.utils.set_random_seed(0)
    own = {} if name == "infogan" else dict(latent_categories=latent_categories)
    model = ganzoo.create(name, image_shape=(16, 16, 1), latent_dim=3, **own, **TINY["images"])
    model.discriminator.set_weights([3 * weight for weight in model.discriminator.get_weights()])
    return model


def test_slerp_on_a_quarter_of_a_circle_has_equal_angles_and_keeps_the_length():
    at = np.linspace(0, 1, 5)[:, None]
    path = walking.slerp(np.array([2.0, 0.0]), np.array([0.0, 2.0]), at)
    angles = np.pi / 2 * at[:, 0]
    np.testing.assert_allclose(path, 2 * np.stack([np.cos(angles), np.sin(angles)], 1), atol=1e-12)


@pytest.mark.parametrize("other", [[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
def test_slerp_without_one_great_circle_is_a_straight_line(other):
    path = walking.slerp(np.array([1.0, 0.0]), np.array(other), np.array([[0.0], [0.25], [1.0]]))
    np.testing.assert_allclose(path[:, 0], 1 + np.array([0.0, 0.25, 1.0]) * (other[0] - 1), atol=1e-12)
    assert np.isfinite(path).all()


def test_latents_half_way_keep_their_distribution_where_a_straight_line_would_not():
    """Between independent normal latents, and by their scores between uniform ones: Kolmogorov-Smirnov on 200 pairs."""
    rng = np.random.default_rng(0)
    middle = np.array([0.5])
    normal = [NORMAL.between(*rng.standard_normal((2, 64)), middle) for _ in range(200)]
    assert kstest(np.ravel(normal), "norm").pvalue > 0.01
    uniform_law = law(64, uniform=range(64))
    uniform = [uniform_law.between(*rng.uniform(-1, 1, (2, 64)), middle) for _ in range(200)]
    assert kstest(np.ravel(uniform), "uniform", (-1, 2)).pvalue > 0.01
    straight = [rng.standard_normal((2, 64)).mean(axis=0) for _ in range(200)]
    assert kstest(np.ravel(straight), "norm").pvalue < 1e-6


def test_a_path_begins_and_ends_at_its_ends_and_holds_codes():
    one, other = np.array([0.5, 0, 1, 0, -0.25]), np.array([-2.0, 0, 1, 0, 0.75])
    path = law(5, uniform=[4], code=[1, 2, 3]).between(one, other, np.linspace(0, 1, 7))
    np.testing.assert_allclose(path[[0, -1]], [one, other], atol=1e-6)
    np.testing.assert_array_equal(path[:, 1:4], np.tile([0, 1, 0], (7, 1)))
    assert np.abs(path[:, 4]).max() <= 1


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_categories_are_the_networks_own_and_a_path_stays_in_one(distribution):
    """The layer's one-hot vector against `category`, on random latents and on the layer's own bounds."""
    layer = LatentCategory(32, distribution)
    of_law = law(16, uniform=range(16) if distribution == "uniform" else (), categories=32)
    rng = np.random.default_rng(0)
    latents = (rng.uniform(-1, 1, (1000, 16)) if distribution == "uniform" else rng.normal(size=(1000, 16))).astype(
        "f4"
    )
    latents[:31, 0] = layer.bounds[1:-1]
    chosen = layer(latents)[:, 15:].numpy().argmax(axis=1)
    np.testing.assert_array_equal(of_law.category(latents), chosen)
    inside = latents[chosen == 31]
    assert len(inside) > 10
    for one, other in itertools.pairwise(inside):
        assert (of_law.category(of_law.between(one, other, np.linspace(0, 1, 9))) == 31).all()


@pytest.mark.parametrize("name, uniform, code", [("gan", 0, 0), ("infogan", 2, 10)])
def test_the_law_of_an_export_is_its_models(walkable, name, uniform, code):
    found = walking.latent_law(walkable(name))
    assert (found.is_uniform.sum(), found.is_code.sum(), found.categories) == (uniform, code, 0)


@pytest.mark.parametrize("name, signature", [("gan", "generate"), ("gan", "drs"), ("gan", "obrs"), ("infogan", "drs")])
def test_samples_of_a_walk_are_the_signatures_bits_and_their_latents_make_them(walkable, name, signature):
    exported = walkable(name)
    of_law = walking.latent_law(exported)
    through = walking.keys(exported, of_law, signature, 2, seed=5, labels=None)
    drawn = exported.draw(signature, through.num_samples, seed=5)["samples"]
    np.testing.assert_array_equal(through.samples, drawn[through.rows])
    made = exported.in_batches("serving_default", latents=through.latents[0])["samples"]
    np.testing.assert_allclose(made, through.samples[0], atol=1e-5)
    assert len(set(of_law.category(through.latents[0]))) == 1


def test_a_loop_shows_each_sample_as_drawn_and_ends_near_its_beginning(walkable):
    exported = walkable("gan")
    of_law = walking.latent_law(exported)
    through = walking.keys(exported, of_law, "drs", 3, seed=1, labels=None)
    frames = np.array(list(walking.loop(exported, of_law, through, 100)))
    assert frames.shape == (100, 1, 16, 16, 1)
    np.testing.assert_array_equal(frames[[0, 33, 66]], through.samples[0][:, None])
    steps = np.abs(np.diff(frames, axis=0, append=frames[:1])).max(axis=(1, 2, 3, 4))
    whole_way = np.abs(through.samples[0] - through.samples[0][[1, 2, 0]]).max()
    assert steps.max() < 0.2 * whole_way


def test_walks_of_classes_go_side_by_side_through_the_samples_of_their_labels(walkable):
    exported = walkable("cgan")
    of_law = walking.latent_law(exported)
    through = walking.keys(exported, of_law, "drs", 3, seed=2, labels=np.array([7, 3]))
    drawn = exported.draw("drs", 6, seed=2, labels=np.array([7, 3]))
    np.testing.assert_array_equal(through.samples, drawn["samples"].reshape(3, 2, 16, 16, 1).swapaxes(0, 1))
    frames = np.array(list(walking.loop(exported, of_law, through, 7)))
    np.testing.assert_array_equal(frames[[0, 2, 4]], through.samples.swapaxes(0, 1))
    own = np.repeat([7, 3], 3)
    made = exported.in_batches("serving_default", latents=through.latents.reshape(6, -1), labels=own)["samples"]
    np.testing.assert_allclose(made, through.samples.reshape(made.shape), atol=1e-5)


def test_the_walk_of_each_class_keeps_a_category_of_its_own(walkable):
    """The classes' first samples have other categories here."""
    exported = walkable("cgan", 4)
    through = walking.keys(exported, walking.latent_law(exported), "drs", 3, seed=2, labels=np.array([7, 3]))
    chosen = [set(LatentCategory(4)(latents)[:, 2:].numpy().argmax(axis=1)) for latents in through.latents]
    assert [len(of_class) for of_class in chosen] == [1, 1]
    assert chosen[0] != chosen[1]
    made = exported.in_batches("serving_default", latents=through.latents.reshape(6, -1), labels=np.repeat([7, 3], 3))
    np.testing.assert_allclose(made["samples"], through.samples.reshape(made["samples"].shape), atol=1e-5)


def test_a_plane_has_its_four_samples_in_the_corners(walkable):
    exported = walkable("gan")
    of_law = walking.latent_law(exported)
    through = walking.keys(exported, of_law, "drs", 4, seed=1, labels=None)
    plane = walking.plane(exported, of_law, through, 3, 5)
    assert plane.shape == (3, 5, 16, 16, 1)
    np.testing.assert_array_equal(plane[[0, 0, 2, 2], [0, 4, 0, 4]], through.samples[0])
    top = of_law.between(*through.latents[0, :2], np.linspace(0, 1, 5))
    made = exported.in_batches("serving_default", latents=top)["samples"]
    np.testing.assert_allclose(plane[0], made, atol=1e-5)


def test_a_model_with_categories_walks_in_the_category_of_its_first_sample(walkable, tmp_path):
    """The export says how many categories there are; an older one says so in its run's config alone."""
    exported = walkable("gan", 4)
    of_law = walking.latent_law(exported)
    through = walking.keys(exported, of_law, "generate", 4, seed=0, labels=None)
    rows = exported.call("propose_inputs", {"num_samples": through.num_samples, "seed": (0, 0)})["latents"]
    chosen = LatentCategory(4)(rows)[:, 2:].numpy().argmax(axis=1)
    np.testing.assert_array_equal(through.rows[0], np.flatnonzero(chosen == chosen[0])[:4])
    assert len(set(chosen[: through.rows[0][-1]])) > 1
    with pytest.raises(GanzooError, match=r"of 2000 samples have it: 1500 are needed. Give another --seed"):
        walking.keys(exported, of_law, "generate", 1500, seed=0, labels=None)
    older = shutil.copytree(exported.path, tmp_path / "older")
    facts = json.loads((older / "assets/config.json").read_text())
    assert facts.pop("latent_categories") == 4
    facts["config"] = {"model": {"latent_categories": 4}}
    (older / "assets/config.json").write_text(json.dumps(facts))
    assert walking.latent_law(Exported(older)).categories == 4


def test_what_cannot_be_walked_through_is_said(walkable, tmp_path):
    exported = walkable("gan")
    of_law = walking.latent_law(exported)
    asked = dict(seed=0, labels=None)
    with pytest.raises(GanzooError, match="'drs_png' returns acceptance_rate, image_bytes, .*walk by drs instead"):
        walking.keys(exported, of_law, "drs_png", 2, **asked)
    with pytest.raises(GanzooError, match="no signature 'drss'"):
        walking.keys(exported, of_law, "drss", 2, **asked)
    with pytest.raises(GanzooError, match="by 'mh' are not among the seed's proposals: walk through samples of gen"):
        walking.keys(exported, of_law, "mh", 2, **asked)
    with pytest.raises(GanzooError, match="2001 samples for each of 1 walks are more than a request allows: 2000"):
        walking.keys(exported, of_law, "drs", 2001, **asked)
    draws = {"samples": exported.draw("drs", 2, seed=7)["samples"] + 1}
    with pytest.raises(GanzooError, match="by 'mine' are not among the seed's proposals: walk through samples of gen"):
        walking._latents_of(exported, "mine", draws, 2000, 7, None)
    many = {"samples": draws["samples"], "num_proposed": np.int32(2001)}
    with pytest.raises(GanzooError, match="drs made 2001 proposals, and this export gives the latents of 2000"):
        walking._latents_of(exported, "drs", many, 2000, 7, None)
    with pytest.raises(GanzooError, match="3 frames cannot show 4 samples: give at least 4"):
        list(walking.loop(exported, of_law, walking.keys(exported, of_law, "drs", 4, **asked), 3))
    saved_model.export(tiny_sampler("gan"), tmp_path, ratio=None, sampling=LARGER)
    with pytest.raises(GanzooError, match="exported without a density ratio, and does not give the latents"):
        walking.latent_law(Exported(tmp_path))
