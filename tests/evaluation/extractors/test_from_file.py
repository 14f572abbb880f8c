"""Features that are kept on disk, and an evaluation by a network from a file."""

import keras
import numpy as np
import pytest

from ganzoo.data.reals import Reals
from ganzoo.errors import GanzooError
from ganzoo.evaluation import extractors
from ganzoo.evaluation.evaluator import Evaluator
from tests.conftest import shapes

PRDC = ("precision", "recall", "density", "coverage")


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """Means over 4 x 4 pixels: 16 features."""
    inputs = keras.Input((16, 16, 1))
    values = keras.layers.Flatten()(keras.layers.AveragePooling2D(4)(inputs))
    path = tmp_path_factory.mktemp("net") / "net.keras"
    keras.Model(inputs, values).save(path)
    return extractors.load(path)


def test_the_reals_features_are_computed_once(load, tmp_path, monkeypatch):
    reals = shapes(40)
    first = load((16, 16, 1)).kept(reals, tmp_path)
    again = load((16, 16, 1))
    monkeypatch.setattr(again, "features", lambda samples: pytest.fail("computed again"))
    np.testing.assert_array_equal(again.kept(reals, tmp_path), first)


def test_other_reals_have_features_of_their_own(load, tmp_path):
    extractor = load((16, 16, 1))
    first = extractor.kept(shapes(40), tmp_path)
    assert not np.array_equal(extractor.kept(shapes(40, seed=1), tmp_path), first)
    assert len(list((tmp_path / "features").iterdir())) == 2


def test_a_damaged_file_is_computed_again(load, tmp_path):
    extractor = load((16, 16, 1))
    first = extractor.kept(shapes(40), tmp_path)
    (file,) = (tmp_path / "features").iterdir()
    file.write_bytes(file.read_bytes()[:200])
    np.testing.assert_array_equal(extractor.kept(shapes(40), tmp_path), first)


def test_pictures_are_measured_in_the_files_features(load, tmp_path):
    """All six metrics, by the extractor's name and the count; the negative of the pictures is far away."""
    train, test = Reals("folder:x", shapes(120)), Reals("folder:x", shapes(60, seed=1))
    evaluator = Evaluator(train, test, extractor=load, cache=tmp_path)
    name = evaluator.suite.extractor.name
    found, negative = evaluator.measure(shapes(80, seed=2)), evaluator.measure(255 - shapes(80, seed=2))
    assert list(found) == list(evaluator.floor(80)) == [f"{metric}_{name}60" for metric in ("fd", "kd", *PRDC)]
    assert found[f"fd_{name}60"] < negative[f"fd_{name}60"] / 10
    assert found[f"precision_{name}60"] > 0.8 > 0.1 > negative[f"precision_{name}60"]


def test_too_few_pictures_are_counted_aloud(load, capsys):
    """20 for 16 features: 32 are needed for a Frechet distance."""
    evaluator = Evaluator(Reals("folder:x", shapes(30)), Reals("folder:x", shapes(20, seed=1)), extractor=load)
    assert not any(name.startswith("fd") for name in evaluator.measure(shapes(20, seed=2)))
    said = capsys.readouterr().err
    assert "20 samples are compared with as many of the 20 test pictures" in said
    assert "32 for the Frechet distance" in said


def test_one_test_picture_is_refused(load):
    with pytest.raises(GanzooError, match="has 30 pictures to train on and 1 to measure against.* needs 2 of each"):
        Evaluator(Reals("folder:x", shapes(30)), Reals("folder:x", shapes(1)), extractor=load)


def test_points_have_no_extractor(load):
    points = Reals("swissroll", np.zeros((30, 2), np.float32))
    with pytest.raises(GanzooError, match="--feature_extractor is for pictures, and 'swissroll' has points"):
        Evaluator(points, points, extractor=load)
