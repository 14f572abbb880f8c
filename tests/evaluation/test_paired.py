"""L1, PSNR and SSIM where they have a closed form, and SSIM window by window."""

import numpy as np
import pytest

from ganzoo.evaluation.paired import BEST_PSNR, l1, l1_of_each, psnr, psnr_of_each, ssim, ssim_of_each


def pictures(n, shape=(16, 16, 3), seed=0):
    return np.random.default_rng(seed).integers(200, size=(n, *shape), dtype=np.uint8)


def to_float(samples):
    return samples.astype(np.float32) / 127.5 - 1


def test_a_constant_offset_is_the_l1_and_gives_the_psnr():
    """51 of 255 levels are a fifth: L1 .2, and a mean squared error of .04, which is 13.98 dB."""
    x = pictures(3)
    assert l1(x + 51, x) == pytest.approx(0.2, abs=1e-6)
    assert psnr(x + 51, x) == pytest.approx(-10 * np.log10(0.04), abs=1e-4)


def test_black_against_white_is_the_worst():
    black = np.zeros((2, 16, 16, 1), np.uint8)
    assert l1(black, black + 255) == 1.0
    assert psnr(black, black + 255) == pytest.approx(0.0, abs=1e-5)


def test_equal_pictures_are_perfect_and_their_psnr_is_what_8_bits_can_tell():
    """58.9 dB, not infinite: one picture that is right must not hide nine that are wrong."""
    x = pictures(5)
    assert l1(x, x) == 0.0
    assert ssim(x, x) == pytest.approx(1.0, abs=1e-6)
    assert psnr(x, x) == pytest.approx(BEST_PSNR) == pytest.approx(58.92, abs=0.01)


def test_the_figure_is_the_mean_over_pictures_not_of_their_pixels():
    """One picture a tenth off and one right: PSNR is the mean of two decibel values."""
    x = pictures(2)
    y = x.copy()
    y[0] += 25
    assert psnr_of_each(y, x) == pytest.approx([-20 * np.log10(25 / 255), BEST_PSNR], abs=1e-4)
    assert psnr(y, x) == pytest.approx(psnr_of_each(y, x).mean())
    assert l1_of_each(y, x) == pytest.approx([25 / 255, 0.0], abs=1e-6)


def test_ssim_of_flat_pictures_is_its_luminance_term():
    """Greys a and b without structure: (2 a b + C1) / (a^2 + b^2 + C1) with C1 = .01^2, as far as float32 goes."""
    a, b = 51 / 255, 153 / 255
    flat = np.full((1, 16, 16, 1), 51, np.uint8)
    assert ssim(flat, 3 * flat) == pytest.approx((2 * a * b + 1e-4) / (a * a + b * b + 1e-4), abs=2e-4)


def test_ssim_is_that_of_the_paper():
    """Equations 13 to 16 over each of the 6 x 6 windows inside 16 x 16 pixels, in float64, grey and colour."""
    offsets = np.arange(11) - 5
    window = np.exp(-(offsets[:, None] ** 2 + offsets[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()

    def of_window(x, y):
        mean_x, mean_y = (window * x).sum(), (window * y).sum()
        var_x, var_y = (window * (x - mean_x) ** 2).sum(), (window * (y - mean_y) ** 2).sum()
        covariance = (window * (x - mean_x) * (y - mean_y)).sum()
        luminance = (2 * mean_x * mean_y + 0.01**2) / (mean_x**2 + mean_y**2 + 0.01**2)
        return luminance * (2 * covariance + 0.03**2) / (var_x + var_y + 0.03**2)

    for channels in (1, 3):
        x = pictures(1, (16, 16, channels))
        y = (x // 2 + pictures(1, (16, 16, channels), seed=1) // 2).astype(np.uint8)
        expected = np.mean(
            [
                of_window(x[0, i : i + 11, j : j + 11, c] / 255, y[0, i : i + 11, j : j + 11, c] / 255)
                for i in range(6)
                for j in range(6)
                for c in range(channels)
            ]
        )
        assert ssim(x, y) == pytest.approx(expected, abs=2e-4)


def test_pictures_are_measured_at_8_bits_whatever_their_type_and_batch():
    """Floats a third of a level off, and 130 pictures against their first and last alone."""
    x, y = pictures(130), pictures(130, seed=1)
    for metric in (l1_of_each, psnr_of_each, ssim_of_each):
        of_each = metric(x, y)
        assert of_each.shape == (130,)
        np.testing.assert_array_equal(metric(to_float(x) + 0.0026, y), of_each)
        np.testing.assert_allclose(metric(x[[0, -1]], y[[0, -1]]), of_each[[0, -1]], rtol=1e-5)
