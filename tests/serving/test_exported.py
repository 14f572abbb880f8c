import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.errors import GanzooError
from ganzoo.export import saved_model
from ganzoo.serving.exported import Exported
from tests.conftest import TINY


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two versions of one model; in it, the log ratio of a point is its first coordinate."""
    sampling = dict(
        burn_in=64,
        gamma_percentile=50.0,
        maximum_percentile=100.0,
        batch_size=16,
        chain_length=10,
        max_chain_length=20,
        max_samples=40,
        max_rows=50,
        max_proposals_per_sample=20,
    )
    keras.utils.set_random_seed(0)
    model = ganzoo.create("gan", image_shape=(2,), latent_dim=3, **TINY["points"])
    ratio = DensityRatio(lambda samples: samples[:, 0], held_out=tf.linspace(-0.5, 0.5, 10))
    root = tmp_path_factory.mktemp("versions")
    shutil.copytree(saved_model.export(model, root, ratio=ratio, sampling=sampling), root / "2")
    return root


@pytest.fixture(scope="module")
def exported(folder):
    return Exported(folder)


def test_the_newest_version_is_loaded_unless_one_is_named(folder, exported):
    assert exported.path == folder / "2"
    assert Exported(folder / "1").path == folder / "1"


def test_a_version_that_was_not_copied_whole_is_named(folder, tmp_path):
    export = shutil.copytree(folder, tmp_path / "export")
    (export / "3").mkdir()
    with pytest.raises(GanzooError, match=r"export/3 is incomplete: it has no saved_model\.pb"):
        Exported(export)


def test_the_savedmodel_of_another_program_is_no_export(tmp_path):
    tf.saved_model.save(tf.Module(), str(tmp_path / "1"))
    with pytest.raises(GanzooError, match=r"1 is a SavedModel, but no export of ganzoo: it has no assets/config\.json"):
        Exported(tmp_path)


def _empty(file):
    file.write_bytes(b"")


def _half(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize("damage", [_empty, _half])
@pytest.mark.parametrize(
    "file",
    ["saved_model.pb", "assets/config.json", "variables/variables.index", "variables/variables.data-00000-of-00001"],
)
def test_a_damaged_export_is_named(folder, tmp_path, file, damage):
    version = shutil.copytree(folder / "2", tmp_path / "2")
    damage(version / file)
    with pytest.raises(GanzooError, match=r"2 is damaged, or was not copied whole: .*\. Copy it again\."):
        Exported(version)


def test_an_export_without_its_weights_is_damaged(folder, tmp_path):
    version = shutil.copytree(folder / "2", tmp_path / "2")
    shutil.rmtree(version / "variables")
    with pytest.raises(GanzooError, match="2 is damaged, or was not copied whole"):
        Exported(version)


def test_more_than_a_request_may_ask_for_comes_in_several(exported):
    """100 samples at 40 a request: all different, counts summed, and the first 40 are the single request's."""
    many = exported.draw("drs", 100, seed=3)
    assert len(np.unique(many["samples"], axis=0)) == 100
    assert many["acceptance_rate"] == pytest.approx(100 / many["num_proposed"])
    np.testing.assert_array_equal(many["samples"][:40], exported.draw("drs", 40, seed=3)["samples"])


def test_chains_in_several_requests_keep_their_acceptance(exported):
    """60 chains at 40 a request: the share of moves over all of them, and all restarts."""
    joined = exported.draw("mh", 60, seed=3, chain_length=10)
    first, second = (
        exported.signatures["mh"](
            num_samples=tf.constant(chains), seed=tf.constant([3, request]), chain_length=tf.constant(10)
        )
        for request, chains in enumerate((40, 20))
    )
    assert joined["num_restarted"] == first["num_restarted"] + second["num_restarted"]
    moved = (40 * first["acceptance_rate"] + 20 * second["acceptance_rate"]) / 60
    assert joined["acceptance_rate"] == pytest.approx(float(moved))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("generat", 1), "no signature 'generat'.*drs, generate"),
        (("generate", 0), "at least 1"),
        (("score", 1), "does not draw samples"),
    ],
)
def test_wrong_requests_are_answered_in_words(exported, arguments, said):
    with pytest.raises(GanzooError, match=said):
        exported.draw(*arguments)


def test_what_the_graph_refuses_is_said_without_tensorflows_framing(exported):
    with pytest.raises(GanzooError, match="^gamma_percentile must be in 0 .. 100, got 200$"):
        exported.draw("drs", 1, gamma_percentile=200.0)


