"""Pictures that move: frames written as GIF, WebP, animated PNG or MP4, by the name of the file."""

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo.errors import GanzooError, install_hint
from ganzoo.files import check_writable, whole

FORMATS = {".gif": "GIF", ".webp": "WEBP", ".apng": "PNG", ".mp4": "MP4"}
MOST_SIDE = {".gif": 65_535, ".webp": 16_383, ".apng": 2**31 - 1, ".mp4": 4_096}  # pixels, of the formats
COPIES = 3  # of all frames in memory while Pillow compares and packs them
MOST_SHARE = 0.5  # of the machine's memory that frames may take
FASTEST = 50  # frames a second: GIF counts time in hundredths, and browsers show no frame for less than two


def check(out: Path, fps: int) -> None:
    """Checks before the work starts that an animation can be written.

    Raises:
        GanzooError: for another ending, for a place that cannot be written, for a rate that no format has, and for .mp4
            without its package.
    """
    check_writable(out, "--out", is_folder=False)
    if out.suffix.lower() not in FORMATS:
        raise GanzooError(f"--out is {out}: give an animation's name in {', '.join(FORMATS)}.")
    if not 1 <= fps <= FASTEST:
        raise GanzooError(f"--fps is {fps}, expected 1 .. {FASTEST} frames a second.")
    if out.suffix.lower() == ".mp4":
        _av()


def check_size(out: Path, count: int, shape: tuple[int, int, int]) -> None:
    """Refuses more frames, or larger ones, than the memory or the format holds.

    Args:
        out: the file's name.
        count: the number of frames.
        shape: (height, width, channels) of a frame.

    Raises:
        GanzooError: for too many or too large frames.
    """
    suffix = out.suffix.lower()
    if max(shape[:2]) > MOST_SIDE[suffix]:
        raise GanzooError(
            f"a frame has {shape[1]} x {shape[0]} pixels, and {suffix} takes at most {MOST_SIDE[suffix]} a side: give "
            "fewer pictures."
        )
    needed, total = COPIES * count * int(np.prod(shape)), _memory()
    if suffix != ".mp4" and needed > MOST_SHARE * total:
        raise GanzooError(
            f"{count} frames of {shape[1]} x {shape[0]} pixels take about {needed / 1e9:.3g} GB of memory, and this "
            f"machine has {total / 1e9:.3g} GB. Give fewer frames, or --out a name in .mp4, which needs one at a time."
        )


def write(out: Path, frames: Iterator[np.ndarray], *, fps: int, hold: float = 0.0) -> None:
    """Writes frames that begin again after the last one, whole or not at all. An .mp4 leaves that to the player.

    .webp and .apng keep every bit, as .gif does of grey pictures; .gif has 256 colours for a frame.

    Args:
        out: a name that `check` accepts.
        frames: uint8 [height, width, 1 or 3], all of one shape; at least one.
        fps: frames a second.
        hold: seconds for which the last frame stays.
    """
    with whole(out) as beside:
        if out.suffix.lower() == ".mp4":
            _write_video(beside, frames, fps, hold)
            return
        pictures = [Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame) for frame in frames]
        durations = [round(1000 / fps)] * len(pictures)
        durations[-1] += round(1000 * hold)
        options = dict(lossless=True) if out.suffix.lower() == ".webp" else {}
        pictures[0].save(
            beside,
            format=FORMATS[out.suffix.lower()],
            save_all=True,
            append_images=pictures[1:],
            duration=durations,
            loop=0,
            **options,
        )


def enlarged(picture: np.ndarray, least_side: int = 224) -> np.ndarray:
    """The picture [height, width, channels] with each pixel repeated, until its longer side has `least_side` pixels."""
    factor = max(-(-least_side // max(picture.shape[:2])), 1)
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def _write_video(path: Path, frames: Iterator[np.ndarray], fps: int, hold: float) -> None:
    first = next(frames)
    height, width = (side + side % 2 for side in first.shape[:2])  # 4:2:0 has one colour for two by two pixels
    with _av().open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in chain([first], frames):
            last = frame
            _encode(container, stream, frame, (height, width))
        for _ in range(round(hold * fps)):
            _encode(container, stream, last, (height, width))
        container.mux(stream.encode())


def _encode(container, stream, frame: np.ndarray, sides: tuple[int, int]) -> None:
    height, width = sides
    frame = np.pad(frame, ((0, height - frame.shape[0]), (0, width - frame.shape[1]), (0, 0)), mode="edge")
    frame = np.ascontiguousarray(np.broadcast_to(frame, (height, width, 3)))
    container.mux(stream.encode(_av().VideoFrame.from_ndarray(frame, format="rgb24")))


def _av():
    try:
        import av
    except ImportError as error:
        raise GanzooError(f".mp4 needs PyAV: {install_hint('video')}.") from error
    return av


def _memory() -> int:
    """Bytes of the machine's memory; very many where the system does not say."""
    if not hasattr(os, "sysconf"):
        return 2**62
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 2**62
