import json
import math

import pytest
import tensorflow_datasets as tfds
from PIL import Image

from benchmarks import growth, growth_data, growth_plots, growth_run
from ganzoo.data.loading import load_parts
from ganzoo.errors import GanzooError
from tests import processes

TIMES = {"8": [0.010, 0.011], "16": [0.015, 0.016], "32": [0.030, 0.030]}


def found(peak, seconds=1.5, sha256="ab"):
    return dict(peak_mb=peak, loaded_mb=peak - 100, load_seconds=seconds, step_seconds=0.05, sha256=sha256)


def memory(**of_last):
    runs = {"10000": found(1000.0), "100000": found(1020.0, **of_last)}
    return {growth.STREAMED: runs, growth.HELD: {"10000": found(1000.0), "100000": found(1150.0)}}


def test_a_generated_set_is_found_with_all_its_pictures(tmp_path):
    """Uneven shards; different pictures, labelled in turn, of 4 x 4 squares."""
    growth_data.write_set(tmp_path, 107, shards=4)
    assert tfds.builder(growth_data.NAME, data_dir=tmp_path).info.splits["train"].num_shards == 4
    parts = load_parts(growth_data.NAME, data_dir=str(tmp_path))
    assert parts.describe()["sizes"] == {"train": 91, "ratio": 8, "test": 8}
    assert parts.shape == (28, 28, 1)
    assert len({picture.tobytes() for picture in parts.train.samples}) == 91
    assert set(parts.train.labels) == set(range(10))
    assert (parts.train.samples[:, ::4, ::4] == parts.train.samples[:, 3::4, 3::4]).all()


def test_growth_is_from_one_value_to_the_next():
    assert growth.growth(TIMES)[1:] == [pytest.approx(1.5), pytest.approx(2.0)]
    assert math.isnan(growth.growth(TIMES)[0])


def test_the_table_of_time_counts_the_pictures_of_each_batch():
    """8 in 10 ms are 800 a second, 32 in 30 ms 1,067, with three digits 1,070; of another sweep every batch has 32."""
    rows = [line.strip("| ").split(" | ") for line in growth.time_table("batch", TIMES).splitlines()[4:]]
    assert rows[0] == ["8", "10.0", "11.0", "-", "800"]
    assert rows[2] == ["32", "30.0", "30.0", "2.00", "1,070"]
    assert "size 32, width 32" in growth.time_table("batch", TIMES)
    assert growth.time_table("width", TIMES).splitlines()[4].endswith("| 3,200 |")


def test_the_table_of_memory_sets_each_way_beside_its_own_smallest_set():
    rows = [line.strip("| ").split(" | ") for line in growth.memory_table(memory()).splitlines()[2:]]
    assert [row[2] for row in rows] == ["streamed", "in memory"] * 2
    assert [row[5] for row in rows] == ["1.00", "1.00", "1.02", "1.15"]
    assert rows[3] == ["100,000", "78.4", "in memory", "1,150", "1,050", "1.15", "1.50", "50.0"]


def test_two_ways_with_other_pictures_are_not_compared():
    growth.check_same(memory())
    with pytest.raises(GanzooError, match="100000 examples differ"):
        growth.check_same(memory(sha256="cd"))


def test_what_was_not_measured_is_left_out():
    assert "growth_memory" not in growth.text({"batch": TIMES})
    assert "growth_step_time" not in growth.text({"memory": memory()})


def test_plots_are_small_pictures(tmp_path):
    """Below the 200 kB that a page should cost."""
    growth_plots.time_plot(dict.fromkeys(growth.SWEEPS, TIMES), growth.USUAL, tmp_path / "time.png")
    growth_plots.memory_plot(memory(), tmp_path / "memory.png")
    for name, size in {"time.png": (960, 320), "memory.png": (520, 340)}.items():
        with Image.open(tmp_path / name) as picture:
            assert picture.size == size
        assert (tmp_path / name).stat().st_size < 200_000


@pytest.mark.slow
def test_a_run_tells_its_memory_and_what_it_trained_on(tmp_path):
    """In a process of its own; in both ways the same pictures."""
    growth_data.write_set(tmp_path, 200)
    done = processes.run(tmp_path, 0, 10, module=growth_run.__name__, cwd=growth.ROOT)
    assert done.returncode == 0, done.stderr
    streamed = json.loads(done.stdout.splitlines()[-1])
    assert 0 < streamed["loaded_mb"] <= streamed["peak_mb"]
    held = load_parts(growth_data.NAME, data_dir=str(tmp_path))
    assert streamed["sha256"] == held.train.sha256()
