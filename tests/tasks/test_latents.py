import numpy as np
import pytest

import ganzoo
from ganzoo import models
from ganzoo.data.parts import Parts
from ganzoo.data.reals import Reals
from ganzoo.errors import GanzooError
from ganzoo.export import saved_model
from ganzoo.serving.exported import Exported
from ganzoo.tasks import latents
from tests.conftest import TINY

LABELS = np.array([1, 4, 9])


def clouds(rows, seed, labels=LABELS):
    """Points around (label, 0), float32 [rows, 2], and their labels in turn."""
    labels = np.resize(labels, rows)
    noise = np.random.default_rng(seed).normal(scale=0.1, size=(rows, 2))
    return Reals("clouds", (noise + np.stack([labels, 0 * labels], axis=1)).astype(np.float32), labels)


@pytest.fixture
def config():
    config = ganzoo.load_config("cgan", "gaussians25")
    for network in ("generator", "discriminator"):
        config.networks.mlp[network].update(TINY["points"][network])
    config.update(dict(batch_size=24, steps=3, steps_per_execution=1))
    config.ratio.refit.update(steps=10, batch_size=16, width=8)
    config.sampling.update(burn_in=30, batch_size=16, max_samples=40, max_rows=50, chain_length=3)
    config.evaluation.num_samples = 30
    return config


def run(parts, config, workdir):
    """From the data to the figures, as `ganzoo.run` does it."""
    latents.settle(config, parts)
    model = models.from_config(config, parts.shape)
    latents.ready(model, parts, config)
    assert latents.train(model, parts, config, workdir)
    path = saved_model.write(latents.servable(model, parts, config, {"step": 3}), workdir / "export")
    exported = Exported(path)
    return exported, latents.measure(exported, parts, config)


def test_labels_of_any_numbers_are_trained_exported_and_measured(config, tmp_path):
    """The classes are those of all three parts, also the one of which a single real is held out."""
    held_out = clouds(30, 1, [1, 4])
    held_out.labels[0] = 9
    exported, metrics = run(Parts(clouds(90, 0), held_out, clouds(30, 2)), config, tmp_path)
    assert config.model.num_classes == 3
    assert exported.config["classes"] == [1, 4, 9]
    for sampler in ("generate", "drs", "obrs", "mh"):
        assert np.isfinite(list(metrics[sampler].values())).all()
        np.testing.assert_array_equal(exported.draw(sampler, 3)["samples"].shape, (3, 2))


def test_labels_from_0_on_are_asked_for_as_they_are(config, tmp_path):
    parts = Parts(*(clouds(90, seed, [0, 1, 2]) for seed in range(3)))
    exported, _ = run(parts, config, tmp_path)
    assert "classes" not in exported.config


@pytest.mark.parametrize(
    ("name", "count", "files", "asked", "expected"),
    [
        ("gan", latents.FEW - 1, {"taken": 507}, "auto", "ada"),
        ("gan", latents.FEW, {"taken": 508}, "auto", "none"),
        ("gan", 40, {"taken": 48}, "none", "none"),
        ("gan", 40, {"taken": 48}, "fixed", "fixed"),
        ("gan", 40, None, "auto", "none"),
        ("a_users_own", 40, {"taken": 48}, "auto", "none"),
    ],
)
def test_a_folder_of_few_pictures_is_augmented_unless_asked_otherwise(name, count, files, asked, expected, capsys):
    """And the run says so. A user's own model, which need not augment, is left alone."""
    config = ganzoo.load_config("gan")
    config.name, config.augment.policy = name, asked
    parts = Parts(*(Reals("photos", np.zeros([rows, 8, 8, 1], np.uint8), files=files) for rows in (count, 4, 4)))
    latents.settle(config, parts)
    assert config.augment.policy == expected
    assert (f"{count} pictures to train on are few" in capsys.readouterr().out) == (expected == "ada")


@pytest.mark.parametrize(
    ("estimator", "held_out", "said"),
    [
        ("refit", 5, "holds 20 samples, of which 5 are held out .* 6 are needed. Give about 24"),
        ("best", 1, "holds 20 samples, of which 1 are held out .* 2 are needed. Give about 40"),
    ],
)
def test_too_few_held_out_reals_are_refused_before_the_training(config, estimator, held_out, said):
    """With the number of samples that is needed: of 20 points 5 are held out, of 24 six would be."""
    parts = Parts(clouds(12, 0), clouds(held_out, 1), clouds(8 - held_out, 2))
    latents.settle(config, parts)
    config.batch_size = 3
    config.ratio.estimator = estimator
    model = models.from_config(config, (2,))
    with pytest.raises(GanzooError, match=said):
        latents.ready(model, parts, config)


@pytest.mark.parametrize(
    ("labels", "names", "said"),
    [
        (None, None, "'pets' has no labels, and cgan .* 3 lie in none"),
        ([0] * 40 + [1], ("cats", "owls"), "class 'owls' of 'pets' has one sample. A class needs at least 2"),
        ([0] * 40 + [7], None, "class 7 of 'pets' has one sample"),
    ],
)
def test_a_folder_that_cannot_be_learned_by_class_is_refused(config, labels, names, said):
    """With the reason that the folder has no labels, and with the class's name."""
    reals = Reals(
        "pets",
        np.arange(82, dtype=np.float32).reshape(41, 2),
        None if labels is None else np.array(labels),
        class_names=names,
        without_labels="38 pictures lie in class folders, and 3 lie in none.",
    )
    parts = Parts(reals.take(np.arange(5, 41)), reals.take(np.arange(3)), reals.take(np.arange(3, 5)))
    with pytest.raises(GanzooError, match=said):
        latents.settle(config, parts)
