import io
import json

import keras
import numpy as np
import pytest

from benchmarks import workloads
from benchmarks.contenders import Training, ganzoo_fit, keras_examples, worker
from benchmarks.contenders.keras_examples import cyclegan, dcgan, wgan_gp
from benchmarks.workloads import WORKS
from ganzoo import models


def few_reals(work):
    """As `write_reals` writes them, twice a batch of five."""
    shape, rng = WORKS[work].images, np.random.default_rng(0)
    count = 10 * workloads.BATCH[work]
    if len(shape) == 1:
        return {"reals": rng.normal(size=(count, *shape)).astype(np.float32)}
    return {key: rng.integers(0, 256, (count, *shape), np.uint8) for key in ("ab" if work == "W4" else ["reals"])}


@pytest.fixture
def policy():
    """Contenders set the precision of their process."""
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("work", WORKS)
def test_the_examples_networks_are_ours(work):
    """Shapes of the trainable weights, network by network and in order, biases that norms replace left out alike."""
    ours = models.from_config(workloads.configured(work), WORKS[work].images)
    theirs = {"W1": wgan_gp.on_points, "W2": wgan_gp.on_digits, "W3": dcgan.on_digits, "W4": cyclegan.on_digits}
    theirs = theirs[work]()
    pairs = {"generator": "generator", "discriminator": "discriminator" if work == "W3" else "critic"}
    if work == "W4":
        pairs = dict(a_to_b="to_b", b_to_a="to_a", discriminator_a="judge_a", discriminator_b="judge_b")
    for own, other in pairs.items():
        shapes = [[tuple(weight.shape) for weight in getattr(model, name).trainable_variables]
                  for model, name in ((ours, own), (theirs, other))]  # fmt: skip
        assert shapes[0] == shapes[1]


@pytest.mark.parametrize("work", ["W1", "W3"])
def test_both_take_steps_and_count_their_work(work, policy):
    """The example's two passes through the generator, where ours needs one, and its penalty's zeros are work, too."""
    built = [contender.build(work, few_reals(work), "float32") for contender in (ganzoo_fit, keras_examples)]
    for training in built:
        training.run(training.steps_at_once)
    assert built[0].weights == built[1].weights
    ours, example = (training.flops() for training in built)
    assert 0 < ours <= example <= 2 * ours


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_the_precision_asked_for_is_trained_in(precision, policy):
    ganzoo_fit.build("W1", few_reals("W1"), precision)
    assert keras.config.dtype_policy().name == precision


def test_the_examples_take_as_many_steps_as_asked():
    """10 of one epoch and 2 of the next; the generator's optimizer counts."""
    model, given = wgan_gp.on_points(), wgan_gp.data(few_reals("W1")["reals"], workloads.BATCH["W1"])
    model.run_eagerly = True  # twelve steps do not repay tracing
    keras_examples.fit(model, 12, given)
    assert model.generator_optimizer.iterations == 12


@pytest.mark.parametrize(
    ("name", "work"),
    [*(("torch_eager", work) for work in WORKS), *(("torch_detached", work) for work in ("W1", "W2"))],
)
def test_pytorch_has_as_many_weights(name, work):
    contender = pytest.importorskip(f"benchmarks.contenders.{name}", exc_type=ImportError)
    training = contender.build(work, few_reals(work), "float32")
    training.run(1)
    ours = models.from_config(workloads.configured(work), WORKS[work].images)
    variables = [*ours.generator_variables, *ours.discriminator_variables]
    assert training.weights == sum(int(np.prod(variable.shape)) for variable in variables)


def test_a_contender_answers_line_by_line(tmp_path, monkeypatch):
    """The first step alone is timed apart, slices are whole calls, and at the end it tells its peak of memory."""
    np.savez(tmp_path / "reals.npz", reals=np.zeros((4, 2), np.float32))
    ran, built = [], []

    def build(work, arrays, precision):
        built.append((work, arrays["reals"].shape, precision))
        return Training(ran.append, weights=7, flops=lambda: 11.0, steps_at_once=5)

    monkeypatch.setattr(ganzoo_fit, "build", build)
    answers = io.StringIO()
    asked = io.StringIO("0.0\n0.0\n")
    worker.work_through("ganzoo_fit", "W1", str(tmp_path / "reals.npz"), "float32", asked, answers)
    start, *slices, end = map(json.loads, answers.getvalue().splitlines())
    assert built == [("W1", (4, 2), "float32")]
    assert ran == [5, 15, 15, 5, 5]
    assert (start["weights"], start["flops"]) == (7, 11.0)
    assert [slice.keys() for slice in slices] == [{"seconds_of_step"}] * 2
    assert end["peak_mb"] > 0


def test_a_contender_that_dies_says_why(tmp_path):
    """Its own last words, not a broken pipe."""
    reals = tmp_path / "reals.npz"
    np.savez(reals, reals=np.zeros((4, 2), np.float32))
    with pytest.raises(RuntimeError, match="no_such_contender"):
        worker.Contender("no_such_contender", "W1", reals, "float32", tmp_path / "errors.log")
