import json
import time
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ganzoo.data.reals import Reals, to_float
from ganzoo.errors import GanzooError
from ganzoo.evaluation.evaluator import Evaluator
from ganzoo.evaluation.sampling_report import calibration, codes, describe, evaluate, features
from tests.conftest import shapes


@pytest.mark.parametrize(("z", "warned"), [(-3.5, True), (0.4, False), (3.5, True)])
def test_a_dawids_z_beyond_three_is_a_warning(z, warned):
    """Whichever its sign; the table of samplers has no row for it."""
    metrics = {"generate": {"jsd_10k": 0.1}, "log_ratio": {"dawids_z": z, "log_loss": 0.5, "brier": 0.2}}
    said = describe(metrics)
    assert ("not calibrated" in said) == warned
    assert f"Dawid's Z {z:.2f}, log loss 0.500" in said
    assert not any(line.startswith("log_ratio") for line in said.splitlines())


@pytest.mark.parametrize(("metric", "said"), [("modes_digits26k", 1), ("modes_10k", 0)])
def test_the_classifier_that_counts_modes_is_stated_once(metric, said):
    """With its accuracy; the modes of Gaussian mixtures need none."""
    rows = {"generate": {metric: 900.0}, "floor": {metric: 1000.0}}
    assert describe(rows).count("right on 99.52% of MNIST's test images") == said


def test_an_export_without_a_density_ratio_has_no_calibration():
    class Plain:
        signatures = ("generate", "score")

    assert calibration(Plain(), parts=None) == {}


def test_the_calibration_is_that_of_the_test_part_against_as_many_samples(tmp_path):
    """Log ratios of 1 for reals and -1 for fakes: log loss log(1 + 1/e), Z 0 and a diagram."""

    class Exported:
        signatures, is_conditional = ("drs",), False

        def draw(self, signature, count, seed, labels):
            return {"samples": np.full((count, 2), -1.0, np.float32)}

        def score(self, samples, labels):
            return {"log_ratio": samples[:, 0]}

    class Parts:
        class test:
            samples = np.ones((50, 2), np.float32)

    found = calibration(Exported(), Parts, plot=tmp_path / "reliability.png")
    assert found["log_loss"] == pytest.approx(np.log1p(np.exp(-1.0)))
    assert found["dawids_z"] == pytest.approx(0.0, abs=1e-9)
    assert (tmp_path / "reliability.png").stat().st_size > 1000


def test_the_speed_counts_the_samples_that_a_sampler_found():
    """500 asked for, 5 found in .2 s within the bound on proposals: at most 25 a second, and not 2,500."""

    class Exported:
        signatures, is_conditional = ("drs", "propose"), False

        def proposals_per_second(self):
            return 1e4

        def draw(self, signature, count, seed, labels=None):
            time.sleep(0.2 if count > 1 else 0.0)
            samples = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
            return {"samples": samples, "acceptance_rate": np.float32(0.01), "num_proposed": np.int32(500)}

    points = np.random.default_rng(1).normal(size=(100, 2)).astype(np.float32)
    parts = SimpleNamespace(train=Reals("normal", points), test=Reals("normal", points))
    found = evaluate(Exported(), parts, 500, samplers=["drs"])["drs"]
    assert 5 < found["samples_per_second"] <= 25


def test_codes_are_recognised_on_the_test_part_and_drawn_as_a_grid(tmp_path):
    """A code that is the picture's own grey: all of it is recognised, log 2 nats of two categories."""

    class Exported:
        signatures = ("recognise",)

        def from_codes(self, categories, seed):
            return np.broadcast_to(2.0 * categories[:, None, None, None] - 1.0, (len(categories), 4, 4, 1))

        def in_batches(self, signature, samples):
            is_light = samples[:, 0, 0, 0] > 0
            return {"category_probabilities": np.stack([~is_light, is_light], axis=1).astype(np.float32)}

    light = np.arange(50) % 2
    pictures = np.broadcast_to((255 * light).astype(np.uint8)[:, None, None, None], (50, 4, 4, 1))
    parts = SimpleNamespace(test=Reals("greys", pictures, 1 - light))
    found = codes(Exported(), parts, picture=tmp_path / "codes.png")["codes"]
    assert found["unsupervised_accuracy_50"] == 1.0
    assert found["information_10k"] == pytest.approx(np.log(2.0))
    assert Image.open(tmp_path / "codes.png").size == (2 * 6 - 2, 10 * 6 - 2)


