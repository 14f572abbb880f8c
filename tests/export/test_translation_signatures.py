"""The contract of a translator's export: pictures in, pictures out, arrays or files, and what is refused."""

import io
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ganzoo.errors import GanzooError
from ganzoo.export import saved_model
from ganzoo.export.saved_model import Servable
from ganzoo.serving.exported import Exported
from tests.conftest import tiny_translator
from tests.exports import TRANSLATING as SAMPLING
from tests.exports import operations_of

OUTPUTS = {
    "pix2pix": {
        "serving_default": {"images"},
        "translate": {"images"},
        "translate_png": {"image_bytes"},
        "drs": {"images", "rows", "log_ratio", "num_proposed", "acceptance_rate"},
        "score": {"logits"},
    },
    "cyclegan": {
        **{name: {"images"} for name in ("serving_default", "a_to_b", "b_to_a", "cycle_a", "cycle_b")},
        **{f"{name}_png": {"image_bytes"} for name in ("a_to_b", "b_to_a", "cycle_a", "cycle_b")},
        "score": {"logits_a", "logits_b"},
    },
    "cut": {
        "serving_default": {"images"},
        "translate": {"images"},
        "translate_png": {"image_bytes"},
        "score": {"logits"},
    },
    "stargan": {
        "serving_default": {"images"},
        "translate": {"images"},
        "translate_png": {"image_bytes"},
        "score": {"logits", "domain_probabilities"},
    },
}
PICTURES = ("float32", [None, None, None, 1])
FILES, SEED, DOMAINS = ("string", [None]), ("int32", [2]), ("int64", [None])
INPUTS = {
    ("pix2pix", "serving_default"): dict(images=PICTURES),
    ("pix2pix", "translate"): dict(images=PICTURES, seed=SEED),
    ("pix2pix", "translate_png"): dict(image_bytes=FILES, seed=SEED),
    ("pix2pix", "drs"): dict(images=PICTURES, seed=SEED, gamma_percentile=("float32", [])),
    ("pix2pix", "score"): dict(inputs=PICTURES, images=PICTURES),
    ("cyclegan", "serving_default"): dict(images=PICTURES),
    ("cyclegan", "cycle_b"): dict(images=PICTURES),
    ("cyclegan", "b_to_a_png"): dict(image_bytes=FILES),
    ("cyclegan", "score"): dict(images=PICTURES),
    ("cut", "translate"): dict(images=PICTURES),
    ("cut", "translate_png"): dict(image_bytes=FILES),
    ("cut", "score"): dict(images=PICTURES),
    ("stargan", "translate"): dict(images=PICTURES, domains=DOMAINS),
    ("stargan", "translate_png"): dict(image_bytes=FILES, domains=DOMAINS),
    ("stargan", "score"): dict(images=("float32", [None, 16, 16, 1])),
}


@pytest.fixture(scope="module")
def translators(exports, loaded):
    """Tiny models, their versions' folders and what was loaded of them, by name."""
    return {name: (exports[name][0], str(loaded(name).path), loaded(name)) for name in OUTPUTS}


def pictures(rows, height=16, width=16, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (rows, height, width, 1)).astype(np.float32)


def ints(*values):
    return tf.constant(values, tf.int64)


def call(translators, name, signature, **inputs):
    return translators[name][2].signatures[signature](
        **{key: tf.convert_to_tensor(value) for key, value in inputs.items()}
    )


def of_model(model, name, signature, images):
    """What the Python model makes of the pictures by itself."""
    if name == "pix2pix":
        return model.translate(images, tf.constant([1, 2] if signature == "translate" else [0, 0]))
    if name == "cut":
        return model.generator(images)
    if name == "stargan":
        return model.translate(images, ints(*np.arange(len(images)) % 3))
    there, back = (model.b_to_a, model.a_to_b) if signature in ("b_to_a", "cycle_b") else (model.a_to_b, model.b_to_a)
    return back(there(images)) if signature.startswith("cycle") else there(images)


def given(name, signature, rows):
    """The inputs beside the pictures that `of_model` has."""
    if name == "stargan":
        return dict(domains=ints(*np.arange(rows) % 3))
    return dict(seed=tf.constant([1, 2])) if (name, signature) == ("pix2pix", "translate") else {}


TRANSLATING = [
    (name, signature)
    for name, signatures in OUTPUTS.items()
    for signature, outputs in signatures.items()
    if outputs == {"images"}
]