def test_a_folder_without_an_export_is_named(tmp_path):
    with pytest.raises(GanzooError, match="no export in .*: a run leaves one .* goes on by the same command"):
        Exported(tmp_path)


def test_a_mistyped_folder_is_told_from_one_without_an_export(tmp_path):
    with pytest.raises(GanzooError, match="no export in .*/exprt: there is no such folder. Look for a typing error"):
        Exported(tmp_path / "exprt")


def test_a_runs_folder_is_told_where_its_export_is(tmp_path):
    (tmp_path / "export" / "1").mkdir(parents=True)
    (tmp_path / "export" / "1" / "saved_model.pb").write_bytes(b"")
    with pytest.raises(GanzooError, match="it is a run's folder. Give the export in it, .*/export.$"):
        Exported(tmp_path)


def test_scores_of_many_samples_come_in_batches_and_in_order(exported):
    """300 samples, 256 at a time; the log ratio is the first coordinate."""
    samples = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    scores = exported.score(samples)
    assert scores.keys() == {"logits", "log_ratio"}
    np.testing.assert_allclose(scores["log_ratio"], samples[:, 0], rtol=1e-6)


def test_the_networks_alone_are_the_bound_on_proposals(exported):
    """A batch of 16 in less than a second, and not in no time."""
    assert 16 < exported.proposals_per_second(repeats=3) < 1e9


def test_labels_are_taken_in_turn_across_requests(tiny, tmp_path):
    """A conditional model's: 90 samples of the classes 2 and 0 by requests of 40."""
    sampling = dict(
        burn_in=6, batch_size=16, max_samples=40, max_rows=50, max_proposals_per_sample=20, gamma_percentile=0.0
    )
    sampling |= dict(maximum_percentile=100.0)
    ratio = DensityRatio(lambda samples, labels: samples[:, 0])
    saved_model.export(tiny("cgan", (2,), num_classes=3), tmp_path, ratio=ratio, sampling=sampling)
    exported = Exported(tmp_path)
    assert exported.is_conditional
    draws = exported.draw("drs", 90, labels=np.array([2, 0]))
    np.testing.assert_array_equal(draws["labels"], np.resize([2, 0], 90))
    np.testing.assert_array_equal(exported.draw("drs", 6)["labels"], [0, 1, 2, 0, 1, 2])
    assert exported.score(draws["samples"], draws["labels"])["log_ratio"].shape == (90,)


def test_classes_are_asked_for_by_the_datas_own_labels(tiny, tmp_path):
    """The classes 0, 1 and 2 of one export are 3, 7 and 40 of another, and else the exports are the same."""
    sampling = dict(
        burn_in=30, batch_size=16, max_samples=40, max_rows=50, max_proposals_per_sample=20, gamma_percentile=50.0,
        budget=2.0, chain_length=3, max_chain_length=9, maximum_percentile=100.0,
    )  # fmt: skip
    model = tiny("cgan", (2,), num_classes=3)
    ratio = DensityRatio(lambda samples, labels: samples[:, 0], held_out=tf.zeros([3, 4]))
    exports = []
    for name, classes in (("plain", None), ("named", [3, 7, 40])):
        saved_model.export(model, tmp_path / name, ratio=ratio, sampling=sampling, classes=classes)
        exports.append(Exported(tmp_path / name))
    plain, named = exports
    own = np.array([3, 7, 40])
    for signature in ("generate", "drs", "obrs", "mh"):
        for labels in (None, np.array([2, 0])):
            expected = plain.draw(signature, 6, labels=labels)
            given = named.draw(signature, 6, labels=None if labels is None else own[labels])
            np.testing.assert_array_equal(given["samples"], expected["samples"])
            if "labels" in expected:
                np.testing.assert_array_equal(given["labels"], own[expected["labels"]])
    assert named.config["classes"] == [3, 7, 40]
    np.testing.assert_array_equal(named.explain(6)["labels"], [3, 7, 40, 3, 7, 40])
    assert named.proposals_per_second(repeats=1) > 0
    pairs = (plain, [0, 2] * 3), (named, [3, 40] * 3)
    logits = [export.score(expected["samples"], of)["logits"] for export, of in pairs]
    np.testing.assert_array_equal(*logits)
    with pytest.raises(GanzooError, match=r"labels must be among 3, 7, 40, got"):
        named.draw("drs", 2, labels=np.array([0, 3]))
