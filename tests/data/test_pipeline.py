import numpy as np
import pytest

from ganzoo.data.parts import Domains
from ganzoo.data.pipeline import Share, batches, domain_pairs, labelled_domains
from ganzoo.data.reals import Reals
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


HALVES = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((10, 4, 6, 1), np.uint8)
HALVES[:, :, 3:] += 100  # the right half is brighter, and no picture is its own mirror image


def is_flipped(drawn):
    return drawn[:, 0, 0, 0] > drawn[:, 0, -1, 0]


def test_half_of_the_pictures_are_flipped_left_to_right():
    """Pictures that are not square: each is a picture or its mirror image, in the order that they have without flips;
    of 600, a share of .5 within four standard errors. Labels stay."""
    settings = dict(seed=3, steps=60, labels=np.arange(10))
    plain = [reals.numpy() for reals, _ in batches(HALVES, 10, **settings)]
    drawn, labels = zip(*[(a.numpy(), b.numpy()) for a, b in batches(HALVES, 10, flip=True, **settings)], strict=True)
    turned = np.concatenate([is_flipped(reals) for reals in drawn])
    assert abs(turned.mean() - 0.5) < 4 * 0.5 / np.sqrt(600)
    for step in range(60):
        mirrored = is_flipped(drawn[step])[:, None, None, None]
        np.testing.assert_array_equal(np.where(mirrored, drawn[step][:, :, ::-1], drawn[step]), plain[step])
        np.testing.assert_array_equal(np.rint(plain[step][:, 0, 0, 0] * 127.5 + 127.5), labels[step])
    assert len({turned[k : k + 10].tobytes() for k in range(0, 600, 10)}) > 40  # another step flips other pictures


def test_flips_resume_and_are_shared_among_replicas_exactly():
    """From step 4 on as in the whole run; two replicas' elements, joined batch by batch, are those of one."""
    settings = dict(seed=3, steps=8, draws=2, flip=True)
    whole = rows(batches(HALVES, 6, **settings))
    np.testing.assert_array_equal(rows(batches(HALVES, 6, first_step=4, **settings)), whole[4:])
    shared = rows(batches(HALVES, 6, share=Share(replicas=2, first=0, local=2), **settings))
    for step, one in enumerate(whole):
        first, second = (shared[2 * step + k].reshape(2, 3, 4, 6, 1) for k in range(2))
        np.testing.assert_array_equal(np.concatenate([first, second], 1).reshape(one.shape), one)


def test_no_thread_of_autotuning_holds_up_the_end_of_fit():
    assert batches(POINTS, 3, seed=0, steps=3).options().autotune.enabled is False


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


def made(sizes, paired=False):
    """Domains of one-coloured pictures that say which they are: 0, 1, 2, ...; 100, 101, ...; 200, ..."""
    reals = []
    for k, count in enumerate(sizes):
        values = np.arange(100 * k, 100 * k + count, dtype=np.uint8)
        reals.append(Reals("", np.tile(values[:, None, None, None], (1, 6, 6, 1))))
    return Domains("made", tuple(map(str, range(len(sizes)))), tuple(reals), tuple(reals), paired)


def positions(sizes, paired):
    """Domains all of whose pictures are the same: each pixel's value is its position."""
    picture = np.arange(36, dtype=np.uint8).reshape(1, 6, 6, 1)
    reals = tuple(Reals("", np.repeat(picture, n, axis=0)) for n in sizes)
    return Domains("made", ("A", "B"), reals, reals, paired)


def bytes_again(pictures):
    return np.rint((np.asarray(pictures) + 1) * 127.5).astype(int)


def numbers(pictures):
    return bytes_again(pictures)[:, 0, 0, 0].tolist()


@pytest.mark.parametrize("batches_of", [domain_pairs, labelled_domains])
@pytest.mark.parametrize("paired", [True, False])
def test_domains_started_at_step_k_continue_exactly(batches_of, paired):
    """Order, cut and flip: bit for bit."""

    def drawn(first_step):
        dataset = batches_of(
            positions([7, 7], paired), 3, seed=-5, first_step=first_step, steps=6, draws=2, image_size=4, flip=True
        )
        return [np.concatenate([np.ravel(of) for of in element]) for element in dataset]

    np.testing.assert_array_equal(drawn(4), drawn(0)[4:])


def test_pairs_stay_pairs_under_cut_and_flip():
    """The same rows, cut and flipped alike, and not all rows alike."""
    domains = positions([7, 7], paired=True)
    for one, other in domain_pairs(domains, 5, seed=0, steps=4, image_size=4, flip=True):
        assert (one.shape, one.dtype) == ((5, 4, 4, 1), np.float32)
        np.testing.assert_array_equal(one, other)
        assert len({picture.numpy().tobytes() for picture in one}) > 1
    for one, other in domain_pairs(made([7, 7], paired=True), 5, seed=0, steps=4, image_size=6, flip=True):
        assert numbers(other) == [100 + number for number in numbers(one)]


