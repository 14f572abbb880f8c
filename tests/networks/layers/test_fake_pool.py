import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks.layers.fake_pool import FakePool


def pictures(numbers):
    """Pictures of one pixel, told by its value."""
    return tf.reshape(tf.cast(tf.constant(numbers), tf.float32), [-1, 1, 1, 1])


def exchange(pool, numbers, seed):
    return pool.exchange(pictures(numbers), tf.constant([7, seed])).numpy().ravel()


def held(pool):
    return np.asarray(pool.pictures).ravel()


@pytest.fixture
def full():
    """A pool that holds 0 .. 19."""
    pool = FakePool(20, (1, 1, 1))
    for step in range(4):
        exchange(pool, range(5 * step, 5 * step + 5), seed=step)
    return pool


def test_while_it_fills_fakes_are_shown_themselves():
    pool = FakePool(6, (1, 1, 1))
    for step, filled in enumerate((2, 4, 6)):
        numbers = [10 * step + 1, 10 * step + 2]
        np.testing.assert_array_equal(exchange(pool, numbers, step), numbers)
        assert int(pool.filled) == filled
    np.testing.assert_array_equal(sorted(held(pool)), [1, 2, 11, 12, 21, 22])


def test_a_full_pool_shows_half_old_ones_and_loses_none_unshown(full):
    """400 batches of 5: what is in the pool and what is shown are together what was there and what came, each once.
    About half is old (2000 coins, standard deviation .011), and a fake stays for 20 / 2.5 = 8 batches in the mean."""
    shown_old, ages = 0, []
    for step in range(400):
        numbers = np.arange(20 + 5 * step, 25 + 5 * step)
        before = held(full)
        shown = exchange(full, numbers, seed=100 + step)
        np.testing.assert_array_equal(sorted([*held(full), *shown]), sorted([*before, *numbers]))
        is_old = shown < numbers[0]
        assert set(shown[is_old]) <= set(before)
        np.testing.assert_array_equal(shown[~is_old], numbers[~is_old])
        shown_old += is_old.sum()
        ages.extend(step - (shown[is_old] - 20) // 5)
    assert shown_old / 2000 == pytest.approx(0.5, abs=0.05)
    assert np.mean(ages) == pytest.approx(8, abs=1)
    assert held(full).min() >= 20  # nothing of the beginning is left


def test_no_slot_is_drawn_twice_in_a_batch(full):
    """A batch as large as the pool: each old one that is shown is shown once, and each new one that enters has a slot
    of its own."""
    shown = exchange(full, range(100, 120), seed=9)
    assert 0 < (shown < 100).sum() < 20
    assert len(set(shown)) == len(set(held(full))) == 20


def test_what_happens_is_a_function_of_the_seed():
    """Pools of equal histories stay equal; another seed draws others."""
    ends = []
    for last in (9, 9, 10):
        pool = FakePool(20, (1, 1, 1))
        for step, seed in enumerate((0, 1, 2, 3, last)):
            shown = exchange(pool, range(5 * step, 5 * step + 5), seed)
        ends.append([*shown, *held(pool)])
    assert ends[0] == ends[1]
    assert ends[0] != ends[2]


def test_a_checkpoint_has_the_pictures_and_how_many_there_are(tmp_path):
    pool, other = FakePool(4, (1, 1, 1)), FakePool(4, (1, 1, 1))
    exchange(pool, [1, 2, 3], 0)
    path = tf.train.Checkpoint(pool=pool).save(str(tmp_path / "pool"))
    tf.train.Checkpoint(pool=other).restore(path).assert_consumed()
    np.testing.assert_array_equal(held(other), [1, 2, 3, 0])
    assert int(other.filled) == 3


@pytest.mark.parametrize("size", [0, 4])
def test_no_gradient_goes_through(size):
    """While it fills and when it is full: the discriminators' loss must not reach the generators."""
    pool = FakePool(size, (1, 1, 1))
    for step in range(4):
        fakes = pictures([1, 2])
        with tf.GradientTape() as tape:
            tape.watch(fakes)
            shown = tf.reduce_sum(pool.exchange(fakes, tf.constant([0, step])))
        assert tape.gradient(shown, fakes) is None


def test_without_room_every_fake_is_shown_itself():
    pool = FakePool(0, (1, 1, 1))
    for step in range(5):
        np.testing.assert_array_equal(exchange(pool, [step, -step], step), [step, -step])


def test_a_batch_larger_than_the_pool_is_refused():
    with pytest.raises(GanzooError, match=r"batch of 5 .* pool of 4 .* --config.model.pool_size=5"):
        exchange(FakePool(4, (1, 1, 1)), range(5), 0)
