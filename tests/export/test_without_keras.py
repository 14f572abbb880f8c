"""Exports in a process that has TensorFlow alone: `sys.modules["keras"] = None`. It is begun once for all of them."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.export.test_translation_signatures import OUTPUTS, of_model, pictures

CODE = """
import sys
sys.modules["keras"] = None
import numpy as np, tensorflow as tf
folder, sampler, *translators = sys.argv[1:]

s = tf.saved_model.load(sampler).signatures
i = lambda *v: tf.constant(v if len(v) > 1 else v[0])
latents = tf.zeros([2, 3])
assert s["serving_default"](latents=latents)["samples"].shape == (2, 16, 16, 1)
assert s["score"](samples=tf.zeros([2, 16, 16, 1]))["log_ratio"].shape == (2,)
assert s["propose"](latents=latents, uniforms=tf.zeros([2]))["accepted"].numpy().all()
for name, more in (("obrs", dict(budget=i(2.0))), ("mh", dict(chain_length=i(20)))):
    one, same, other = (s[name](num_samples=i(9), seed=i(1, seed), **more)["samples"] for seed in (2, 2, 3))
    assert one.shape == (9, 16, 16, 1) and np.array_equal(one, same) and not np.array_equal(one, other)
draws = [s["drs"](num_samples=i(9), seed=i(1, seed), gamma_percentile=i(50.0)) for seed in (2, 2, 3)]
assert np.array_equal(draws[0]["samples"], draws[1]["samples"])
assert not np.array_equal(draws[0]["samples"], draws[2]["samples"])
png = s["drs_png"](num_samples=i(9), seed=i(1, 2), gamma_percentile=i(50.0))["image_bytes"]
pixels = np.stack([tf.io.decode_png(p) for p in png.numpy()])
assert np.abs(pixels - (draws[0]["samples"].numpy() + 1) * 127.5).max() <= 0.5001
np.save(f"{folder}/generated.npy", s["generate"](num_samples=i(5), seed=i(4, 0))["samples"])

images = tf.constant(np.load(f"{folder}/images.npy"))
more = dict(seed=tf.constant([1, 2]), domains=tf.constant([0, 1], tf.int64), gamma_percentile=tf.constant(50.0))
more |= dict(images=images, inputs=images)
more["image_bytes"] = tf.stack([tf.io.encode_png(tf.zeros([16, 16, 1], tf.uint8))] * 2)
ran = 0
for number, path in enumerate(translators):
    for signature, function in tf.saved_model.load(path).signatures.items():
        outputs = function(**{key: more[key] for key in function.structured_input_signature[1]})
        assert all(len(output) == 2 for output in outputs.values() if output.shape.rank), (path, signature)
        if signature == "serving_default":
            np.save(f"{folder}/{number}.npy", outputs["images"])
        ran += 1
print(ran)
"""


@pytest.fixture(scope="module")
def ran(exports, tmp_path_factory):
    """The folder with what every signature gave that has an expectation here, and the finished process."""
    folder = tmp_path_factory.mktemp("without_keras")
    np.save(folder / "images.npy", pictures(2))
    versions = [exports[name][1] / "1" for name in ("gan", *OUTPUTS)]
    done = subprocess.run([sys.executable, "-c", CODE, folder, *versions], capture_output=True, text=True, check=False)
    return folder, done


def test_every_signature_runs(ran):
    done = ran[1]
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) == sum(map(len, OUTPUTS.values()))


def test_samples_are_the_models(ran, exports):
    found = np.load(ran[0] / "generated.npy")
    np.testing.assert_allclose(found, exports["gan"][0].sample(5, seed=4), atol=1e-6)


@pytest.mark.parametrize("number, name", enumerate(OUTPUTS))
def test_translations_are_the_models(ran, exports, number, name):
    expected = of_model(exports[name][0], name, "serving_default", tf.constant(pictures(2)))
    np.testing.assert_allclose(np.load(ran[0] / f"{number}.npy"), expected, atol=1e-5)
