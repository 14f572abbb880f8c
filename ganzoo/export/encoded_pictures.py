"""Encoded pictures in a graph: their headers, read before anything is decoded, and their pixels.

PNG and JPEG are accepted. All other formats are refused by their first bytes. The decoder of an animation (GIF, WebP)
allocates memory for every frame, and a frame of a few bytes may claim 65,535 pixels a side. TensorFlow's decoder of BMP
ignores palettes.
"""

from typing import NamedTuple

import tensorflow as tf

from ganzoo.export.request_checks import after_checks

HEADER = 26  # bytes of a PNG up to and including its colour type
PNG_SIGNATURE, JPEG_SIGNATURE = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
START_OF_SCAN, END_OF_JPEG = b"\xff\xda", b"\xff\xd9"
MOST_SCANS = 500  # in a JPEG: a scan of a dozen bytes may go over the whole picture; encoders write about ten scans
RGB_TO_GREY = (0.299, 0.587, 0.114)  # as in JPEG


class Header(NamedTuple):
    """A checked header, read from a file's first bytes.

    Attributes:
        content: string [], the file; it is available only after the checks of its header.
        is_png: bool [], true for a PNG, false for a JPEG.
        sides: int64 [2], height and width in pixels.
        has_alpha: bool [], whether some pixels may be transparent.
    """

    content: tf.Tensor
    is_png: tf.Tensor
    sides: tf.Tensor
    has_alpha: tf.Tensor


def header(content: tf.Tensor, row: tf.Tensor, max_bytes: int) -> Header:
    """Reads a file's header. The graph raises InvalidArgumentError, naming the row, unless it is a whole PNG or JPEG.

    Args:
        content: string [], the file.
        row: int32 [], the file's place in `image_bytes`, for the message.
        max_bytes: the largest size of a file, in bytes.
    """
    length = tf.strings.length(content)
    with after_checks(_check(length <= max_bytes, row, f"has more than {max_bytes} bytes:", length)):
        first = tf.io.decode_raw(tf.strings.substr(content, 0, HEADER), tf.uint8, fixed_length=HEADER)
        is_png, is_jpeg = _begins(first, PNG_SIGNATURE + b"\x00\x00\x00\rIHDR"), _begins(first, JPEG_SIGNATURE)
    with after_checks(_check(is_png | is_jpeg, row, "is neither a PNG nor a JPEG; its bytes are", length)):
        values = tf.io.decode_raw(tf.identity(content), tf.uint8)
        is_whole = tf.where(is_png, _count(values, b"IEND") > 0, _count(values, END_OF_JPEG) > 0)
        scans = tf.where(is_png, 0, _count(values, START_OF_SCAN))
    whole = _check(is_whole, row, "is cut short: it has no end; its bytes are", length)
    with after_checks(whole, _check(scans <= MOST_SCANS, row, f"is a JPEG of more than {MOST_SCANS} scans:", scans)):
        big_endian = tf.constant([1 << 24, 1 << 16, 1 << 8, 1], tf.int64)
        width, height = (tf.reduce_sum(tf.cast(first[at : at + 4], tf.int64) * big_endian) for at in (16, 20))
        of_png, checked = tf.stack([height, width, 3]), tf.identity(content)  # a branch waits for its inputs alone
        sides = tf.cond(is_png, lambda: of_png, lambda: tf.io.extract_jpeg_shape(checked, tf.int64))
    is_in_colours = _check(sides[2] <= 3, row, "is a JPEG in CMYK; give it in grey or RGB; its channels are", sides[2])
    with after_checks(is_in_colours):
        has_alpha = is_png & ((first[25] == 4) | (first[25] == 6) | (_count(values, b"tRNS") > 0))
        return Header(tf.identity(content), is_png, tf.identity(sides[:2]), has_alpha)


def pixels(file: Header, channels: int) -> tf.Tensor:
    """The picture in a file, float32 [height, width, channels] in [-1, 1]; transparent parts lie on white.

    Files may be grey, have a palette or colours, and have up to 16 bits a channel. The orientation of the camera (EXIF)
    is ignored.

    Args:
        file: the result of `header`.
        channels: channels of the result, 1 or 3.
    """
    content = tf.identity(file.content)  # under the caller's own checks

    def of_png():
        values = tf.cast(tf.io.decode_png(content, 4, tf.uint16), tf.float32)
        # For a file without alpha, the decoder's alpha is opaque only at 8 and 16 bits.
        alpha = tf.where(file.has_alpha, values[..., 3:] / 65535.0, 1.0)
        colours = (values[..., :3] / 32767.5 - 1.0) * alpha + (1.0 - alpha)
        return tf.tensordot(colours, RGB_TO_GREY, 1)[..., None] if channels == 1 else colours

    def of_jpeg():
        return tf.cast(tf.io.decode_jpeg(content, channels), tf.float32) / 127.5 - 1.0

    return tf.ensure_shape(tf.cond(file.is_png, of_png, of_jpeg), [None, None, channels])


def png(pictures: tf.Tensor) -> tf.Tensor:
    """Pictures float32 [rows, height, width, channels] in [-1, 1] as files, string [rows]."""
    values = tf.cast(tf.round(tf.clip_by_value((pictures + 1.0) * 127.5, 0.0, 255.0)), tf.uint8)
    return tf.map_fn(tf.io.encode_png, values, fn_output_signature=tf.string)


def _begins(values: tf.Tensor, expected: bytes) -> tf.Tensor:
    return tf.reduce_all(values[: len(expected)] == tf.constant(list(expected), tf.uint8))


def _count(values: tf.Tensor, sought: bytes) -> tf.Tensor:
    """How often some bytes occur, int32 []."""
    last = tf.maximum(tf.size(values) - len(sought) + 1, 0)
    begins_here = tf.fill([last], True)
    for offset, value in enumerate(sought):
        begins_here &= values[offset : offset + last] == value
    return tf.reduce_sum(tf.cast(begins_here, tf.int32))


def _check(condition: tf.Tensor, row: tf.Tensor, complaint: str, value: tf.Tensor) -> tf.Operation:
    return tf.debugging.Assert(condition, ["row", row, f"of image_bytes {complaint}", value])
