import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

import ganzoo
from ganzoo import models
from ganzoo.bases.generative import layers_with_weights
from ganzoo.errors import GanzooError
from ganzoo.export import saved_model
from ganzoo.tasks import transfer
from ganzoo.training import loop
from ganzoo.training.checkpoints import Checkpoints


def config_of(side=16, name="gan", **model):
    """A narrow dcgan for pictures, with batch norm in the generator."""
    config = ganzoo.load_config(name, "mnist_5k")
    config.networks.dcgan.generator.update(width=4, base_resolution=4, norm="batch")
    config.networks.dcgan.discriminator.update(width=4, base_resolution=4, norm="none")
    config.model.update(latent_dim=3, latent_categories=0, **model)
    config.data.image_size = side
    return config


def trained(config, seed=1):
    """A model whose weights and averages all differ from those of a fresh one."""
    config.seed = seed
    side = config.data.image_size
    model = models.from_config(config, (side, side, 1))
    loop.compile_for(model, config)
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if weight.dtype == "float32":
            weight.assign(rng.uniform(0.5, 1.5, size=weight.shape))
    model.step.assign(7)
    return model


def written(folder, config, model):
    """The folder of a run, as far as another run reads it."""
    folder.mkdir()
    side = config.data.image_size
    described = {"config": config.to_dict(), "split": {}, "sample_shape": [side, side, 1]}
    (folder / "config.json").write_text(json.dumps(described))
    Checkpoints(folder, model, 1).save()
    return folder


def weights_of(network):
    return [weight.numpy() for weight in network.weights]


@pytest.fixture
def run(tmp_path):
    config = config_of()
    model = trained(config)
    return written(tmp_path / "run", config, model), config, model


def test_the_networks_and_the_average_of_a_run_are_taken_and_no_optimizer(run):
    """All layers of the three networks, batch norm's statistics too; the steps begin at 0."""
    folder, _, there = run
    config = config_of(name="r3gan")
    here = trained(config, seed=2)
    here.step.assign(0)
    moments = [variable.numpy() for variable in here.generator_optimizer.variables]
    lines, _ = transfer.take(here, transfer.load(str(folder), config))
    for name in ("generator", "ema_generator", "discriminator"):
        for old, new in zip(weights_of(getattr(there, name)), weights_of(getattr(here, name)), strict=True):
            np.testing.assert_array_equal(old, new)
    assert here.steps_taken == 0
    for before, variable in zip(moments, here.generator_optimizer.variables, strict=True):
        np.testing.assert_array_equal(variable, before)
    assert [line.split(" takes ")[0] for line in lines] == [
        "--init_from: the generator",
        "--init_from: the averaged generator",
        "--init_from: the discriminator",
    ]
    assert f"from {folder}, step 7" in lines[0]
    assert "anew" not in "".join(lines)


def test_layers_that_fit_are_taken_and_the_others_are_named(run):
    """To 32 pixels: the layers next to the picture are those of 16 pixels; the first ones begin anew."""
    folder, _, there = run
    config = config_of(side=32)
    here = trained(config, seed=2)
    lines, taken = transfer.take(here, transfer.load(str(folder), config))
    last, old_last = here.generator.layers[-3:], there.generator.layers[-3:]
    kernels = [[w for layer in of for w in layer.get_weights() if w.ndim == 4] for of in (last, old_last)]
    np.testing.assert_array_equal(kernels[0][-1], kernels[1][-1])
    first, old_first = (model.discriminator.layers[1].get_weights()[0] for model in (here, there))
    np.testing.assert_array_equal(first, old_first)
    assert " anew: dense" in lines[0]
    assert here.discriminator.layers[1] in taken
    assert here.discriminator.layers[-2] not in taken  # the logit of more pixels


def test_an_export_gives_its_averaged_generator_and_its_discriminator(run, tmp_path):
    """Away from its run, by the SavedModel's variables."""
    _, config, there = run
    described = {"config": config.to_dict(), "step": 7}
    saved_model.export(there, tmp_path / "export", ratio=None, sampling=config.sampling, description=described)
    here = trained(config_of(), seed=2)
    transfer.take(here, transfer.load(str(tmp_path / "export"), config))
    for name, source in [("generator", "ema_generator"), ("ema_generator", "ema_generator"), ("discriminator",) * 2]:
        for old, new in zip(weights_of(getattr(there, source)), weights_of(getattr(here, name)), strict=True):
            np.testing.assert_array_equal(old, new)


