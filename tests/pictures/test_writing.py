"""Arrays, grids and folders of pictures appear whole or not at all."""

import numpy as np
import pytest

from ganzoo.pictures import writing

SAMPLES = np.linspace(-1, 1, 2 * 8 * 8, dtype=np.float32).reshape(2, 8, 8, 1)


def test_an_array_whose_writing_fails_leaves_the_one_that_was_there(tmp_path, monkeypatch):
    out = tmp_path / "new" / "samples.npz"
    writing.write(out, {"samples": SAMPLES}, [], "drs")

    def full(file, **arrays):
        file.write_bytes(b"PK")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space left"):
        writing.write(out, {"samples": 2 * SAMPLES}, [], "drs")
    assert list(out.parent.iterdir()) == [out]
    np.testing.assert_array_equal(np.load(out)["samples"], SAMPLES)