def test_outputs_are_the_contracts(translators):
    for name, expected in OUTPUTS.items():
        signatures = translators[name][2].signatures
        assert {signature: set(s.structured_outputs) for signature, s in signatures.items()} == expected


def test_inputs_are_the_contracts(translators):
    """Names, dtypes and shapes: any number of pictures of any size, but for a critic that knows one size alone."""
    for (name, signature), inputs in INPUTS.items():
        specs = translators[name][2].signatures[signature].structured_input_signature[1]
        assert {key: (spec.dtype.name, spec.shape.as_list()) for key, spec in specs.items()} == inputs


@pytest.mark.parametrize("shape", [(1, 16, 16), (5, 16, 16), (3, 8, 20)])
@pytest.mark.parametrize("name, signature", TRANSLATING)
def test_a_signature_gives_what_the_model_does(translators, name, signature, shape):
    """In batches of any size, of pictures of other sizes than trained on."""
    images = pictures(*shape)
    translated = call(translators, name, signature, images=images, **given(name, signature, shape[0]))["images"]
    assert translated.shape == images.shape
    np.testing.assert_allclose(
        translated, of_model(translators[name][0], name, signature, tf.constant(images)), atol=1e-5
    )


@pytest.mark.parametrize(("name", "generators", "discriminators"), [("cut", 1, 1), ("pix2pix", 4, 2)])
def test_signatures_share_their_networks(translators, name, generators, discriminators):
    """`cut` translates by three signatures of one function. Each of `pix2pix`'s functions takes other inputs; its `drs`
    has a generator and a discriminator for the burn-in and the rejection together."""
    model, path, _ = translators[name]
    times = {model.generator: generators, model.discriminator: discriminators}
    expected = sum(count * sum("kernel" in weight.name for weight in of.weights) for of, count in times.items())
    assert operations_of(path, "Conv2D") == expected


def test_directions_and_what_a_request_may_ask_for_are_told(translators):
    """config.json is all that a client needs to know."""
    for name, expected in {
        "pix2pix": {"translate": {"sources": [0], "target": 1}},
        "cyclegan": {"a_to_b": {"sources": [0], "target": 1}, "b_to_a": {"sources": [1], "target": 0}},
        "cut": {"translate": {"sources": [0], "target": 1}},
        "stargan": {f"to_{k}": {"sources": [j for j in range(3) if j != k], "target": k} for k in range(3)},
    }.items():
        facts = Exported.describe(translators[name][1])
        assert facts["directions"] == expected
        assert (facts["name"], facts["image_shape"], facts["sampling"], facts["step"]) == (
            name,
            [16, 16, 1],
            SAMPLING,
            7,
        )


def test_scores_are_the_discriminators(translators):
    """Of patches the mean; of stargan's domains probabilities."""
    images, others = tf.constant(pictures(4)), tf.constant(pictures(4, seed=1))
    model = translators["pix2pix"][0]
    logits = tf.reduce_mean(model.discriminator([images, others]), [1, 2])
    np.testing.assert_allclose(
        call(translators, "pix2pix", "score", inputs=images, images=others)["logits"], logits, 1e-4
    )
    model = translators["cyclegan"][0]
    scores = call(translators, "cyclegan", "score", images=images)
    for domain, critic in (("a", model.discriminator_a), ("b", model.discriminator_b)):
        np.testing.assert_allclose(scores[f"logits_{domain}"], tf.reduce_mean(critic(images), [1, 2]), 1e-4)
    logits = tf.reduce_mean(translators["cut"][0].discriminator(images), [1, 2])
    np.testing.assert_allclose(call(translators, "cut", "score", images=images)["logits"], logits, 1e-4)
    source, domain = translators["stargan"][0].discriminator(images)
    scores = call(translators, "stargan", "score", images=images)
    np.testing.assert_allclose(scores["logits"], tf.reduce_mean(source, [1, 2]), 1e-4)
    np.testing.assert_allclose(scores["domain_probabilities"], tf.nn.softmax(domain), 1e-4)


