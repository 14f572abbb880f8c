"""Shows how a run's samples became what they are: its sample pictures over time, as one picture that moves.

    python -m ganzoo.progress --workdir runs/wgan_gp-mnist_5k-0 --out progress.gif

The pictures are the run's `samples/step_*.png`, of the same latents at every step. The ending in --out is .gif, .webp,
.apng or .mp4. A run that is still training can be shown, too.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from ganzoo import cli
from ganzoo.errors import GanzooError

if TYPE_CHECKING:
    import numpy as np

FLAGS = flags.FLAGS
CAPTION = 20  # pixels below the picture
HOLD = 2.0  # seconds for which the last picture stays


def main() -> int:
    from ganzoo.pictures import animation

    out = Path(FLAGS.out)
    animation.check(out, FLAGS.fps)
    paths = pictures_of(Path(FLAGS.workdir))
    first, last = min(paths), max(paths)
    shape = captioned(paths[last], "").shape
    animation.check_size(out, len(paths), shape)
    frames = (same_shape(path, captioned(path, f"step {step:,}"), shape) for step, path in paths.items())
    animation.write(out, frames, fps=FLAGS.fps, hold=HOLD)
    print(f"{len(paths)} pictures, steps {first:,} to {last:,}, in {out}")
    return 0


def pictures_of(workdir: Path) -> dict[int, Path]:
    """As `drawing.sample_pictures`.

    Raises:
        GanzooError: if there are none.
    """
    from ganzoo.pictures import drawing

    paths = drawing.sample_pictures(workdir)
    if not paths:
        what = "is no folder" if not workdir.is_dir() else "holds no samples/step_*.png"
        raise GanzooError(
            f"{workdir} {what}: give a run's folder. A run draws its first picture with its first step, and one more "
            "every config.sample_every steps."
        )
    return paths


def captioned(path: Path, caption: str) -> "np.ndarray":
    """The picture in a file with words below it, uint8 [height, width, 1 or 3]."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    from ganzoo.pictures.animation import enlarged

    try:
        with Image.open(path) as image:
            picture = enlarged(np.atleast_3d(np.asarray(image.convert("L" if image.mode == "L" else "RGB"))))
    except (OSError, SyntaxError) as error:  # Pillow's errors for a broken file
        raise GanzooError(f"{path} is no whole picture ({error}). Remove it, or let the run draw it again.") from error
    height, width, channels = picture.shape
    sheet = Image.new("L" if channels == 1 else "RGB", (width, height + CAPTION), "white")
    sheet.paste(Image.fromarray(picture[..., 0] if channels == 1 else picture))
    font = ImageFont.load_default(CAPTION * 0.7)
    ImageDraw.Draw(sheet).text((width / 2, height + CAPTION / 2), caption, fill="black", font=font, anchor="mm")
    return np.atleast_3d(np.asarray(sheet))


def same_shape(path: Path, frame: "np.ndarray", shape: tuple[int, ...]) -> "np.ndarray":
    """The frame, if it has the shape of the last one.

    Raises:
        GanzooError: for another shape.
    """
    if frame.shape != shape:
        raise GanzooError(f"{path} has another size than the run's last picture: is it another run's? Remove it.")
    return frame


if __name__ == "__main__":
    flags.DEFINE_string("workdir", None, "the run's folder", required=True)
    flags.DEFINE_string("out", None, "NAME.gif, .webp, .apng or .mp4", required=True)
    flags.DEFINE_integer("fps", 4, "pictures a second")
    cli.run(main)
