"""How near is each picture to the one it should have been: for translators whose test pictures come in pairs.

Pictures, float32 in [-1, 1] or uint8, are rounded to 8 bits per channel as in `features`, and measured on the scale
where black is 0 and white is 1. Each metric has a value per picture, and its figure is the mean over pictures.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from ganzoo.evaluation.features import eight_bits
from ganzoo.evaluation.registry import register_metric

BEST_PSNR = float(10 * np.log10(12 * 255**2))
"""58.9 dB: the mean squared error of rounding to 8 bits is 1/12 of a squared level, and nothing below it is seen."""

_BATCH_SIZE = 64  # pictures of 128 pixels a side take about half a gigabyte within SSIM


@register_metric("l1", direction="lower")
@register_metric("cycle_error", direction="lower")
@register_metric("identity_error", direction="lower")
def l1(samples: np.ndarray, targets: np.ndarray) -> float:
    """Mean absolute difference, in [0, 1], of pictures [n, height, width, channels].

    The same under three names: `cycle_error` is of pictures translated there and back, `identity_error` of pictures
    translated into the domain that they are of; the targets are the pictures themselves.
    """
    return float(l1_of_each(samples, targets).mean())


@register_metric("psnr", direction="higher")
def psnr(samples: np.ndarray, targets: np.ndarray) -> float:
    """Peak signal-to-noise ratio in decibels, the mean over pictures, in [0, 58.9].

    That of equal pictures is infinite and would hide all others in the mean, so no picture scores above `BEST_PSNR`.
    """
    return float(psnr_of_each(samples, targets).mean())


@register_metric("ssim", direction="higher")
def ssim(samples: np.ndarray, targets: np.ndarray) -> float:
    """Structural similarity, the mean over pictures, in [-1, 1]; 1 for equal ones.

    Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE Transactions on Image
    Processing, 2004: Gaussian window of 11 x 11 and sigma 1.5, K1 = .01, K2 = .03. Only windows that lie inside the
    picture count, and colour channels are averaged. Pictures have 11 pixels a side or more. TensorFlow computes it in
    float32, which is good to 1e-4 even of flat pictures, whose variances cancel.
    """
    return float(ssim_of_each(samples, targets).mean())


def l1_of_each(samples: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """`l1` of each picture, float64 [n]."""
    return _in_batches(lambda x, y: np.abs(x - y).mean(axis=(1, 2, 3), dtype=np.float64), samples, targets)


def psnr_of_each(samples: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """`psnr` of each picture, float64 [n]."""
    squared = _in_batches(lambda x, y: np.square(x - y).mean(axis=(1, 2, 3), dtype=np.float64), samples, targets)
    return -10 * np.log10(np.maximum(squared, 10 ** (-BEST_PSNR / 10)))


def ssim_of_each(samples: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """`ssim` of each picture, float32 [n]."""
    return _in_batches(lambda x, y: tf.image.ssim(x, y, max_val=1.0).numpy(), samples, targets)


def _in_batches(metric: Callable, samples: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The metric of each pair, from float32 batches in [0, 1]."""

    def batch(pictures: np.ndarray, start: int) -> np.ndarray:
        return (eight_bits(pictures[start : start + _BATCH_SIZE]) + 1) / 2

    starts = range(0, len(samples), _BATCH_SIZE)
    return np.concatenate([metric(batch(samples, start), batch(targets, start)) for start in starts])
