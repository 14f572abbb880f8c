import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from ganzoo import noise

SEED = [7, 11]


@pytest.mark.parametrize("dim", [1, 2, 3, 62, 128])
@pytest.mark.parametrize("first_row", [0, 1, 7, 1023, 2**31 - 40])
def test_rows_of_normals_do_not_depend_on_how_many_are_drawn_at_a_time(dim, first_row):
    """33 rows at once, and the same rows in pieces of 1, 2, 5, 8 and 17, bit for bit."""
    at_once = noise.normal(SEED, 33, dim, first_row=first_row)
    ends = np.cumsum([1, 2, 5, 8, 17])
    pieces = [
        noise.normal(SEED, rows, dim, first_row=first_row + end - rows)
        for rows, end in zip([1, 2, 5, 8, 17], ends, strict=True)
    ]
    np.testing.assert_array_equal(tf.concat(pieces, 0), at_once)


def test_rows_of_uniforms_do_not_depend_on_how_many_are_drawn_at_a_time():
    """Row 1,234 alone is row 1,234 of 3,000."""
    at_once = noise.uniform(SEED, 3000)
    np.testing.assert_array_equal(noise.uniform(SEED, 1, first_row=1234), at_once[1234:1235])
    np.testing.assert_array_equal(noise.uniform(SEED, 1999, first_row=1001), at_once[1001:])


@pytest.mark.parametrize("dim", [1, 6, 64])
def test_rows_of_many_uniforms_do_not_depend_on_how_many_are_drawn_at_a_time(dim):
    """Rows 7 .. 39 at once and in two pieces; the first column of `dim` = 1 is `uniform`."""
    at_once = noise.uniforms(SEED, 33, dim, first_row=7)
    pieces = [noise.uniforms(SEED, 5, dim, first_row=7), noise.uniforms(SEED, 28, dim, first_row=12)]
    assert at_once.shape == (33, dim)
    np.testing.assert_array_equal(tf.concat(pieces, 0), at_once)
    np.testing.assert_array_equal(noise.uniforms(SEED, 33, 1)[:, 0], noise.uniform(SEED, 33))


def test_a_dimension_that_only_the_graph_knows_draws_the_same():
    """As for the dropout of a network that takes pictures of any size."""
    draw = tf.function(lambda dim: noise.uniforms(SEED, 5, dim, first_row=3), autograph=False)
    np.testing.assert_array_equal(draw(tf.constant(6)), noise.uniforms(SEED, 5, 6, first_row=3))


def test_many_rows_are_the_same_as_few():
    """100,000 rows, which TensorFlow shares among threads, begin with the rows that are drawn by themselves."""
    many = noise.normal(SEED, 100_000, 3)
    np.testing.assert_array_equal(noise.normal(SEED, 101, 3), many[:101])
    np.testing.assert_array_equal(noise.normal(SEED, 101, 3, first_row=77_777), many[77_777:77_878])


def test_a_graph_draws_what_eager_code_draws():
    """The position and the number of rows are tensors there, as in an export."""

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([2], tf.int32)] + 2 * [tf.TensorSpec([], tf.int32)])
    def draw(seed, rows, first_row):
        return noise.normal(seed, rows, 3, first_row=first_row), noise.uniform(seed, rows, first_row=first_row)

    normals, uniforms = draw(SEED, 9, 5)
    np.testing.assert_array_equal(normals, noise.normal(SEED, 9, 3, first_row=5))
    np.testing.assert_array_equal(uniforms, noise.uniform(SEED, 9, first_row=5))


@pytest.mark.parametrize("dim", [1, 2, 3, 62, 128])
def test_normals_are_standard_normal(dim):
    """A Kolmogorov-Smirnov test cannot tell about 100,000 numbers from N(0, 1)."""
    numbers = noise.normal(SEED, 100_000 // dim, dim).numpy()
    assert (numbers.shape, numbers.dtype) == ((100_000 // dim, dim), np.float32)
    assert stats.kstest(numbers.ravel(), "norm").pvalue > 1e-3


def test_uniforms_fill_the_unit_interval():
    """A Kolmogorov-Smirnov test cannot tell 100,000 numbers from U[0, 1); 1 itself never occurs."""
    numbers = noise.uniform(SEED, 100_000).numpy()
    assert (numbers.shape, numbers.dtype) == ((100_000,), np.float32)
    assert stats.kstest(numbers, "uniform").pvalue > 1e-3
    assert numbers.min() >= 0.0
    assert numbers.max() < 1.0


@pytest.mark.parametrize("dim", [2, 5])
def test_neither_columns_nor_neighbouring_rows_are_correlated(dim):
    """Chi-square test of all correlations among the 2 dim numbers of two consecutive rows; no row occurs twice."""
    rows = noise.normal(SEED, 20_000, dim).numpy()
    pairs = rows.reshape(-1, 2 * dim)
    correlations = np.corrcoef(pairs.T)[np.triu_indices(2 * dim, 1)]
    assert stats.chi2.sf(len(pairs) * (correlations**2).sum(), len(correlations)) > 1e-3
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_folding_in_gives_every_value_a_seed_of_its_own():
    """100 values and 100 ordered pairs give as many seeds; folding in two is folding in one after the other."""
    seeds = {tuple(noise.fold_in(SEED, value).numpy()) for value in range(100)}
    seeds |= {tuple(noise.fold_in(SEED, first, second).numpy()) for first in range(10) for second in range(10)}
    assert len(seeds) == 200
    np.testing.assert_array_equal(noise.fold_in(SEED, 3, 4), noise.fold_in(noise.fold_in(SEED, 3), 4))
    np.testing.assert_array_equal(noise.fold_in(SEED), SEED)


def test_no_two_steps_have_a_seed_in_common():
    """60,000 steps: 32 random bits would be expected to give .42 pairs, and gave some for seeds 0 to 4; 64 give none.

    The words of the seeds are random, each bit as often 0 as 1.
    """
    fold = tf.function(lambda seed, step: noise.fold_in(seed, step, 0), autograph=False)
    for seed in range(5):
        root = tf.constant(noise.root(seed, noise.Purpose.LATENTS))
        seeds = tf.vectorized_map(lambda step, root=root: fold(root, step), tf.range(60_000)).numpy()
        assert len(np.unique(seeds, axis=0)) == 60_000
    bits = np.unpackbits(seeds.view(np.uint8), axis=1).mean(0)
    assert np.abs(bits - 0.5).max() < 5 * 0.5 / np.sqrt(60_000)


def test_streams_of_folded_seeds_are_independent():
    """Chi-square test of all correlations among the streams of eight consecutive values and of their parent."""
    seeds = [SEED] + [noise.fold_in(SEED, step) for step in range(8)]
    streams = np.stack([noise.normal(seed, 10_000, 1).numpy()[:, 0] for seed in seeds])
    correlations = np.corrcoef(streams)[np.triu_indices(len(seeds), 1)]
    assert stats.chi2.sf(10_000 * (correlations**2).sum(), len(correlations)) > 1e-3


def test_a_step_counter_folds_in_like_the_number_it_holds():
    """int64 variable, int32 tensor and Python integer alike: training and its replay agree."""
    expected = noise.fold_in(SEED, 12)
    np.testing.assert_array_equal(noise.fold_in(SEED, tf.Variable(12, dtype=tf.int64)), expected)
    np.testing.assert_array_equal(noise.fold_in(SEED, tf.constant(12)), expected)