@pytest.mark.parametrize("percentile", [0.0, 80.0, 100.0])
def test_rejection_answers_each_picture_in_their_order(translators, percentile):
    """Each accepted one is a translation of its own input: its score against that input is the log ratio told. Another
    seed draws others."""
    images = pictures(5)
    request = dict(images=images, gamma_percentile=np.float32(percentile))
    one, same, other = (call(translators, "pix2pix", "drs", seed=[3, seed], **request) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one["rows"], np.arange(5))
    np.testing.assert_array_equal(one["images"], same["images"])
    assert np.abs(one["images"] - other["images"]).max() > 1e-4
    scores = call(translators, "pix2pix", "score", inputs=images, images=one["images"])["logits"]
    np.testing.assert_allclose(scores, one["log_ratio"], atol=1e-5)
    assert 5 <= one["num_proposed"] <= 500


def test_rejection_prefers_what_the_discriminator_does(translators):
    """At the top percentile, over 8 seeds and 6 inputs, the mean log ratio is above that of plain translations."""
    images, plain, accepted = pictures(6), [], []
    for seed in range(8):
        translated = call(translators, "pix2pix", "translate", images=images, seed=[4, seed])["images"]
        plain.append(call(translators, "pix2pix", "score", inputs=images, images=translated)["logits"])
        request = dict(images=images, seed=[4, seed], gamma_percentile=np.float32(100.0))
        accepted.append(call(translators, "pix2pix", "drs", **request)["log_ratio"])
    accepted = np.concatenate(accepted)  # a picture may have no accepted candidate
    assert np.mean(accepted) > np.mean(plain) + np.std(plain, axis=0).mean() / 2


WITH_NAN = pictures(2)
WITH_NAN[1, 3, 3] = np.nan
ONE = pictures(1)
SIDES = "height and width must be multiples of 4, {} to 32, got"


@pytest.mark.parametrize(
    ("name", "signature", "inputs", "said"),
    [
        ("pix2pix", "serving_default", dict(images=pictures(1, 16, 18)), SIDES.format(4)),
        ("pix2pix", "serving_default", dict(images=pictures(1, 16, 36)), SIDES.format(4)),
        ("pix2pix", "serving_default", dict(images=pictures(1, 16, 0)), SIDES.format(4)),
        ("cyclegan", "a_to_b", dict(images=pictures(1, 18, 16)), SIDES.format(8)),
        ("cyclegan", "b_to_a", dict(images=pictures(1, 4, 16)), SIDES.format(8)),
        ("cyclegan", "cycle_a", dict(images=pictures(1, 36, 16)), SIDES.format(8)),
        ("stargan", "translate", dict(images=pictures(1, 16, 22), domains=ints(0)), SIDES.format(8)),
        ("stargan", "translate", dict(images=pictures(1, 4, 4), domains=ints(0)), SIDES.format(8)),
        ("cyclegan", "a_to_b", dict(images=pictures(0)), "the number of images must be in 1 .. 6"),
        ("cyclegan", "a_to_b", dict(images=pictures(7)), "the number of images must be in 1 .. 6"),
        ("cyclegan", "a_to_b", dict(images=pictures(6, 32, 32)), "pixels of all images together must be in 0 .. 5120"),
        ("cyclegan", "a_to_b", dict(images=np.full((1, 16, 16, 1), 3e38, np.float32)), "images would not be finite"),
        ("stargan", "score", dict(images=pictures(7)), "the number of images must be in 1 .. 6"),
        ("cyclegan", "b_to_a", dict(images=WITH_NAN), "images must be finite numbers"),
        ("cyclegan", "score", dict(images=WITH_NAN), "images must be finite numbers"),
        ("pix2pix", "score", dict(inputs=WITH_NAN, images=WITH_NAN), "inputs must be finite numbers"),
        ("pix2pix", "score", dict(inputs=ONE, images=pictures(2)), "inputs and images must have the same shape"),
        ("pix2pix", "score", dict(inputs=ONE, images=pictures(1, 8, 8)), "inputs and images must have the same shape"),
        (
            "pix2pix",
            "drs",
            dict(images=ONE, seed=[0, 0], gamma_percentile=100.5),
            "gamma_percentile must be in 0 .. 100",
        ),
        (
            "pix2pix",
            "drs",
            dict(images=ONE, seed=[0, 0], gamma_percentile=-1.0),
            "gamma_percentile must be in 0 .. 100",
        ),
        (
            "pix2pix",
            "drs",
            dict(images=ONE, seed=[0, 0], gamma_percentile=np.float32(np.nan)),
            "gamma_percentile must be",
        ),
        (
            "pix2pix",
            "drs",
            dict(images=pictures(7), seed=[0, 0], gamma_percentile=80.0),
            "the number of images must be",
        ),
        ("pix2pix", "drs", dict(images=pictures(1, 18, 16), seed=[0, 0], gamma_percentile=80.0), SIDES.format(8)),
        ("stargan", "translate", dict(images=ONE, domains=ints(3)), "domains must be in 0 .. 2"),
        ("stargan", "translate", dict(images=ONE, domains=ints(-1)), "domains must be in 0 .. 2"),
        ("stargan", "translate", dict(images=ONE, domains=ints(0, 1)), "there must be a domain for each of"),
        ("cut", "translate", dict(images=pictures(1, 18, 16)), SIDES.format(8)),
        ("cut", "translate", dict(images=WITH_NAN), "images must be finite numbers"),
        ("stargan", "translate", dict(images=pictures(2), domains=ints(0)), "there must be a domain for each of"),
    ],
)
def test_bad_inputs_are_told_what_was_wrong(translators, name, signature, inputs, said):
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        call(translators, name, signature, **inputs)


