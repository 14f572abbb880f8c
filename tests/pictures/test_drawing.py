import numpy as np
import pytest
from PIL import Image

from ganzoo.pictures import drawing


def test_the_range_maps_to_bytes_with_rounding_and_clipping():
    assert drawing.to_uint8([-1, 0, 1, 2, -3]).tolist() == [0, 128, 255, 255, 0]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_grid_holds_every_picture_in_reading_order(channels):
    images = np.stack([np.full((4, 4, channels), value) for value in (-1.0, 0.0, 1.0)])
    sheet = drawing.grid(images, columns=2)
    assert sheet.shape == (10, 10, channels)
    assert [sheet[0, 0, 0], sheet[0, 6, 0], sheet[6, 0, 0]] == [0, 128, 255]


@pytest.mark.parametrize("channels", [1, 3])
def test_png_files_come_back_as_written(tmp_path, channels):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)
    drawing.write_png(tmp_path / "new" / "picture.png", picture)
    np.testing.assert_array_equal(
        np.array(Image.open(tmp_path / "new" / "picture.png")).reshape(5, 7, channels), picture
    )
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["picture.png"]


def test_a_scatter_plot_shows_its_points():
    """Blue dots appear where there are points, and none without."""
    reals = np.random.default_rng(0).normal(size=(50, 2))
    blue = [int((np.ptp(drawing.scatter(points, reals), axis=-1) > 50).sum()) for points in (reals, np.zeros((0, 2)))]
    assert blue[0] > 100
    assert blue[1] == 0