def test_a_keras_file_is_a_source(run, tmp_path):
    _, config, there = run
    there.save(tmp_path / "m.keras")
    here = trained(config_of(), seed=2)
    transfer.take(here, transfer.load(str(tmp_path / "m.keras"), config))
    np.testing.assert_array_equal(here.generator.weights[0], there.generator.weights[0])


def test_an_export_without_its_run_is_a_source_for_its_parts_too(run, tmp_path):
    """One version of it, and the folder of a run whose checkpoints are gone."""
    folder, config, there = run
    version = saved_model.export(there, folder / "export", ratio=None, sampling=config.sampling)
    shutil.rmtree(folder / "checkpoints")
    for path in (version, folder):
        here = trained(config_of(), seed=2)
        lines, _ = transfer.take(here, transfer.load(str(path), config))
        assert version in lines[0]
        np.testing.assert_array_equal(here.discriminator.weights[0], there.discriminator.weights[0])


def test_every_weight_of_the_networks_is_in_an_export(tmp_path):
    """Those of spectral norm and of networks that grow, too: an export of each kind gives the whole discriminator."""
    for name, options in [("sngan", {}), ("pggan", {}), ("cgan", {"num_classes": 3}), ("infogan", {})]:
        model = ganzoo.create(name, image_shape=(16, 16, 1), **options)
        version = saved_model.export(model, tmp_path / name, ratio=None)
        networks = transfer.load(version, ganzoo.load_config(name)).networks
        for network in ("ema_generator", "discriminator"):
            stored = [weight for layer in networks[network] for weight in layer.weights]
            whole = [w for layer in layers_with_weights(getattr(model, network)) for w in layer.get_weights()]
            assert len(whole) == len(getattr(model, network).weights)
            for old, new in zip(stored, whole, strict=True):
                np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (
            lambda: config_of(network="r3"),
            "of the family 'dcgan', and these are of 'r3'. Give --config.model.network=dcgan",
        ),
        (lambda: ganzoo.load_config("gan", "gaussians25"), "trained on images, and 'gaussians25' are points"),
    ],
)
def test_another_family_and_another_kind_of_data_are_refused(run, other, said):
    with pytest.raises(GanzooError, match=said):
        transfer.load(str(run[0]), other())


def test_a_run_that_translates_is_refused(tmp_path, translator):
    """Its run, its export and its file."""
    config = ganzoo.load_config("cyclegan")
    model = translator("cyclegan")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text(json.dumps({"config": config.to_dict(), "split": {}}))
    saved_model.export_translator(model, tmp_path / "export")
    model.save(tmp_path / "m.keras")
    for name, said in [("run", "translates"), ("export", "translates"), ("m.keras", "no model that samples")]:
        with pytest.raises(GanzooError, match=f"--init_from is .*{name}.*{said}"):
            transfer.load(str(tmp_path / name), config_of())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere", "there are no trained networks"),
        ("empty", "there are no trained networks"),
        ("fresh", "has no checkpoints yet"),
        ("torn.keras", "cannot be read"),
        ("sequential.keras", "no model that samples"),
        ("foreign", "no export of ganzoo"),
        ("old", "export of an older ganzoo"),
        ("cut_off", "variables cannot be read"),
    ],
)
def test_what_holds_no_trained_networks_is_refused(run, tmp_path, name, said):
    folder, config, model = run
    (tmp_path / "empty").mkdir()
    (tmp_path / "fresh").mkdir()
    (tmp_path / "fresh" / "config.json").write_text((folder / "config.json").read_text())
    (tmp_path / "torn.keras").write_bytes(b"PK")
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "sequential.keras")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "saved_model.pb").touch()
    for export in ("old", "cut_off"):
        version = Path(saved_model.export(model, tmp_path / export, ratio=None, sampling=config.sampling))
        facts = json.loads((version / "assets" / "config.json").read_text())
        if export == "old":
            del facts["weights"]
            (version / "assets" / "config.json").write_text(json.dumps(facts))
        else:
            for data in (version / "variables").glob("*.data*"):
                data.write_bytes(data.read_bytes()[:100])
    with pytest.raises(GanzooError, match=said):
        transfer.load(str(tmp_path / name), config)