def encoded(size, format, mode="L", seed=0):
    """A file's bytes, of a picture of (width, height) that JPEG changes little."""
    ramp = np.linspace(20, 230, size[0] * size[1]).reshape(size[::-1])
    file = io.BytesIO()
    Image.fromarray(np.roll(ramp, seed, 1).astype(np.uint8)).convert(mode).save(file, format)
    return file.getvalue()


MIXED = [((16, 16), "PNG", "L"), ((24, 8), "JPEG", "L"), ((12, 32), "PNG", "RGB"), ((20, 16), "JPEG", "RGB")]


@pytest.mark.parametrize(
    ("name", "signature"),
    [("pix2pix", "translate"), ("cyclegan", "b_to_a"), ("cyclegan", "cycle_a"), ("stargan", "translate")],
)
def test_files_go_in_and_pngs_come_out(translators, name, signature):
    """PNG and JPEG of four sizes, grey and RGB, in one request: each comes back as a PNG of its own size, equal to what
    the signature of arrays gives for it alone (pix2pix with the noise of its row), rounded to 8 bits."""
    files = [encoded(*what) for what in MIXED]
    more = given(name, signature, len(files))
    answers = call(translators, name, f"{signature}_png", image_bytes=files, **more)["image_bytes"].numpy()
    for row, (content, answer, (size, _, _)) in enumerate(zip(files, answers, MIXED, strict=True)):
        returned = Image.open(io.BytesIO(answer))
        assert (returned.format, returned.mode, returned.size) == ("PNG", "L", size)
        image = tf.cast(tf.io.decode_image(content, 1), tf.float32)[None] / 127.5 - 1
        if name == "pix2pix":
            translated = translators[name][0].translate(image, more["seed"], row)[0, :, :, 0]
        else:
            alone = {key: value[row : row + 1] for key, value in more.items()}
            translated = call(translators, name, signature, images=image, **alone)["images"][0, :, :, 0]
        np.testing.assert_allclose(np.asarray(returned), np.round((translated + 1) * 127.5), atol=1)
        assert np.abs(np.asarray(returned) - (translated + 1) * 127.5).max() <= 0.51


def test_a_file_has_the_noise_of_its_row_like_an_array(translators):
    """Five times the same picture: `translate_png` and `translate` agree in every row, and no two rows are alike."""
    file = encoded((16, 16), "PNG")
    images = tf.repeat(tf.cast(tf.io.decode_png(file), tf.float32)[None] / 127.5 - 1, 5, axis=0)
    translated = call(translators, "pix2pix", "translate", images=images, seed=[1, 2])["images"]
    answers = call(translators, "pix2pix", "translate_png", image_bytes=[file] * 5, seed=[1, 2])["image_bytes"]
    returned = np.stack([tf.io.decode_png(answer) for answer in answers.numpy()])
    assert np.abs(returned - (translated + 1) * 127.5).max() <= 0.51
    assert len(np.unique(translated, axis=0)) == 5


GOOD = encoded((16, 16), "PNG")
ROW = r"\[row\] \[{}\]"


