import math
import os
import subprocess
import sys
from pathlib import Path

import gaussians
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo.sampling.proposals import batch_row_count, burn_in, generate

SEED = gaussians.SEED


def test_sampling_needs_no_keras():
    """Every module of ganzoo.sampling imports, and samples, where keras cannot be imported."""
    program = (
        "import importlib, pkgutil, sys; sys.modules['keras'] = None\n"
        "import ganzoo.sampling as home\n"
        "names = [module.name for module in pkgutil.iter_modules(home.__path__)]\n"
        "[importlib.import_module(f'ganzoo.sampling.{name}') for name in names]\n"
        "import gaussians\n"
        "draws = home.rejection.rejection(gaussians.propose, gaussians.half_as_wide, 3,\n"
        "    seed=[1, 2], log_ratio_max=1.0, batch_size=8, max_proposals=100)\n"
        "print(*names, *[name for name in sys.modules if name.startswith('keras.')], len(draws.samples))"
    )
    path = os.pathsep.join([str(Path(gaussians.__file__).parent), str(Path(ganzoo.__file__).parents[1])])
    run = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    *names, count = run.stdout.split()
    assert {"drs", "proposals", "rejection"} <= set(names)
    assert not [name for name in names if name.startswith("keras")]
    assert count == "3"


@pytest.mark.parametrize("num_samples", [1, 5, 32, 99, 100])
@pytest.mark.parametrize("batch_size", [1, 4, 7, 32, 256])
def test_generate_gives_the_first_rows_of_the_stream(num_samples, batch_size):
    """However many are wanted, and however many at a time."""
    samples = generate(gaussians.propose_in_the_plane, num_samples, seed=SEED, batch_size=batch_size)
    np.testing.assert_array_equal(samples, gaussians.propose_in_the_plane(SEED, 0, 100)[:num_samples])


def test_other_seeds_give_other_samples():
    """No row of one seed's stream occurs in another's."""
    one, other = (generate(gaussians.propose, 50, seed=seed, batch_size=8) for seed in ([1, 0], [0, 1]))
    assert set(one.numpy().ravel()).isdisjoint(other.numpy().ravel())


def test_generate_keeps_the_shape_of_pictures_in_a_graph():
    """The number is a tensor there, as in an export: [n, 4, 3, 1], equal to the eager call."""

    def pictures(seed, first_row, rows):
        return tf.reshape(gaussians.noise.normal(seed, rows, 12, first_row=first_row), [rows, 4, 3, 1])

    def draw(num_samples):
        return generate(pictures, num_samples, seed=SEED, batch_size=8)

    graph = tf.function(draw, autograph=False, input_signature=[tf.TensorSpec([], tf.int32)])
    assert graph.get_concrete_function().structured_outputs.shape.as_list() == [None, 4, 3, 1]
    np.testing.assert_array_equal(graph(19), draw(19))


@pytest.mark.parametrize("batch_size", [1, 64, 300])
def test_the_burn_in_is_the_sorted_log_ratios_of_as_many_proposals(batch_size):
    """300 of the stream's first rows, in ascending order."""
    ascending = burn_in(gaussians.propose, gaussians.half_as_wide, 300, seed=SEED, batch_size=batch_size)
    expected = np.sort(gaussians.half_as_wide(gaussians.propose(SEED, 0, 300)))
    np.testing.assert_array_equal(ascending, expected)


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_broken_logits_do_not_become_the_maximum_of_a_burn_in(broken):
    """Two of 100 proposals have no finite logit; the largest of the others is D~_M, and the order is ascending."""
    propose, log_ratio = gaussians.columns_of([broken, broken] + [0.5, -1.0] * 49)
    ascending = burn_in(propose, log_ratio, 100, seed=SEED, batch_size=50).numpy()
    assert ascending[-1] == 0.5
    assert not (ascending[1:] < ascending[:-1]).any()
    assert not np.isnan(ascending).any()


@pytest.mark.parametrize(
    ("wanted", "rows"), [(1, 1), (3, 4), (16, 16), (17, 32), (100.5, 112), (255, 256), (1e9, 256), (math.nan, 256)]
)
def test_a_batch_has_room_for_what_is_wanted_and_little_more(wanted, rows):
    """Of at most 256: the next power of two up to 16, then the next multiple of 16; all of them where nobody knows."""
    assert batch_row_count(wanted, 256) == rows


@pytest.mark.parametrize("batch_size", [1, 3, 16, 77, 256, 1024])
def test_batches_have_few_shapes(batch_size):
    """Some twenty, whatever is wanted, none beyond the batch size and the largest of them the batch size."""
    shapes = {int(batch_row_count(wanted, batch_size)) for wanted in range(1, 2 * batch_size)}
    assert len(shapes) <= 24
    assert max(shapes) == batch_size
    assert min(shapes) == 1


def test_few_samples_do_not_cost_a_whole_batch():
    """5 of at most 256 at once go through the generator as 8."""
    asked = []

    def propose(seed, first_row, rows):
        asked.append(int(rows))
        return gaussians.propose(seed, first_row, rows)

    generate(propose, 5, seed=SEED, batch_size=256)
    assert asked == [4, 8]  # the 4 for the shape; a graph leaves them out
