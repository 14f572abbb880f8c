import doctest

import numpy as np
import pytest

import ganzoo
from ganzoo import noise, seeds
from ganzoo.errors import GanzooError
from ganzoo.export import saved_model
from ganzoo.serving.exported import Exported
from tests.conftest import TINY

BIG = [2**31, 2**32, 2**32 + 7, 2**40, 2**63 - 1, 2**63, 2**64 - 1, -(2**31) - 1, -(2**63), 10**30]


def test_two_seeds_never_have_the_same_words():
    """Of int32 the seed itself beside the request; 64 bits and more mixed, other ones for each request."""
    small = [0, 1, 7, -1, -7, 2**31 - 1, -(2**31)]
    found = [seeds.words(seed, request) for seed in small + BIG for request in range(20)]
    assert found[: 20 * len(small)] == [(seed, request) for seed in small for request in range(20)]
    assert len(set(found)) == len(found)
    assert np.abs(found).max() <= 2**31
    assert doctest.testmod(seeds).failed == 0


def test_numpys_generators_get_one_seed_for_each():
    numbers = [seeds.entropy(seed) for seed in [0, 7, -7, 2**32 + 7, -1, 2**64 - 1, *BIG]]
    assert min(numbers) >= 0
    assert len({np.random.default_rng(number).integers(2**63) for number in numbers}) == len(set(numbers))
    assert [seeds.uint32(seed) for seed in (0, 7, 2**32 - 1)] == [0, 7, 2**32 - 1]
    assert len({seeds.uint32(seed) for seed in BIG}) == len(BIG)


@pytest.mark.parametrize("seed", [1.5, "7", None, np.float32(1.0)])
def test_what_is_no_whole_number_is_refused(seed):
    for function in (seeds.words, seeds.entropy, seeds.uint32, seeds.stream):
        with pytest.raises(GanzooError, match="give a whole number"):
            function(seed)


def test_a_stream_of_words_beyond_int32_is_refused():
    for pair in ([2**32, 0], [0, -(2**31) - 1], [1, 2, 3], [0.5, 1.0]):
        with pytest.raises(GanzooError, match="or the two int32 of a stream"):
            seeds.stream(pair)
    np.testing.assert_array_equal(seeds.stream(np.int64([3, -4])), [3, -4])


def test_runs_of_big_seeds_have_their_own_roots():
    """A training's, a fit's and a burn-in's."""
    roots = {noise.root(seed, purpose) for seed in [0, 7, *BIG] for purpose in noise.Purpose}
    assert len(roots) == (2 + len(BIG)) * len(noise.Purpose)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    model = ganzoo.create("gan", image_shape=(2,), **TINY["points"])
    saved_model.export(model, folder, ratio=None)
    return model, Exported(folder)


def test_big_seeds_draw_other_samples_and_the_model_agrees_with_its_export(exported):
    """--seed 4294967296 used to give the samples of seed 0."""
    model, export = exported
    drawn = {seed: export.draw("generate", 3, seed=seed)["samples"] for seed in [0, 7, *BIG]}
    assert len({samples.tobytes() for samples in drawn.values()}) == len(drawn)
    for seed in (0, 2**32, -(2**63)):
        np.testing.assert_allclose(model.sample(3, seed=seed), drawn[seed], atol=1e-6)
    np.testing.assert_array_equal(drawn[7], export.call("generate", {"num_samples": 3, "seed": [7, 0]})["samples"])


@pytest.mark.parametrize(
    ("name", "value"), [("seed", [2**32, 0]), ("seed", np.int64([0, 2**31])), ("num_samples", 2**32 + 3)]
)
def test_a_request_beyond_int32_is_refused(exported, name, value):
    """It used to wrap: 2^32 + 3 samples were 3."""
    request = {"num_samples": 3, "seed": [0, 0]} | {name: value}
    with pytest.raises(GanzooError, match=f"{name} is .*, which is no int32"):
        exported[1].call("generate", request)


def test_a_model_trains_with_a_big_seed():
    """Its step draws other latents than those of the low 32 bits."""
    steps = []
    for seed in (2**32 + 1, 1):
        model = ganzoo.create("gan", image_shape=(2,), seed=seed, **TINY["points"])
        steps.append(model.step_seed(noise.Purpose.LATENTS, 0).numpy().tolist())
    assert steps[0] != steps[1]
    with pytest.raises(GanzooError, match="give a whole number"):
        ganzoo.create("gan", image_shape=(2,), seed=0.5, **TINY["points"])