@pytest.mark.parametrize(
    ("name", "signature", "inputs", "said"),
    [
        ("cyclegan", "a_to_b_png", dict(image_bytes=[b"not a picture"]), f"{ROW.format(0)}.*neither a PNG nor"),
        ("cyclegan", "a_to_b_png", dict(image_bytes=[b""]), "neither a PNG nor a JPEG"),
        ("cyclegan", "a_to_b_png", dict(image_bytes=[GOOD, GOOD[:60]]), f"{ROW.format(1)}.*is cut short"),
        ("cyclegan", "a_to_b_png", dict(image_bytes=[GOOD + bytes(2_000_000)]), "has more than 1056768 bytes"),
        (
            "cyclegan",
            "a_to_b_png",
            dict(image_bytes=[GOOD, encoded((18, 16), "PNG")]),
            ROW.format(1) + ".*" + SIDES.format(8),
        ),
        ("cyclegan", "cycle_b_png", dict(image_bytes=[encoded((36, 16), "JPEG")]), SIDES.format(8)),
        ("cyclegan", "b_to_a_png", dict(image_bytes=[GOOD] * 7), "the number of images must be in 1 .. 6"),
        (
            "cyclegan",
            "b_to_a_png",
            dict(image_bytes=tf.zeros([0], tf.string)),
            "the number of images must be in 1 .. 6",
        ),
        ("pix2pix", "translate_png", dict(image_bytes=[b"\x89PNG", GOOD], seed=[0, 0]), "neither a PNG nor a JPEG"),
        (
            "stargan",
            "translate_png",
            dict(image_bytes=[GOOD], domains=ints(0, 1)),
            "there must be a domain for each of",
        ),
        (
            "stargan",
            "translate_png",
            dict(image_bytes=[GOOD, GOOD], domains=ints(0)),
            "there must be a domain for each",
        ),
        ("stargan", "translate_png", dict(image_bytes=[GOOD], domains=ints(3)), "domains must be in 0 .. 2"),
    ],
)
def test_bad_files_are_told_what_was_wrong(translators, name, signature, inputs, said):
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        call(translators, name, signature, **inputs)


def test_many_pictures_are_translated_in_requests_that_the_export_takes(translators):
    """Fourteen by an export that takes six at a time; arguments that it needs are asked for."""
    images = pictures(14)
    exported = translators["cyclegan"][2]
    together = exported.translate("a_to_b", images)
    np.testing.assert_allclose(together, translators["cyclegan"][0].a_to_b(images), atol=1e-5)
    starred = translators["stargan"][2]
    translated = starred.translate("translate", images, domains=np.arange(14) % 3)
    np.testing.assert_allclose(
        translated, of_model(translators["stargan"][0], "stargan", "", tf.constant(images)), atol=1e-5
    )
    assert translators["pix2pix"][2].translate("drs", images, seed=3).shape == images.shape
    for ask, said in (
        (lambda: exported.translate("b_to_c", images), "no signature 'b_to_c'.*There are: a_to_b, a_to_b_png"),
        (lambda: exported.translate("a_to_b_png", images), "takes no pictures: its inputs are image_bytes"),
        (lambda: exported.translate("a_to_b", images, domains=np.zeros(14)), "'a_to_b' knows no domains"),
        (lambda: starred.translate("translate", images), "'translate' needs the domain to translate to"),
        (lambda: exported.translate("a_to_b", pictures(2, 18, 16)), "multiples of 4, 8 to 32"),
    ):
        with pytest.raises(GanzooError, match=said):
            ask()


def test_sizes_that_the_discriminators_cannot_take_are_refused(tmp_path):
    """The translators take 8 x 8 pixels; critics of two strided layers need 12, and `score` says so. Only these two
    signatures are exported."""
    critic = dict(width=4, layers=2, norm="instance")
    whole = saved_model.servable_translator(tiny_translator("cyclegan", discriminator=critic), sampling=SAMPLING)
    two = {name: whole.signatures[name] for name in ("a_to_b", "score")}
    signatures = tf.saved_model.load(saved_model.write(Servable(two, whole.facts), tmp_path)).signatures
    small = tf.constant(pictures(1, 8, 8))
    assert signatures["a_to_b"](images=small)["images"].shape == (1, 8, 8, 1)
    assert np.isfinite(signatures["score"](images=tf.constant(pictures(1, 12, 12)))["logits_a"]).all()
    with pytest.raises(tf.errors.InvalidArgumentError, match="12 to 32"):
        signatures["score"](images=small)


def test_the_description_is_json(translators):
    for _, path, _ in translators.values():
        with open(f"{path}/assets/config.json") as file:
            assert json.load(file)["step"] == 7