def test_networks_of_other_widths_are_refused(run):
    config = config_of()
    config.networks.dcgan.discriminator.width = 6
    here = trained(config, seed=2)
    with pytest.raises(GanzooError, match="no layer of the discriminator fits .*run"):
        transfer.take(here, transfer.load(str(run[0]), config))


def test_frozen_layers_must_be_trained(run):
    """Without --init_from, and where the first layer sees pictures of other channels."""
    folder, _, _ = run
    config = config_of(freeze_discriminator=2)
    with pytest.raises(GanzooError, match="freeze_discriminator is 2, and without --init_from"):
        transfer.begin(trained(config), None, config)
    assert len(transfer.begin(trained(config), str(folder), config)) == 3
    coloured = models.from_config(config, (16, 16, 3))
    with pytest.raises(GanzooError, match="subpixel_strided.* does not fit .* Give a freeze_discriminator of 0"):
        transfer.begin(coloured, str(folder), config)


def test_a_model_without_frozen_layers_begins_anew_without_a_word():
    assert transfer.begin(trained(config_of()), None, config_of()) == []


def test_the_alignment_takes_most_numbers_without_crossing():
    """One large layer weighs more than two small ones that would cross it; kinds must be equal."""
    small, large = (transfer.Layer("Dense", [np.zeros((side, side))]) for side in (2, 9))
    other = transfer.Layer("Conv", [np.zeros((2, 2))])
    assert transfer.alignment([small, small, large], [large, small, small]) == [(2, 0)]
    assert transfer.alignment([small, other, large], [small, large]) == [(0, 0), (2, 1)]
    assert transfer.alignment([other], [small]) == []


def test_the_first_layers_of_the_discriminator_can_be_frozen():
    """After a step they are what they were, and the other layers are not; saved and loaded they stay frozen."""
    model = ganzoo.create("r3gan", image_shape=(16, 16, 1), latent_dim=3, latent_categories=0, freeze_discriminator=2)
    model.compile()
    layers = [layer for layer in model.discriminator.layers if layer.weights]
    before = [layer.get_weights()[0] for layer in layers]
    model.train_on_batch(np.random.default_rng(0).integers(0, 256, (4, 16, 16, 1), dtype=np.uint8))
    changed = [not np.array_equal(old, layer.get_weights()[0]) for old, layer in zip(before, layers, strict=True)]
    assert changed == [False, False] + [True] * (len(layers) - 2)
    again = type(model).from_config(model.get_config())
    assert len(again.discriminator_variables) == len(model.discriminator_variables)


def test_a_discriminator_must_have_a_layer_to_train():
    with pytest.raises(GanzooError, match="freeze_discriminator is 9, and the discriminator has 3 layers"):
        ganzoo.create("r3gan", image_shape=(16, 16, 1), freeze_discriminator=9)


def test_an_embedding_of_labels_is_never_frozen():
    """It stands first among the layers of `cgan`'s discriminator, and the new data have other classes."""
    model = ganzoo.create("cgan", image_shape=(16, 16, 1), num_classes=3, freeze_discriminator=1)
    assert [type(layer).__name__ for layer in model.frozen_layers] == ["SubpixelStrided"]
    assert any("embedding" in variable.path for variable in model.discriminator_variables)


def test_a_frozen_batch_norm_keeps_its_averages():
    model = ganzoo.create("dcgan", image_shape=(16, 16, 1), freeze_discriminator=3)
    norm = model.frozen_layers[2]
    before = norm.get_weights()
    model.compile()
    model.train_on_batch(np.random.default_rng(0).integers(0, 256, (4, 16, 16, 1), dtype=np.uint8))
    for old, new in zip(before, norm.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
