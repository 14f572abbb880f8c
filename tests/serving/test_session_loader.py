"""The export in a v1 Session, which is how TensorFlow Serving runs it: the bits of eager calls and of the model."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from ganzoo.bases.generative import with_labels
from ganzoo.networks.layers.basic import exporting
from ganzoo.sampling.proposals import generate
from ganzoo.serving.stand_in.models import servable
from tests.exports import SAMPLERS, SAMPLING, TRANSLATING, TRANSLATORS
from tests.serving.valid_requests import ROWS, valid_request


@pytest.fixture(scope="module")
def served(request, exports, loaded):
    """The model, its eager signatures, and a Session's `run(signature, inputs) -> outputs`."""
    model, folder = exports[request.param]
    version = servable(folder / "1")

    def run(name, inputs):
        definition = version.signatures[name]
        feed = {definition.inputs[key].name: value for key, value in inputs.items()}
        return version.session.run({key: info.name for key, info in definition.outputs.items()}, feed)

    return model, loaded(request.param).signatures, run


def tensors(inputs):
    return {name: tf.constant(value) for name, value in inputs.items()}


def assert_same_bits(expected, found, where):
    assert expected.keys() == found.keys(), where
    for key, value in expected.items():
        np.testing.assert_array_equal(value.numpy(), found[key], err_msg=f"{where}: {key}")


@pytest.mark.parametrize("served", SAMPLERS + TRANSLATORS, indirect=True)
def test_two_threads_in_a_session_get_the_bits_of_eager_calls(served):
    """Every signature; each thread has requests of its own, and the second goes through them backwards."""
    _, signatures, run = served
    asked = [[(name, valid_request(signatures[name], seed)) for name in signatures] for seed in (1, 2)]
    asked[1].reverse()
    expected = [[signatures[name](**tensors(inputs)) for name, inputs in requests] for requests in asked]
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda requests: [run(*request) for request in requests], asked))

    for requests, eager, found in zip(asked, expected, answers, strict=True):
        for (name, _), one, other in zip(requests, eager, found, strict=True):
            assert_same_bits(one, other, name)
    for (name, _), one, other in zip(asked[0], answers[0], answers[1][::-1], strict=True):
        assert any((one[key] != other[key]).any() for key in one), f"{name} answered both threads alike"


@pytest.mark.parametrize("served", SAMPLERS, indirect=True)
def test_a_session_gives_the_bits_of_the_model_that_samples(served):
    model, signatures, run = served
    request = valid_request(signatures["serving_default"])
    labels = [request["labels"]] if "labels" in request else []
    rows = tf.function(model, autograph=False)(with_labels(tf.constant(request["latents"]), *labels))
    assert_same_bits({"samples": rows}, run("serving_default", request), "serving_default")

    request = valid_request(signatures["generate"])
    labels = tf.constant(request["labels"]) if "labels" in request else None
    drawn = tf.function(
        lambda seed: generate(model.propose, ROWS, seed=seed, batch_size=SAMPLING["batch_size"], labels=labels),
        autograph=False,
    )(tf.constant(request["seed"]))
    assert_same_bits({"samples": drawn}, run("generate", request), "generate")


@pytest.mark.parametrize("served", TRANSLATORS, indirect=True)
def test_a_session_gives_the_bits_of_the_model_that_translates(served):
    model, signatures, run = served
    for name, endpoint in model.endpoints(TRANSLATING).items():
        request = valid_request(signatures[name])
        names = ["images" if key == "fixed_images" else key for key in endpoint.inputs]
        specs = [signatures[name].structured_input_signature[1][key] for key in names]  # sides that no graph knows
        traced = tf.function(endpoint.function, autograph=False, input_signature=specs)
        with exporting():
            expected = traced(*(tf.constant(request[key]) for key in names))
        if name == "score":  # the mean over a discriminator's patches may be rounded in another order
            found = run(name, request)
            assert found.keys() == expected.keys()
            for key, value in expected.items():
                np.testing.assert_allclose(found[key], value, rtol=1e-6, err_msg=key)
        else:
            assert_same_bits(expected, run(name, request), name)
