"""Writes a command's outputs as an array (.npz), a grid (.png) or a folder of PNG files, by the name in `--out`."""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo.data.reals import to_float
from ganzoo.errors import GanzooError
from ganzoo.files import check_writable, whole
from ganzoo.pictures import drawing

SHOWN = ("samples", "images", "image_bytes")  # the outputs that are pictures, or points


def check(out: Path) -> None:
    """Raises GanzooError if the name has none of the three forms, or if nothing can be written there."""
    if out.suffix not in ("", ".png", ".npz"):
        raise GanzooError(
            f"--out is {out}: give a grid's name in .png, an array's in .npz, or a folder's without an end."
        )
    check_writable(out, "--out", is_folder=out.suffix == "")


def shown(outputs: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """The output that holds pictures or points, or None."""
    return next((outputs[name] for name in SHOWN if name in outputs), None)


def write(out: Path, outputs: Mapping[str, np.ndarray], names: list[Path], signature: str) -> None:
    """Writes outputs as an array, a grid or a folder of files, by the form of the name.

    Args:
        out: NAME.npz, NAME.png or a folder.
        outputs: arrays by name; a grid or a folder shows the array `shown(outputs)`. `image_bytes` is an object array,
            in which each element is the bytes of a file.
        names: the names of the files in a folder.
        signature: the signature that gave the outputs, for a message.

    Raises:
        GanzooError: if a grid or a folder is requested and the outputs have no pictures.
    """
    if out.suffix == ".npz":
        with whole(out) as beside:
            np.savez_compressed(beside, **{name: _decoded(x) if _is_encoded(x) else x for name, x in outputs.items()})
        return
    pictures = shown(outputs)
    if pictures is None:
        raise GanzooError(f"signature '{signature}' gives {', '.join(sorted(outputs))}: give --out a name in .npz.")
    if out.suffix == ".png":
        drawing.write_png(out, drawing.overview(to_float(_decoded(pictures)) if _is_encoded(pictures) else pictures))
    elif pictures.ndim != 4 and not _is_encoded(pictures):
        raise GanzooError("points have no pictures of their own: give --out a name in .png for a plot, or in .npz.")
    else:
        # An encoded picture is decoded and written again, so that a file appears whole or not at all.
        drawn = (_decoded([one])[0] if _is_encoded(pictures) else drawing.to_uint8(one) for one in pictures)
        for name, picture in zip(names, drawn, strict=True):
            drawing.write_png(out / name, picture)


def png_names(files: list[Path]) -> list[Path]:
    """The files' names with the ending .png. If two names would be equal (`a.jpg`, `a.png`), all keep their own ending.

    Names that differ in upper and lower case alone count as equal, since some file systems do not tell them apart. If
    their endings do not help (`a.png`, `A.png`), all but the first get a number.

    >>> png_names([Path("a.jpg"), Path("b/a.gif")])
    [PosixPath('a.png'), PosixPath('b/a.png')]
    >>> png_names([Path("a.jpg"), Path("a.png")])
    [PosixPath('a.jpg.png'), PosixPath('a.png.png')]
    >>> png_names([Path("a.png"), Path("A.png")])
    [PosixPath('a.png.png'), PosixPath('A.png-2.png')]
    """
    names = [file.with_suffix(".png") for file in files]
    if len({str(name).lower() for name in names}) == len(names):
        return names
    taken: set[str] = set()
    names = []
    for file in files:
        name, number = file.with_name(f"{file.name}.png"), 1
        while str(name).lower() in taken:
            number += 1
            name = file.with_name(f"{file.name}-{number}.png")
        taken.add(str(name).lower())
        names.append(name)
    return names


def numbered(count: int) -> list[Path]:
    """Numbers as names, for samples without names."""
    return [Path(f"{index:06d}.png") for index in range(count)]


def _is_encoded(values: np.ndarray) -> bool:
    return values.dtype.kind == "O"


def _decoded(files: Iterable[bytes]) -> np.ndarray:
    """Encoded pictures of one size as uint8 [n, height, width, channels]."""
    decoded = [np.asarray(Image.open(io.BytesIO(content))) for content in files]
    if len({picture.shape for picture in decoded}) > 1:
        raise GanzooError("the pictures are of several sizes: give --out a folder.")
    stacked = np.stack(decoded)
    return stacked[..., None] if stacked.ndim == 3 else stacked
