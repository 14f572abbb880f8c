"""The random jitter of image translators: squares cut from slightly larger pictures, and left-right flips.

Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017,
https://arxiv.org/abs/1611.07004, section 6.2: pictures of 286 pixels a side, squares of 256.
"""

import tensorflow as tf

from ganzoo import noise


def jitter(
    pictures: tf.Tensor,
    image_size: int,
    flip: bool,
    seed: tf.Tensor,
    which: tf.Tensor,
    total: int,
) -> tf.Tensor:
    """Each picture cut and flipped at random, as a pure function of the seed.

    Args:
        pictures: [N, load_size, load_size, C] of any dtype; [N, image_size, any width, C] is flipped alone.
        image_size: pixels a side of the squares, at most load_size.
        flip: whether to turn each picture left to right with probability 1/2.
        seed: int32 [2]; pictures of equal sizes are cut and flipped alike by the same seed.
        which: int64 [N], the pictures' positions in the whole batch; a picture is cut and flipped by its position.
        total: the number of pictures in the whole batch.

    Returns:
        [N, image_size, image_size, C], dtype as given.
    """
    load_size = pictures.shape[1]
    if load_size > image_size:
        corners = tf.random.stateless_uniform(
            [2, total, 1],
            noise.fold_in(seed, noise.Purpose.CROPS),
            0,
            load_size - image_size + 1,
            tf.int32,
            alg="philox",
        )
        top, left = tf.unstack(tf.gather(corners, which, axis=1) + tf.range(image_size))
        pictures = tf.gather(tf.gather(pictures, top, axis=1, batch_dims=1), left, axis=2, batch_dims=1)
    if flip:
        flipped = tf.gather(noise.uniform(noise.fold_in(seed, noise.Purpose.FLIPS), total), which) < 0.5
        pictures = tf.where(flipped[:, None, None, None], pictures[:, :, ::-1], pictures)
    return pictures