def test_a_conditional_model_is_not_measured_on_data_without_labels():
    parts = SimpleNamespace(test=Reals("folder:mine", np.zeros((5, 4, 4, 1), np.uint8)))
    exported = SimpleNamespace(signatures=("drs",), is_conditional=True, path="runs/a/export/1")
    with pytest.raises(GanzooError, match="makes samples of a class, and 'folder:mine' has no labels"):
        calibration(exported, parts)


def test_a_model_without_codes_has_nothing_to_say_of_them():
    assert codes(SimpleNamespace(signatures=("drs",)), parts=None) == {}


def test_the_standard_errors_have_a_table_of_their_own():
    rows = {sampler: {"fd_digits10k": 7.0, "acceptance_rate": 0.5} for sampler in ("generate", "drs")}
    said = describe(rows | {"standard_errors": {"generate": {"fd_digits10k": 0.4123}, "drs": {"fd_digits10k": 0.35}}})
    above, _, below = said.partition("standard error")
    assert "acceptance_rate" in above
    assert [line.split() for line in below.strip().splitlines()[1:]] == [["generate", "0.41"], ["drs", "0.35"]]
    assert "standard error" not in describe(rows)


def test_the_shares_of_the_classes_have_a_table_of_their_own():
    metrics = {"generate": {"fd_digits10k": 40.0}, "label_accuracy": {"generate": {"0": 0.9, "1": 0.8}}}
    said = describe(metrics)
    assert "share of each class that shows what its label says" in said
    assert not any(line.startswith("label_accuracy") for line in said.splitlines())


class Pictures:
    """An export whose `generate` repeats training pictures, and whose `drs` makes new ones."""

    signatures, is_conditional = ("generate", "drs", "propose"), False

    def proposals_per_second(self):
        return 1e4

    def draw(self, signature, count, seed, labels=None):
        samples = shapes(80)[:count] if signature == "generate" else shapes(count, seed=5)
        samples = to_float(samples)
        drawn = {"samples": samples}
        return drawn if signature == "generate" else drawn | {"acceptance_rate": 0.5, "num_proposed": 2 * count}


def test_each_sampler_is_asked_for_copies_and_the_first_is_drawn(tmp_path):
    """The sentence is in the metrics and in the words for a person; random features are named as what they are."""
    parts = SimpleNamespace(train=Reals("folder:x", shapes(80)), test=Reals("folder:x", shapes(40, seed=1)), ratio=None)
    evaluator = Evaluator(parts.train, parts.test)
    metrics = evaluate(Pictures(), parts, 40, evaluator=evaluator, nearest_picture=tmp_path / "nearest.png")
    copies = metrics["copies"]
    assert copies["generate"]["identical"] == 40
    assert copies["generate"]["in_words"].startswith("copies: 40 of 40 samples of generate equal a training picture")
    assert copies["drs"]["in_words"].startswith("no sign of copies")
    assert (tmp_path / "nearest.png").stat().st_size > 5000
    assert json.loads(json.dumps(metrics)) == metrics
    said = describe(metrics | {"features": features(evaluator)})
    assert copies["drs"]["in_words"] in said
    assert "random features: compare runs of the same data, do not quote" in said


def test_pixels_tell_copies_where_random_features_might_have_seen_blobs(monkeypatch):
    """Training pictures of which each is a little brighter, so that none equals one."""
    parts = SimpleNamespace(train=Reals("folder:x", shapes(80)), test=Reals("folder:x", shapes(40, seed=1)), ratio=None)
    brighter = {"samples": to_float(np.minimum(shapes(80)[:40], 252) + np.uint8(3))}
    monkeypatch.setattr(Pictures, "draw", lambda *_, **__: brighter | {"acceptance_rate": 0.5, "num_proposed": 80})
    found = evaluate(Pictures(), parts, 40, evaluator=Evaluator(parts.train, parts.test))["copies"]["drs"]
    assert found["identical"] == 0
    assert found["pixels_too_near"] == 1.0
    assert found["in_words"].startswith("copies, or nearly: of 40 samples of drs")


def test_features_of_a_file_are_told_with_their_hash_and_size():
    facts = dict(
        name="vgg16", file="vgg16.h5", sha256="0123456789abcdef", dimensions=512, pictures="224 x 224, bilinear"
    )
    assert "features vgg16 of vgg16.h5 (sha256 0123456789ab...), 512 of each picture; pictures 224 x 224" in describe(
        {"generate": {"kd_vgg16_1k": 0.1}, "features": facts}
    )


def test_features_of_a_classifier_are_told_with_its_accuracy():
    facts = dict(name="flowers", accuracy=0.895, classifier_of="flowers")
    said = describe({"generate": {"kd_flowers1k": 0.1}, "features": facts})
    assert "features flowers of a classifier of flowers, right on 89.5% of its test pictures" in said
