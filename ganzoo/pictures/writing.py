"""Where a command's outputs go: an array (.npz), a grid (.png) or a folder of PNG files, by the name in `--out`."""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo.data.reals import to_float
from ganzoo.errors import GanzooError
from ganzoo.files import check_writable
from ganzoo.pictures import drawing

SHOWN = ("samples", "images", "image_bytes")  # the outputs that are pictures, or points


def check(out: Path) -> None:
    """Raises GanzooError for a name that says none of the three, and for a place where nothing can be written."""
    if out.suffix not in ("", ".png", ".npz"):
        raise GanzooError(
            f"--out is {out}: give a grid's name in .png, an array's in .npz, or a folder's without an end."
        )
    check_writable(out, "--out", is_folder=out.suffix == "")


def shown(outputs: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Those of the outputs that are pictures or points, or None."""
    return next((outputs[name] for name in SHOWN if name in outputs), None)


def write(out: Path, outputs: Mapping[str, np.ndarray], names: list[Path], signature: str) -> None:
    """Writes outputs as an array's, a grid's or a folder's name asks for it.

    Args:
        out: NAME.npz, NAME.png or a folder.
        outputs: by name; what is in a grid or a folder is `shown` of them. Of `image_bytes` each is a file, an object
            array of bytes.
        names: of the files in a folder.
        signature: that the outputs are of, for a message.

    Raises:
        GanzooError: for outputs that are no pictures where a grid or a folder is asked for.
    """
    if out.suffix == ".npz":
        out.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(out, **{name: _decoded(x) if _is_encoded(x) else x for name, x in outputs.items()})
        return
    found = shown(outputs)
    if found is None:
        raise GanzooError(f"signature '{signature}' gives {', '.join(outputs)}: give --out a name in .npz.")
    if out.suffix == ".png":
        drawing.write_png(out, drawing.overview(to_float(_decoded(found)) if _is_encoded(found) else found))
    elif found.ndim != 4 and not _is_encoded(found):
        raise GanzooError("points have no pictures of their own: give --out a name in .png for a plot, or in .npz.")
    else:
        # An encoded picture is decoded and written again, so that a file appears whole or not at all.
        each = (_decoded([one])[0] if _is_encoded(found) else drawing.to_uint8(one) for one in found)
        for name, picture in zip(names, each, strict=True):
            drawing.write_png(out / name, picture)


def png_names(files: list[Path]) -> list[Path]:
    """The files' names as PNGs; where two would have one name, as `a.jpg` and `a.png`, all keep their end before it.

    >>> png_names([Path("a.jpg"), Path("b/a.gif")])
    [PosixPath('a.png'), PosixPath('b/a.png')]
    >>> png_names([Path("a.jpg"), Path("a.png")])
    [PosixPath('a.jpg.png'), PosixPath('a.png.png')]
    """
    names = [file.with_suffix(".png") for file in files]
    if len({str(name).lower() for name in names}) < len(names):  # some file systems take A.png and a.png for the same
        names = [file.with_name(f"{file.name}.png") for file in files]
    return names


def numbered(count: int) -> list[Path]:
    """Names of samples that have none."""
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
