"""What Python callers hand to `fit`, `evaluate`, `sample` and `export`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.zoo.recipes import load_config
from ganzoo.zoo.registry import in_package
from tests.conftest import TINY, tiny_translator

TRANSLATORS = [name for name in in_package() if load_config(name).task == "translation"]
PROGRESSIVE = dict(
    network="progressive",
    generator=dict(width=4, max_width=8, base_resolution=8),
    discriminator=dict(width=4, max_width=8, base_resolution=8, group_size=2),
    stable_images=20,
    fade_images=20,
)


@pytest.fixture
def entry(tiny):
    """name -> a compiled model of the zoo, the same one every time, and a batch of what it learns from."""

    def build(name, rows):
        rng = np.random.default_rng(0)
        pictures = rng.uniform(-1, 1, (rows, 16, 16, 1)).astype(np.float32)
        if name == "stargan":
            return tiny_translator(name), (pictures, rng.integers(0, 3, rows))
        if name in TRANSLATORS:
            return tiny_translator(name), (pictures, pictures[::-1].copy())
        shape = (16, 16, 1) if name == "pggan" else (2,)
        model = tiny(name, shape, **(PROGRESSIVE if name == "pggan" else {}))
        samples = pictures if name == "pggan" else rng.uniform(-1, 1, (rows, 2)).astype(np.float32)
        return model, (samples, rng.integers(0, model.num_classes, rows)) if name == "cgan" else (samples,)

    return build


def batches(data, size, *, known):
    dataset = tf.data.Dataset.from_tensor_slices(data if len(data) > 1 else data[0]).batch(size, drop_remainder=True)
    return dataset if known else dataset.filter(lambda *each: True)


@pytest.mark.parametrize("name", in_package())
def test_an_epoch_of_unknown_length_takes_no_step_without_a_batch(entry, name):
    """Two epochs of two batches move every weight and counter alike, whether the length is known or not. The
    model is traced once, for its graph does not depend on the length, and starts both times from the same state."""
    model, data = entry(name, 20)
    optimizers = [*model.generator_optimizer.variables, *model.discriminator_optimizer.variables]
    state = [*model.variables, *optimizers]
    start = [variable.numpy() for variable in state]
    weights = []
    for known in (True, False):
        for variable, value in zip(state, start, strict=True):
            variable.assign(value)
        model.fit(batches(data, 10, known=known), epochs=2, verbose=0)
        assert model.steps_taken == 4
        weights.append([variable.numpy() for variable in [*model.variables, *optimizers]])
    for known, unknown in zip(*weights, strict=True):
        # Sums on several threads differ in their last bits, which Adam enlarges: once to .0012 in stargan.
        np.testing.assert_allclose(known, unknown, atol=5e-3)


@pytest.mark.parametrize("name", in_package())
def test_evaluation_gives_the_losses_and_takes_no_step(entry, name):
    """As of the weights before a step: the same values as the step logs, where the losses do not follow an update."""
    model, data = entry(name, 10)
    before = [variable.numpy() for variable in model.variables]
    losses = model.evaluate(batches(data, 10, known=True), verbose=0, return_dict=True)
    assert losses.keys() == set(model.logged)
    assert np.isfinite(list(losses.values())).all()
    after = [variable.numpy() for variable in model.variables]
    logged = {id(variable) for tracker in model.metrics for variable in tracker.variables}
    for variable, old, new in zip(model.variables, before, after, strict=True):
        if id(variable) not in logged:
            np.testing.assert_array_equal(old, new, err_msg=variable.path)
    if name in ("gan", "dcgan", "lsgan", "dragan"):
        taken = model.fit(batches(data, 10, known=True), verbose=0).history
        assert losses["real_logits"] == pytest.approx(taken["real_logits"][0], abs=1e-5)


@pytest.mark.parametrize("name", ["gan", "cgan", *TRANSLATORS])
def test_single_batches_are_evaluated_and_trained_on(entry, name):
    """Keras hands over (x, y, None) for a single batch, and (x, y) of a data set."""
    model, data = entry(name, 10)
    losses = model.test_on_batch(*data, return_dict=True)
    assert model.steps_taken == 0
    taken = model.train_on_batch(*data, return_dict=True)
    assert model.steps_taken == 1
    assert losses.keys() == taken.keys() == set(model.logged)


def test_validation_data_are_evaluated_after_each_epoch(entry):
    model, (reals,) = entry("wgan_gp", 20)
    history = model.fit(reals, batch_size=10, epochs=2, validation_data=reals[:10], verbose=0).history
    assert len(history["val_critic_loss"]) == 2
    split = model.fit(reals, batch_size=5, validation_split=0.5, verbose=0)
    assert model.steps_taken == 4 + 2
    assert "val_critic_loss" in split.history


def test_a_last_batch_that_cannot_be_shared_is_left_out_with_a_note(tiny, reals, capsys):
    """642 reals in batches of 320 among 5 critic steps: two steps, and two reals left out."""
    model = tiny("wgan_gp", (2,), n_critic=5)
    model.fit(reals(642, (2,)), batch_size=320, verbose=0)
    assert model.steps_taken == 2
    assert "2 of 642 samples are left out of each epoch" in capsys.readouterr().err
    model.fit(tf.data.Dataset.from_tensor_slices(reals(642, (2,))).batch(320), verbose=0)
    assert model.steps_taken == 4


def test_the_reals_left_out_are_others_in_each_epoch(tiny):
    """In 20 epochs of 2 of 3 batches every one of 7 reals is seen."""
    seen = set()
    model = tiny("wgan_gp", (2,), n_critic=3)
    model.critic_batches = lambda x: (seen.update(x[:, 0].numpy().round(2)), tf.split(x, 3))[1]
    model.run_eagerly = True
    model.fit(np.stack([np.arange(7) / 10, np.zeros(7)], axis=1), batch_size=6, epochs=20, verbose=0)
    assert len(seen) == 7


def test_labels_stay_with_their_samples_where_reals_are_left_out(tiny):
    model = tiny("cgan", (2,), num_classes=7, n_critic=3)
    pairs = set()
    split = model.labelled_batches
    model.run_eagerly = True
    x = np.stack([np.arange(7.0), np.zeros(7)], axis=1)
    model.labelled_batches = lambda data: (
        pairs.update((float(a[0]), int(b)) for a, b in zip(data[0], data[1], strict=True)),
        split(data),
    )[1]
    model.fit(x, np.arange(7), batch_size=6, epochs=3, verbose=0)
    assert all(sample == label for sample, label in pairs)


def test_bytes_are_pictures(tiny, reals):
    """uint8 arrays and datasets move the weights as their float32 pictures do."""
    pictures = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 1)).astype(np.uint8)
    floats = pictures.astype(np.float32) / np.float32(127.5) - np.float32(1)
    weights = []
    for data in (floats, pictures, tf.data.Dataset.from_tensors(pictures)):
        model = tiny("gan")
        model.fit(data, batch_size=8, shuffle=False, verbose=0)
        weights.append(model.generator.get_weights())
    for exact, array, dataset in zip(*weights, strict=True):
        np.testing.assert_array_equal(exact, array)
        np.testing.assert_allclose(exact, dataset, atol=1e-6)


def with_nan(x):
    return np.where(np.arange(x.size).reshape(x.shape) == 5, np.nan, x)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: 127.5 * (x + 1), r"reals reach from .* to 255, and pictures are in \[-1, 1\]"),
        (with_nan, "1 of 8 reals hold NaN or infinite numbers"),
        (lambda x: x[:, :8], r"shape \[8, 8, 16, 1\], expected an array \[n, 16, 16, 1\]"),
        (lambda x: x.astype(np.int64), "reals are an array of int64, expected"),
        (lambda x: x[:0], "with n of at least 1"),
        (lambda x: tf.data.Dataset.from_tensor_slices(x), r"give dataset.batch\(n\)"),
        (lambda x: tf.data.Dataset.from_tensors(with_nan(x)), "1 of 8 reals hold NaN"),
    ],
)
def test_reals_on_another_scale_or_shape_are_refused(tiny, reals, change, said):
    for call in ("fit", "evaluate"):
        model = tiny("gan")
        with pytest.raises(GanzooError, match=said):
            getattr(model, call)(change(reals(8)), verbose=0)
        assert model.steps_taken == 0


def test_a_scale_from_0_to_1_is_warned_about_once(tiny, reals, capsys, monkeypatch):
    monkeypatch.setattr("ganzoo.data.reals._warned", set())
    model = tiny("gan")
    for _ in range(2):
        model.fit((reals(8) + 1) / 2, batch_size=8, verbose=0)
    warning = capsys.readouterr().err
    assert warning.count("If their scale is [0, 1], give 2 x - 1") == 1


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (None, "give labels, 8 numbers below 3"),
        (np.full(8, 3), "labels reach from 3 to 3, expected 0 to 2"),
        (np.full(8, -1), "labels reach from -1 to -1"),
        (np.zeros(7, int), r"an array \[7\] of int64, expected \[8\] whole numbers"),
        (np.zeros(8), r"an array \[8\] of float64"),
    ],
)
def test_labels_that_the_model_does_not_have_are_refused(tiny, reals, labels, said):
    with pytest.raises(GanzooError, match=said):
        tiny("cgan", (2,), num_classes=3).fit(reals(8, (2,)), labels, verbose=0)


def test_callbacks_that_change_one_optimizer_are_refused_by_name(tiny, reals):
    for callback in (keras.callbacks.ReduceLROnPlateau(), keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)):
        with pytest.raises(GanzooError, match=f"{type(callback).__name__} changes the learning rate of one"):
            tiny("gan").fit(reals(8), callbacks=[callback], verbose=0)


def test_epochs_that_end_within_a_call_of_several_steps_are_refused(reals):
    keras.utils.set_random_seed(0)
    import ganzoo

    model = ganzoo.create("gan", image_shape=(2,), **TINY["points"])
    model.compile(steps_per_execution=4)
    data = tf.data.Dataset.from_tensor_slices(reals(40, (2,))).batch(4).repeat()
    with pytest.raises(GanzooError, match="an epoch of 10 steps cannot be taken in calls of .* = 4"):
        model.fit(data, steps_per_epoch=10, verbose=0)
    model.fit(data, steps_per_epoch=8, verbose=0)
    assert model.steps_taken == 8


def test_a_file_that_cannot_hold_the_model_is_refused_before_it_is_written(tiny, tmp_path):
    for name in ("m.h5", "m", "m.hdf5"):
        with pytest.raises(GanzooError, match=f"{name} does not end in .keras"):
            tiny("gan", (2,)).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_samples_are_asked_for_as_the_model_can_give_them(tiny):
    model = tiny("cgan", (2,), num_classes=3)
    np.testing.assert_array_equal(model.sample(5, labels=[2, 1]), model.sample(5, labels=[2, 1, 2, 1, 2]))
    for wrong, said in ((dict(num_samples=0), "ask for at least 1"), (dict(num_samples=2, labels=[3]), "labels reach")):
        with pytest.raises(GanzooError, match=said):
            model.sample(**wrong)
    with pytest.raises(GanzooError, match="has no classes: leave labels out"):
        tiny("gan", (2,)).sample(2, labels=[0, 1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: 127.5 * (x + 1), "held-out reals reach from"),
        (with_nan, "1 of 40 held-out reals hold NaN"),
        (lambda x: tf.data.Dataset.from_tensor_slices(x), "held-out reals are .*Dataset, expected an array"),
        (lambda x: x[:1], "1 held-out reals cannot be fitted"),
    ],
)
def test_an_export_refuses_held_out_reals_that_would_spoil_it(tiny, reals, tmp_path, change, said):
    with pytest.raises(GanzooError, match=said):
        tiny("gan").export(tmp_path / "export", change(reals(40)))
    assert not (tmp_path / "export").exists()
