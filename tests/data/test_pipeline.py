import numpy as np
import pytest

from ganzoo.data.pipeline import batches
from ganzoo.errors import GanzooError

POINTS = np.arange(14, dtype=np.float32).reshape(7, 2)


def rows(dataset):
    return [batch.numpy() for batch in dataset]


@pytest.mark.parametrize("step", [1, 3, 4, 11])
def test_batches_started_at_step_k_continue_the_order_exactly(step):
    """Within an epoch, at its end and epochs later: bit for bit the batches k, k + 1, ... of the whole run."""
    whole = rows(batches(POINTS, 3, seed=5, steps=12, draws=2))
    resumed = rows(batches(POINTS, 3, seed=5, first_step=step, steps=12, draws=2))
    np.testing.assert_array_equal(resumed, whole[step:])


def test_each_epoch_visits_each_real_once():
    """7 points in batches of 2: every 7 rows in a row are a permutation, and not the same one."""
    drawn = np.concatenate(rows(batches(POINTS, 2, seed=0, steps=14))).reshape(4, 7, 2)
    for epoch in drawn:
        assert sorted(epoch[:, 0]) == POINTS[:, 0].tolist()
    assert len({epoch.tobytes() for epoch in drawn}) > 1


def test_another_seed_is_another_order():
    """Negative seeds are seeds too."""
    orders = {np.concatenate(rows(batches(POINTS, 7, seed=seed, steps=2))).tobytes() for seed in (0, 1, -1)}
    assert len(orders) == 3


def test_pictures_arrive_as_floats_and_as_often_as_asked():
    """float32 [draws * batch, H, W, C] in [-1, 1] with a static shape, steps - first_step times."""
    pictures = np.repeat(np.array([0, 255], np.uint8), 5 * 4).reshape(10, 2, 2, 1)
    dataset = batches(pictures, 4, seed=0, first_step=2, steps=5, draws=3)
    assert dataset.element_spec.shape == (12, 2, 2, 1)
    drawn = np.array(rows(dataset))
    assert (len(drawn), drawn.dtype) == (3, np.float32)
    assert set(np.unique(drawn)) == {-1.0, 1.0}


def test_labels_stay_with_their_reals():
    """Pairs, in the order that the reals have without labels."""
    labels = np.arange(7)
    pairs = list(batches(POINTS, 3, seed=5, steps=6, labels=labels))
    for (reals, given), alone in zip(pairs, batches(POINTS, 3, seed=5, steps=6), strict=True):
        np.testing.assert_array_equal(reals, alone)
        np.testing.assert_array_equal(reals, POINTS[given])


def test_a_late_step_costs_no_more_than_the_first():
    """Step 10^12 is drawn at once: nothing is skipped through."""
    assert len(rows(batches(POINTS, 2, seed=0, first_step=10**12, steps=10**12 + 1))) == 1


def test_a_step_may_draw_more_rows_than_there_are():
    """n_critic batches of nearly all the data: only one batch has to fit."""
    (step,) = rows(batches(POINTS, 6, seed=0, steps=1, draws=5))
    assert step.shape == (30, 2)
    assert np.unique(step[:28, 0], return_counts=True)[1].tolist() == [4] * 7


def test_a_batch_larger_than_the_data_is_an_error():
    """It names both numbers and the key to change."""
    with pytest.raises(GanzooError, match=r"batch size is 8, but there are 7 samples.*--config.batch_size=7"):
        batches(POINTS, 8, seed=0, steps=1)
