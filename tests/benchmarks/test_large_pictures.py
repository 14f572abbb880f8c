import ganzoo
from benchmarks import large_pictures
from tests.conftest import TINY


def test_each_part_is_measured(monkeypatch):
    """On tiny pictures and networks: seconds above 0, and the longest round is no shorter than the median."""
    create = ganzoo.create
    monkeypatch.setattr(ganzoo, "create", lambda name, image_shape: create(name, image_shape=image_shape, **TINY[name]))
    monkeypatch.setattr(large_pictures, "ROUNDS", 2)
    monkeypatch.setattr(large_pictures, "SAMPLING", dict(batch_size=4, burn_in=8))
    for part in ("forward", "step", "export"):
        found = large_pictures.measure(part, "stylegan2", side=16, batch_size=2)
        assert 0 < found["seconds"] <= found["longest"]
        assert found["memory_mb"] > 100


def test_the_table_has_a_row_for_each_part_and_side():
    row = dict(seconds=0.25, longest=0.5, memory_mb=1234.5)
    text = large_pictures.table("stylegan2", {("forward", 64): row, ("step", 256): row}, batch_size=16)
    assert "| 64 x 64 | forward pass | 0.250 | 0.500 | 1,234 |" in text
    assert "| 256 x 256 | training step | 0.250 | 0.500 | 1,234 |" in text
    assert "--sides=64,256 --batch_size=16`" in text