def test_unpaired_domains_have_each_an_order_and_a_jitter_of_its_own():
    """And each epoch of each domain visits each picture once."""
    drawn = list(domain_pairs(made([6, 9]), 3, seed=0, steps=6, image_size=6, flip=False))
    a, b = (np.concatenate([numbers(element[k]) for element in drawn]) for k in range(2))
    assert [sorted(epoch) for epoch in a.reshape(3, 6)] == [list(range(6))] * 3
    assert [sorted(epoch) for epoch in b.reshape(2, 9)] == [list(range(100, 109))] * 2
    same = list(domain_pairs(made([6, 6]), 6, seed=0, steps=1, image_size=6, flip=False))
    assert numbers(same[0][0]) != [number - 100 for number in numbers(same[0][1])]
    ((one, other),) = domain_pairs(positions([9, 9], paired=False), 9, seed=0, steps=1, image_size=4, flip=True)
    assert (one.numpy() != other.numpy()).any()


def test_cuts_reach_every_corner_and_half_are_flipped():
    """6 to 4 pixels: nine places, each about as often, whole squares of the picture."""
    ((pictures, _),) = domain_pairs(positions([900, 900], True), 900, seed=0, steps=1, image_size=4, flip=True)
    seen = bytes_again(pictures)[..., 0]
    flipped = seen[:, 0, 0] > seen[:, 0, 1]
    assert flipped.mean() == pytest.approx(0.5, abs=0.05)
    seen[flipped] = seen[flipped][..., ::-1]
    square = np.arange(4) * 6
    np.testing.assert_array_equal(seen, seen[:, :1, :1] + square[:, None] + np.arange(4))
    places, counts = np.unique(seen[:, 0, 0], return_counts=True)
    assert places.tolist() == [0, 1, 2, 6, 7, 8, 12, 13, 14]
    assert counts.min() > 60


def test_without_jitter_pictures_arrive_as_they_are():
    ((pictures, _),) = domain_pairs(positions([5, 5], True), 5, seed=0, steps=1, image_size=6, flip=False)
    np.testing.assert_array_equal(bytes_again(pictures)[0, ..., 0], np.arange(36).reshape(6, 6))


def test_all_domains_together_keep_the_number_of_each():
    """One epoch of 4 + 7 + 5 pictures: each once, with its domain's number."""
    pictures, labels = map(
        np.concatenate,
        zip(*labelled_domains(made([4, 7, 5]), 4, seed=0, steps=4, image_size=6, flip=True), strict=True),
    )
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [4, 7, 5]
    assert [number // 100 for number in numbers(pictures)] == labels.tolist()
    assert len(set(numbers(pictures))) == 16


def test_a_batch_must_fit_into_the_smaller_domain():
    with pytest.raises(GanzooError, match=r"batch size is 8, but there are 7 samples"):
        domain_pairs(made([9, 7]), 8, seed=0, steps=1, image_size=6, flip=False)
    assert len(labelled_domains(made([9, 7]), 8, seed=0, steps=1, image_size=6, flip=False)) == 1


@pytest.mark.parametrize("kind", ["batches", "pairs", "unpaired", "labelled"])
def test_the_shares_of_all_replicas_are_the_rows_of_one(domains, kind):
    """Two machines of two and one replicas: their elements, joined draw by draw, are the step's, jitter included."""
    where = dict(batch_size=6, seed=3, first_step=1, steps=4, draws=2)
    cut = dict(image_size=12, flip=True)

    def dataset(**share):
        if kind == "batches":
            return batches(POINTS, labels=np.arange(7), **where, **share)
        make = labelled_domains if kind == "labelled" else domain_pairs
        return make(domains(paired=kind == "pairs"), **where, **cut, **share)

    parts = [list(dataset(share=Share(3, 0, 2))), list(dataset(share=Share(3, 2, 1)))]
    assert [len(part) for part in parts] == [6, 3]
    for step, whole in enumerate(dataset()):
        replicas = [*parts[0][2 * step : 2 * step + 2], parts[1][step]]
        for k, rows in enumerate(whole):
            assert replicas[0][k].shape[0] == 4
            drawn = [np.concatenate([np.split(each[k], 2)[draw] for each in replicas]) for draw in range(2)]
            np.testing.assert_array_equal(np.concatenate(drawn), rows)


def test_a_batch_that_replicas_cannot_share_evenly_is_refused():
    with pytest.raises(GanzooError, match=r"batch of 7 .* 2 replicas.*--config.batch_size=8"):
        batches(POINTS, 7, seed=0, steps=1, share=Share(2))
