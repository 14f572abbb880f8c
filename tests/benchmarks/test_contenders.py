import io
import json
import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks import flops, workloads
from benchmarks.contenders import Training, bare, ganzoo_fit, keras_examples, worker
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
    assert training.weights == number_of_weights(work)


@pytest.mark.parametrize("work", WORKS)
@pytest.mark.parametrize("name", ["torch_compile", "jax_nnx"])
def test_compiled_contenders_have_as_many_weights(name, work):
    """Nothing is compiled before the first step, which takes up to a minute."""
    contender = pytest.importorskip(f"benchmarks.contenders.{name}", exc_type=ImportError)
    assert contender.build(work, few_reals(work), "mixed_bfloat16").weights == number_of_weights(work)


def number_of_weights(work):
    """Of ganzoo's networks."""
    ours = models.from_config(workloads.configured(work), WORKS[work].images)
    variables = [*ours.generator_variables, *ours.discriminator_variables]
    return sum(int(np.prod(variable.shape)) for variable in variables)


@pytest.mark.slow
@pytest.mark.parametrize("work", WORKS)
def test_compiled_pytorch_has_the_losses_of_eager_pytorch(work):
    """From the same weights, batches and noise, over two steps."""
    torch = pytest.importorskip("torch")
    from benchmarks.contenders import torch_compile, torch_eager

    def losses(package, *arguments):
        torch.manual_seed(0)
        np.random.seed(0)
        random.seed(0)
        reals = torch_eager.data.endless(*few_reals(work).values(), batch_size=workloads.BATCH[work])
        if WORKS[work].model == "wgan_gp":
            step, _ = package.wgan_gp.training(work, reals, *arguments)
        else:
            step, _ = getattr(package, WORKS[work].model).training(reals, *arguments)
        return [[loss.item() for loss in step()] for _ in range(2)]

    eager = losses(torch_eager, *([True] if WORKS[work].model == "wgan_gp" else []))
    np.testing.assert_allclose(losses(torch_compile, "float32"), eager, rtol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_compiled_contenders_take_steps(precision):
    for name in ("torch_compile", "jax_nnx"):
        contender = pytest.importorskip(f"benchmarks.contenders.{name}", exc_type=ImportError)
        contender.build("W1", few_reals("W1"), precision).run(2)


@pytest.mark.parametrize("name", ["torch_compile", "jax_nnx"])
def test_the_penalty_of_a_linear_critic_is_that_of_its_slope(name):
    """A critic x . (3, 4) has the slope 5 everywhere; (5 - 1)^2 = 16."""
    contender = pytest.importorskip(f"benchmarks.contenders.{name}.wgan_gp", exc_type=ImportError)
    array = pytest.importorskip("torch").tensor if name == "torch_compile" else np.asarray
    points = np.random.default_rng(0).normal(size=(2, 8, 2)).astype(np.float32)
    real, fake, alpha = array(points[0]), array(points[1]), array(np.full((8, 1), 0.3, np.float32))
    found = contender.penalty(lambda x: x @ array(np.float32([[3.0], [4.0]])), real, fake, alpha)
    assert float(found) == pytest.approx(16.0, rel=1e-5)


def test_strided_convolutions_of_jax_have_the_derivatives_of_xla():
    """First and second derivatives of a convolution, and the derivatives of its transpose, as XLA makes them."""
    convolutions = pytest.importorskip("benchmarks.contenders.jax_nnx.convolutions", exc_type=ImportError)
    import jax

    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(2, 7, 7, 3)).astype("f"), rng.normal(size=(5, 5, 3, 4)).astype("f")
    small = rng.normal(size=(2, 4, 4, 4)).astype("f")

    def slopes(of):
        return lambda x, kernel: jax.grad(lambda x: (of(x, kernel) ** 2).sum())(x)

    def up(small, kernel):
        return jax.linear_transpose(lambda x: convolutions._down(x, kernel), x)(small)[0]

    pairs = [
        (convolutions.down, convolutions._down, x),
        (slopes(convolutions.down), slopes(convolutions._down), x),
        (lambda small, kernel: convolutions.up(small, kernel, 7), up, small),
    ]
    for own, plain, at in pairs:
        found, expected = (
            jax.grad(lambda x, kernel, of=of: (of(x, kernel) ** 2).sum(), argnums=(0, 1))(at, kernel)
            for of in (own, plain)
        )
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3 * np.abs(other).max())


def test_jax_shows_the_first_fifty_fakes_and_then_old_ones():
    cyclegan = pytest.importorskip("benchmarks.contenders.jax_nnx.cyclegan", exc_type=ImportError)
    from flax import nnx

    pool, noise = cyclegan.Pool(), nnx.Rngs(0)
    shown = [float(pool.exchange(np.full((1, 64, 64, 1), value, "f"), noise).mean()) for value in range(100)]
    assert shown[:50] == list(range(50))
    is_new = [value == index for index, value in enumerate(shown[50:], 50)]
    assert 10 < sum(is_new) < 40
    old = [value for value, new in zip(shown[50:], is_new, strict=True) if not new]
    assert len(set(old)) == len(old)  # an old fake leaves the pool when it is shown


def test_the_bare_operations_are_those_of_a_step(policy):
    """As many operations as are counted for ganzoo's step, of the same kinds and shapes, and each is run."""
    training, ours = bare.build("W3", few_reals("W3"), "float32"), ganzoo_fit.build("W3", few_reals("W3"), "float32")
    training.run(1)
    assert training.flops() == ours.flops()
    assert training.weights == 0


def test_bare_operations_of_a_loop_are_repeated():
    @tf.function
    def powers(a):
        return tf.while_loop(lambda k, _: k < 5, lambda k, x: (k + 1, x @ a), (0, a), maximum_iterations=5)

    call = bare.alone(powers.get_concrete_function(tf.TensorSpec((3, 3))).graph)
    assert len(call()) == 5
    assert flops.of_graph(call.get_concrete_function().graph) == 5 * 2 * 3 * 3 * 3


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
