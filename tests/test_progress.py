"""A run's sample pictures over time: in the order of their steps, whole, and refused where they are not one run's."""

import numpy as np
import pytest
from PIL import Image

from tests import processes


def draw(folder, step, value=0, size=(30, 20), mode="L"):
    folder.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(folder / f"step_{step:06d}.png")


def run(tmp_path, out="progress.gif", **flags):
    asked = [f"--workdir={tmp_path}/run", f"--out={tmp_path}/{out}", *(f"--{key}={flags[key]}" for key in flags)]
    return processes.run(*asked, module="ganzoo.progress", timeout=300)


def test_pictures_are_shown_in_the_order_of_their_steps(tmp_path):
    """Steps of seven digits come after those of six; the last picture stays."""
    for step, value in ((1, 10), (900_000, 60), (1_000_000, 200), (250, 30)):
        draw(tmp_path / "run/samples", step, value)
    draw(tmp_path / "run/samples", 7, 99)
    (tmp_path / "run/samples/step_000007.png").rename(tmp_path / "run/samples/step_7_before.png")
    done = run(tmp_path, fps=5)
    assert done.stdout == f"4 pictures, steps 1 to 1,000,000, in {tmp_path}/progress.gif\n", done.stderr
    with Image.open(tmp_path / "progress.gif") as image:
        corners, durations = [], []
        for number in range(image.n_frames):
            image.seek(number)
            corners.append(image.convert("L").getpixel((0, 0)))
            durations.append(image.info["duration"])
        assert image.size == (240, 180)  # 30 x 20 pixels, eight times as large, and the caption
        assert np.asarray(image.convert("L"))[160:].min() < 100
    assert corners == [10, 30, 60, 200]
    assert durations == [200, 200, 200, 2200]


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda samples: draw(samples, 3, size=(31, 20)), "step_000003.png has another size than the run's last"),
        (lambda samples: (samples / "step_000003.png").write_bytes(b"\x89PNG"), "step_000003.png is no whole picture"),
        (lambda samples: (samples / "step_000009.png").unlink(), "holds no samples/step_*.png: give a run's folder"),
    ],
)
def test_a_folder_that_shows_no_progress_is_one_line(tmp_path, spoil, words):
    draw(tmp_path / "run/samples", 9)
    spoil(tmp_path / "run/samples")
    done = run(tmp_path)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "progress.gif").exists()
