"""Files as people and attackers send them: each comes out as its picture, or its row and what is wrong are named."""

import io
import struct
import time
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ganzoo.data import framing
from ganzoo.export import encoded_pictures

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
RGB = np.stack([RAMP, RAMP.T, 255 - RAMP], -1)


def saved(picture, format="PNG", **options):
    file = io.BytesIO()
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    picture.save(file, format, **options)
    return file.getvalue()


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(width, height, rows=b"", depth=8, colour_type=0):
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    chunks = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b"")
    return encoded_pictures.PNG_SIGNATURE + b"".join(chunks)


@pytest.fixture(scope="module")
def decode():
    """(content, channels) -> the picture, by one graph for each number of channels."""

    def graph(channels):
        @tf.function(input_signature=[tf.TensorSpec([], tf.string)], autograph=False)
        def decoded(content):
            return encoded_pictures.pixels(encoded_pictures.header(content, tf.constant(3), 1_000_000), channels)

        return decoded

    graphs = {channels: graph(channels) for channels in (1, 3)}
    return lambda content, channels: graphs[channels](tf.constant(content)).numpy()


ALPHA = np.full((16, 16), 255, np.uint8)
ALPHA[4:9, 2:12] = 100
ALPHA[10:] = 0
PALETTE = Image.fromarray(RGB).quantize(6)
PNGS = {
    "grey": RAMP,
    "grey and alpha": Image.merge("LA", [Image.fromarray(RAMP), Image.fromarray(ALPHA)]),
    "one bit": Image.fromarray(RAMP).convert("1"),
    "colours": RGB,
    "colours and alpha": np.dstack([RGB, ALPHA]),
    "palette": PALETTE,
    "16 bits": (RAMP.astype(np.uint16) * 257),
    "16 bits, not of 8": (RAMP.astype(np.uint16) * 256 + 77),
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", [*PNGS, "palette with a transparent colour"])
def test_every_kind_of_png_is_what_it_is_to_those_who_train(decode, kind, channels):
    """As `framing.upright` has it for a folder of pictures: transparent on white, 16 bits to their full range."""
    options = {} if kind in PNGS else dict(transparency=2)
    content = saved(PNGS.get(kind, PALETTE), **options)
    expected = framing.upright(Image.open(io.BytesIO(content))).convert("L" if channels == 1 else "RGB")
    found = (decode(content, channels) + 1) * 127.5
    assert found.shape == (16, 16, channels)
    np.testing.assert_allclose(found, np.asarray(expected).reshape(found.shape), atol=1.01)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("options", [{}, dict(progressive=True), dict(exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0")])
def test_a_jpeg_is_what_it_shows(decode, options, channels):
    content = saved(Image.fromarray(RAMP).convert("RGB"), "JPEG", quality=95, **options) + b"what a phone adds"
    np.testing.assert_allclose((decode(content, channels)[..., 0] + 1) * 127.5, RAMP, atol=8)


def test_eight_bits_are_what_a_client_that_decodes_by_itself_sends(decode):
    np.testing.assert_allclose(decode(saved(RGB), 3), RGB.astype(np.float32) / np.float32(127.5) - 1, atol=3e-7)


NEITHER, SHORT = "is neither a PNG nor a JPEG; its bytes are", "is cut short: it has no end"
JPEG = saved(RGB, "JPEG")
SCANS = saved(Image.fromarray(RGB), "JPEG", progressive=True)
SCAN = SCANS[SCANS.rindex(b"\xff\xda") : -2]
REFUSED = {
    "nothing": (b"", NEITHER),
    "text": (b"GET / HTTP/1.1", NEITHER),
    "a signature alone": (encoded_pictures.PNG_SIGNATURE, NEITHER),
    "a GIF": (saved(RAMP, "GIF"), NEITHER),
    "an animated GIF": (saved(RAMP, "GIF", save_all=True, append_images=[Image.fromarray(RAMP.T)]), NEITHER),
    "a BMP": (saved(RGB, "BMP"), NEITHER),
    "a WebP": (saved(RGB, "WEBP"), NEITHER),
    "half a PNG": (saved(RGB)[:-20], SHORT),
    "a PNG's header": (saved(RGB)[:33], SHORT),
    "half a JPEG": (JPEG[: len(JPEG) // 2], SHORT),
    "a JPEG's first bytes": (JPEG[:3], SHORT),
    "a JPEG in CMYK": (saved(Image.fromarray(RGB).convert("CMYK"), "JPEG"), "is a JPEG in CMYK"),
    "a megabyte of nothing": (saved(RGB) + bytes(1_000_000), "has more than 1000000 bytes"),
    "a JPEG of a thousand scans": (SCANS[:-2] + SCAN * 1000 + SCANS[-2:], "is a JPEG of more than 500 scans"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_whole_picture_is_refused_with_its_row(decode, what):
    content, said = REFUSED[what]
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"\[row\] \[3\] \[of image_bytes {said}"):
        decode(content, 1)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_file_with_any_byte_changed_is_a_picture_or_an_error(decode, channels):
    """Sixty files each of PNG and JPEG, three random bytes changed in each."""
    rng, refused = np.random.default_rng(0), 0
    for content in (saved(RGB), JPEG):
        for _ in range(60):
            changed = np.frombuffer(content, np.uint8).copy()
            changed[rng.integers(len(changed), size=3)] = rng.integers(256, size=3)
            try:
                assert np.isfinite(decode(changed.tobytes(), channels)).all()
            except tf.errors.InvalidArgumentError:
                refused += 1
    assert refused > 20


@pytest.mark.parametrize("sides", [(30_000, 30_000), (2**31 - 1, 2**31 - 1), (2**32 - 1, 1)])
def test_the_header_tells_a_bombs_sides_without_decoding_it(sides):
    """A few kilobytes that would be 900 megabytes or more of pixels."""
    rows = (b"\0" * 30_001) * 300
    content = png_of(*sides, rows)
    assert len(content) < 20_000
    start = time.process_time()
    file = encoded_pictures.header(tf.constant(content), tf.constant(0), 1_000_000)
    assert file.sides.numpy().tolist() == list(sides[::-1])
    assert time.process_time() - start < 1.0
