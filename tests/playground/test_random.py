"""The page's random numbers in Node, held against published vectors and against ganzoo/noise.py."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from ganzoo import noise
from tests.exports import tiny_sampler

# Salmon et al.'s own known answers for philox4x32-10: counter, key, numbers (kat_vectors of Random123).
KNOWN = [
    ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]
SEEDS = [[1, 0], [0, 0], [-7, 3], [2**31 - 1, -(2**31)]]


def test_philox_gives_the_published_numbers(javascript):
    code = """import { philox } from "./random.js";
    console.log(JSON.stringify(values.known.map(([counter, key]) => philox(counter, key))));"""
    assert javascript(code, known=KNOWN) == [numbers for *_, numbers in KNOWN]


def test_golden_numbers_hold_in_both_languages(javascript):
    """Stored once, so that neither language can drift together with the other."""
    golden = json.loads((Path(__file__).parents[1] / "golden" / "noise.json").read_text())
    code = """import { foldIn, normals, uniforms } from "./random.js";
    console.log(JSON.stringify({ folded: foldIn([1, 0], 30),
      uniforms: Array.from(uniforms([1, 0], 2, 4)), normals: Array.from(normals([1, 0], 2, 4)) }));"""
    seed = tf.constant([1, 0])
    of_python = {
        "folded": noise.fold_in(seed, noise.Purpose.ACCEPTANCES),
        "uniforms": noise.uniforms(seed, 2, 4),
        "normals": noise.normal(seed, 2, 4),
    }
    for numbers in (javascript(code), {key: np.ravel(value) for key, value in of_python.items()}):
        assert list(numbers["folded"]) == golden["folded"]
        np.testing.assert_array_equal(np.float32(numbers["uniforms"]), np.float32(golden["uniforms"]))
        np.testing.assert_allclose(numbers["normals"], golden["normals"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_streams_are_those_of_tensorflow(javascript, seed):
    """Seeds folded twice and uniform numbers bit for bit, normal numbers to 1e-6, from any row on, in any dimension."""
    code = """import * as random from "./random.js";
    const folded = random.foldIn(random.foldIn(values.seed, 30), 4000000000);
    const at = (draw) => values.places.map(([rows, dim, first]) => Array.from(draw(values.seed, rows, dim, first)));
    console.log(JSON.stringify({ folded, uniforms: at(random.uniforms), normals: at(random.normals) }));"""
    places = [(500, 16, 0), (3, 1, 7), (5, 6, 2**31 - 9)]
    found = javascript(code, seed=seed, places=places)
    again = noise.fold_in(tf.constant(seed), 30, tf.constant(4000000000, tf.int64))
    assert found["folded"] == again.numpy().tolist()
    for (rows, dim, first), uniforms, normals in zip(places, found["uniforms"], found["normals"], strict=True):
        expected = noise.uniforms(tf.constant(seed), rows, dim, first_row=first).numpy()
        np.testing.assert_array_equal(np.float32(uniforms).reshape(rows, dim), expected)
        expected = noise.normal(tf.constant(seed), rows, dim, first_row=first).numpy()
        np.testing.assert_allclose(np.float32(normals).reshape(rows, dim), expected, rtol=0, atol=1e-6)


def test_the_purposes_have_the_numbers_of_the_enum(javascript):
    code = """import * as random from "./random.js"; console.log(JSON.stringify({ ...random }));"""
    found = javascript(code)
    assert found == {name: int(noise.Purpose[name]) for name in found}
    assert "ACCEPTANCES" in found


def test_erf_is_exact_to_a_float32(javascript):
    values = np.linspace(-7, 7, 2001).tolist()
    code = """import { erf } from "./latents.js"; console.log(JSON.stringify(values.x.map(erf)));"""
    np.testing.assert_allclose(javascript(code, x=values), special.erf(values), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name, distribution", [("gan", "normal"), ("dcgan", "uniform"), ("infogan", "codes")])
def test_latents_are_the_models(javascript, name, distribution):
    model = tiny_sampler(name)
    categories, continuous = model.codes or (0, 0)
    latents = dict(dim=model.latent_dim, distribution=distribution, categories=categories, continuous=continuous)
    code = """import { latentsOf } from "./latents.js";
    console.log(JSON.stringify(Array.from(latentsOf(values.latents, [5, 1], 11, 300))));"""
    found = np.float32(javascript(code, latents=latents)).reshape(300, -1)
    expected = model.latents(tf.constant([5, 1]), 300, first_row=11).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_latents_with_chosen_codes_are_those_of_the_signature(javascript):
    model = tiny_sampler("infogan")
    categories, continuous = model.codes
    latents = dict(dim=model.latent_dim, distribution="codes", categories=categories, continuous=continuous)
    codes = dict(category=3, continuous=[0.5] * continuous)
    code = """import { latentsWithCodes } from "./latents.js";
    console.log(JSON.stringify(Array.from(latentsWithCodes(values.latents, [5, 1], 0, 20, values.codes))));"""
    found = np.float32(javascript(code, latents=latents, codes=codes)).reshape(20, -1)
    expected = model.latents_of(tf.constant([5, 1]), tf.fill([20], 3), tf.fill([20, continuous], 0.5)).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
