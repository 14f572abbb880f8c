"""Frames in files that move: kept bit for bit where the format can, refused where it cannot."""

import numpy as np
import pytest
from PIL import Image

from ganzoo.errors import GanzooError
from ganzoo.pictures import animation


def noise(count=5, height=13, width=17, channels=1):
    return np.random.default_rng(0).integers(0, 256, (count, height, width, channels), np.uint8)


def read(path):
    with Image.open(path) as image:
        frames, durations = [], []
        for number in range(image.n_frames):
            image.seek(number)
            frames.append(np.asarray(image.convert("RGB")))
            durations.append(image.info["duration"])
    return np.array(frames), durations, image.info.get("loop")


@pytest.mark.parametrize("name, channels", [("a.gif", 1), ("a.webp", 1), ("a.webp", 3), ("a.apng", 1), ("a.apng", 3)])
def test_frames_keep_their_bits_and_begin_again(tmp_path, name, channels):
    frames = noise(channels=channels)
    animation.write(tmp_path / name, iter(frames), fps=20, hold=0.5)
    found, durations, loop = read(tmp_path / name)
    np.testing.assert_array_equal(found, np.broadcast_to(frames, (5, 13, 17, 3)))
    assert loop == 0
    assert durations == [50, 50, 50, 50, 550]


def test_a_gif_in_colour_is_near(tmp_path):
    """A picture of 64 colours has no more than GIF's 256, so that all of them are kept."""
    frames = noise(channels=3) // 64 * 64
    animation.write(tmp_path / "a.gif", iter(frames), fps=10)
    np.testing.assert_array_equal(read(tmp_path / "a.gif")[0], frames)


def test_a_video_has_every_frame_and_even_sides(tmp_path):
    av = pytest.importorskip("av")
    frames = np.stack([np.full((13, 17, 1), level, np.uint8) for level in (20, 120, 220)])
    animation.check(tmp_path / "a.mp4", 25)
    animation.write(tmp_path / "a.mp4", iter(frames), fps=25, hold=0.08)
    with av.open(str(tmp_path / "a.mp4")) as container:
        found = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert [frame.shape for frame in found] == [(14, 18, 3)] * 5
    np.testing.assert_allclose([frame.mean() for frame in found], [20, 120, 220, 220, 220], atol=4)


def test_a_failure_on_the_way_leaves_the_file_that_was_there(tmp_path):
    (tmp_path / "a.gif").write_text("before")

    def broken():
        yield noise()[0]
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        animation.write(tmp_path / "a.gif", broken(), fps=10)
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]
    assert (tmp_path / "a.gif").read_text() == "before"


def test_small_pictures_are_enlarged_by_whole_pixels():
    picture = noise(1, 28, 20)[0]
    large = animation.enlarged(picture)
    assert large.shape == (224, 160, 1)
    np.testing.assert_array_equal(large[::8, ::8], picture)
    assert animation.enlarged(noise(1, 300, 20)[0]).shape == (300, 20, 1)


def test_what_cannot_be_written_is_refused_before_the_work(tmp_path, monkeypatch):
    for name in ("a.bmp", "a", "a.png"):
        with pytest.raises(GanzooError, match=f"{name}: give an animation's name in .gif, .webp, .apng, .mp4"):
            animation.check(tmp_path / name, 25)
    for fps in (0, 51):
        with pytest.raises(GanzooError, match=f"--fps is {fps}, expected 1 .. 50"):
            animation.check(tmp_path / "a.gif", fps)
    (tmp_path / "b.gif").mkdir()
    with pytest.raises(GanzooError, match="it is a folder"):
        animation.check(tmp_path / "b.gif", 25)
    with pytest.raises(GanzooError, match="100000000 frames of 300 x 200 pixels take about 1.8e[+]04 GB of memory"):
        animation.check_size(tmp_path / "a.gif", 100_000_000, (200, 300, 1))
    animation.check_size(tmp_path / "a.mp4", 100_000_000, (200, 300, 1))
    with pytest.raises(GanzooError, match="a frame has 20000 x 20 pixels, and .webp takes at most 16383 a side"):
        animation.check_size(tmp_path / "a.webp", 1, (20, 20_000, 1))
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(GanzooError, match=r"[.]mp4 needs PyAV: pip install 'ganzoo-tf\[video\]'"):
        animation.check(tmp_path / "a.mp4", 25)
