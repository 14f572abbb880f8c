"""A folder of pictures through a signature: the one way of `ganzoo.sample --input_dir` and of the serving client.

Each picture keeps its own width and height where the signature takes them. Otherwise it gets the nearest sides that the
signature takes. A requested size makes all pictures squares of that side, as in training.
"""

import io
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from ganzoo.data import framing
from ganzoo.data.reals import to_float
from ganzoo.data.sources import folder, folder_files
from ganzoo.data.sources.folder_files import Reason
from ganzoo.errors import GanzooError
from ganzoo.pictures import writing
from ganzoo.serving import asking
from ganzoo.serving.answers import joined
from ganzoo.serving.connection import Connection, Refused

SIDES = re.compile(r"height and width must be multiples of (\d+), (\d+) to (\d+), got")
MOST_ROWS = 32  # pictures in a request
MOST_PIXELS = 8 * 1024**2  # pixels in a request; the exports' usual limit


class Sides(NamedTuple):
    """The widths and heights that a signature takes, in pixels: multiples of a number within bounds."""

    multiple: int
    smallest: int
    largest: int

    def nearest(self, width: int, height: int) -> tuple[int, int]:
        """The sides to resize a picture to: the picture's own, or the nearest with about the same proportions.

        >>> sides = Sides(4, 16, 1024)
        >>> sides.nearest(256, 256), sides.nearest(301, 199), sides.nearest(3000, 1500), sides.nearest(10, 20)
        ((256, 256), (300, 200), (1024, 512), (16, 32))
        """
        scale = max(self.smallest / min(width, height), 1.0) * min(self.largest / max(width, height), 1.0)
        low, high = -(-self.smallest // self.multiple), self.largest // self.multiple
        return tuple(
            self.multiple * min(max(round(side * scale / self.multiple), low), high) for side in (width, height)
        )


class Transformed(NamedTuple):
    """What became of a folder.

    Attributes:
        count: the pictures in the output.
        expected: the pictures that were read.
    """

    count: int
    expected: int


def transform(
    connection: Connection,
    signature: str,
    input_dir: str,
    out: Path,
    *,
    size: int = 0,
    seed: int = 0,
    domain: int | None = None,
    max_per_request: int | None = None,
    **options,
) -> Transformed:
    """Sends every picture below a folder through a signature and writes the outputs.

    `folder_files.find` says which files count as pictures. One line on standard error counts what was read and what was
    left out. Another one says how many pictures were resized.

    Args:
        connection: a connection to the model.
        signature: the signature's name; it takes pictures, as arrays or encoded.
        input_dir: the folder, read recursively; the folder `out` in it is left out.
        out: NAME.npz, NAME.png or a folder, which gets a PNG for each picture.
        size: pixels a side; pictures are cropped to their centre square and resized. 0 keeps their own size.
        seed: any whole number, for a signature that takes a seed; each request gets its own stream of noise.
        domain: the number of the domain to translate to, for a signature that takes domains.
        max_per_request: pictures in a request; None is up to 32.
        **options: the signature's other inputs.

    Raises:
        GanzooError: if the folder has no readable picture, if `out` is the folder itself, for a size that the signature
            does not take, for pictures of several sizes if `out` is no folder, if every candidate was rejected, and as
            in `asking.transform`.
    """
    root = folder.existing(input_dir, given="--input_dir")
    is_folder = out.suffix == ""
    if is_folder and out.resolve() == root.resolve():
        raise GanzooError(
            f"--out is {out}, whose pictures would be overwritten: it is --input_dir. Give another --out."
        )
    found = folder_files.find(root, without=[out] if is_folder else [])
    left_out = dict(found.left_out)
    reader = _Reader(connection, signature, size)
    names = dict(zip(found.files, writing.png_names([file.relative_to(root) for file in found.files]), strict=True))

    request = dict(seed=seed, domain=domain, **options)
    taken: list[Path] = []
    answers: list[dict[str, np.ndarray]] = []
    count = 0
    for files, pictures in _groups(found.files, reader, max_per_request or MOST_ROWS, left_out):
        first = len(taken)
        taken += files
        answer = reader.ask(pictures, first_request=first, max_per_request=len(files), **request)
        rows = answer.get("rows", np.arange(len(files)))
        if is_folder and len(rows):
            writing.write(out, answer, [names[files[row]] for row in rows], signature)
        if not is_folder:
            answers.append(answer | ({"rows": rows + first} if "rows" in answer else {}))
        count += len(rows)

    folder.check_any(root, taken, left_out)
    print(folder_files.summary(root, len(taken), left_out), file=sys.stderr)
    if reader.note:
        print(f"ganzoo: {reader.note}", file=sys.stderr)
    if count == 0:
        raise GanzooError("every candidate was rejected within the bound; try a lower --gamma_percentile.")
    if not is_folder:
        shapes = {pictures.shape[1:] for answer in answers if (pictures := writing.shown(answer)) is not None}
        if len(shapes) > 1:
            raise GanzooError("the pictures are of several sizes: give --out a folder, or one --size.")
        writing.write(out, joined(answers), [], signature)
    return Transformed(count, len(taken))


class _Reader:
    """Pictures as a signature takes them; what it takes is learned from its specs and from its first refusal."""

    def __init__(self, connection: Connection, signature: str, size: int):
        self.connection, self.signature, self.size = connection, signature, size
        self.name = asking.takes(connection, signature)
        self.fixed, self.channels, self.sides = None, None, None
        self.count = self.resized = 0
        if size * size > MOST_PIXELS:
            raise GanzooError(f"--size is {size}, expected at most {math.isqrt(MOST_PIXELS)}.")
        if self.name != "image_bytes":
            *_, height, width, self.channels = connection.signature(signature).inputs[self.name].shape
            if height and width:
                self.fixed = (width, height)
        if size and self.fixed and self.fixed != (size, size):
            width, height = self.fixed
            raise GanzooError(
                f"--size is {size}, but signature '{signature}' takes pictures of {width} x {height} alone: leave "
                "--size out."
            )

    def target(self, width: int, height: int) -> tuple[int, int]:
        """The width and height in which a picture of this width and height is sent."""
        if self.size:
            return self.size, self.size
        return self.fixed or (self.sides.nearest(width, height) if self.sides else (width, height))

    def framed(self, image: Image.Image) -> Image.Image:
        """The picture as it is sent: cut to the proportions of a requested size, otherwise whole."""
        sides = self.target(*image.size)
        if self.keeps_own_sizes:
            return image if sides == image.size else image.resize(sides, Image.Resampling.LANCZOS)
        if sides[0] == sides[1]:  # as in training
            return Image.fromarray(framing.fit(image, sides[0], 1 if image.mode == "L" else 3).squeeze())
        return ImageOps.fit(image, sides, Image.Resampling.LANCZOS)

    @property
    def keeps_own_sizes(self) -> bool:
        return not self.size and self.fixed is None

    def ask(self, pictures: list[Image.Image], **request) -> dict[str, np.ndarray]:
        """The signature's answer for pictures of one size. A refusal of their sides teaches `sides`."""
        framed = [self.framed(picture) for picture in pictures]
        try:
            answer = self._send(framed, **request)
        except Refused as refused:
            sides = SIDES.search(str(refused))
            if not self.keeps_own_sizes or self.sides is not None or sides is None:
                raise
            self.sides = Sides(*map(int, sides.groups()))
            framed = [self.framed(picture) for picture in pictures]
            answer = self._send(framed, **request)
        self.count += len(pictures)
        if self.keeps_own_sizes:
            self.resized += sum(one.size != other.size for one, other in zip(framed, pictures, strict=True))
        return answer

    @property
    def note(self) -> str:
        """How many pictures do not have their own size; empty if all have."""
        if not self.resized:
            return ""
        multiple, smallest, largest = self.sides
        return (
            f"resized {self.resized} of {self.count} pictures: '{self.signature}' takes sides that are multiples of "
            f"{multiple}, {smallest} to {largest} pixels. --size gives all pictures one size."
        )

    def _send(self, framed: list[Image.Image], **request) -> dict[str, np.ndarray]:
        if self.name == "image_bytes":
            sent = np.array([_png(picture) for picture in framed], object)
        else:
            arrays = [np.asarray(one.convert("L" if self.channels == 1 else "RGB")) for one in framed]
            sent = to_float(np.stack(arrays).reshape(len(arrays), *arrays[0].shape[:2], self.channels))
        return asking.transform(self.connection, self.signature, sent, **request)


def _groups(
    files: list[Path], reader: _Reader, most: int, left_out: dict[Path, Reason]
) -> Iterator[tuple[list[Path], list[Image.Image]]]:
    """The readable pictures in the order of their names, in groups of one framed size that make a request each."""
    group: list[tuple[Path, Image.Image]] = []
    for file in files:
        image = folder.opened(file, 0 if reader.keeps_own_sizes else max(reader.target(0, 0)))
        if isinstance(image, Reason):
            left_out[file] = image
            continue
        if group:
            width, height = reader.target(*image.size)
            is_full = len(group) >= min(most, max(MOST_PIXELS // (width * height), 1))
            if is_full or (width, height) != reader.target(*group[-1][1].size):
                yield [file for file, _ in group], [picture for _, picture in group]
                group = []
        group.append((file, image))
    if group:
        yield [file for file, _ in group], [picture for _, picture in group]


def _png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
