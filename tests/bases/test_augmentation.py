"""Adaptive discriminator augmentation in training: the probability's way, resume, every objective, no leak."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.bases.augmentation import INTERVAL, Augmentation
from ganzoo.density_ratio import fitting
from ganzoo.errors import GanzooError
from ganzoo.losses import penalties
from ganzoo.zoo.recipes import completed, load_config
from ganzoo.zoo.values import TRANSFORMS
from tests import processes
from tests.conftest import TINY

ADA = dict(policy="ada", images=64)
ALL = dict(policy="fixed", probability=0.8, transforms=TRANSFORMS)
PROGRESSIVE = {part: dict(width=4, max_width=8, base_resolution=8) for part in ("generator", "discriminator")}
PROGRESSIVE["discriminator"]["group_size"] = 4
SPECTRAL = dict(discriminator=TINY["images"]["discriminator"] | {"norm": "spectral"})
EXTRA = {
    "cgan": dict(num_classes=3),
    "infogan": dict(categories=2, continuous=1),
    "pggan": PROGRESSIVE | dict(stable_images=4, fade_images=4),
    "sngan": SPECTRAL,
    "wgan": dict(extra_critic_steps=False),
}
OBJECTIVES = [
    "cgan",
    "dcgan",
    "dragan",
    "gan",
    "infogan",
    "lsgan",
    "pggan",
    "r3gan",
    "sngan",
    "stylegan2",
    "wgan",
    "wgan_gp",
]


def built(tiny, name, **options):
    return tiny(name, **EXTRA.get(name, {}) | options)


def trained(model, reals, steps=4, batch=4):
    """Some steps, eagerly: so few do not repay tracing."""
    model.run_eagerly = True
    data = reals(steps * batch * model.n_critic)
    labels = (np.arange(len(data)) % 3,) if model.num_classes else ()
    return model.fit(data, *labels, batch_size=batch * model.n_critic, shuffle=False, verbose=0).history


def weights(model):
    return [variable.numpy() for variable in model.variables]


def steered(signs, steps, target=0.6, images=400.0, batch=10.0):
    """The probability after each step whose mean sign is `signs`."""
    augmentation = Augmentation(policy="ada", target=target, images=images, probability=0.0, transforms=("flip",))
    values = []
    for step in range(steps):
        augmentation.adapt(tf.constant(signs), tf.constant(step, tf.int64), tf.constant(batch))
        values.append(float(augmentation.probability.numpy()))
    return values


def test_the_probability_rises_while_reals_are_told_too_surely():
    """Every fourth step, by the share that the four steps' reals have of `images`; 1 is the most."""
    assert steered(0.9, 12) == pytest.approx([0, 0, 0, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.2, 0.3])
    assert steered(0.9, 80)[-1] == 1.0


def test_the_probability_falls_when_they_are_not_and_stays_at_the_target():
    augmentation = Augmentation(policy="ada", target=0.6, images=400, probability=0.0, transforms=("flip",))
    augmentation.probability.assign(0.25)
    values = []
    for step, sign in enumerate([0.1] * INTERVAL + [0.6] * INTERVAL + [0.1] * 2 * INTERVAL):
        augmentation.adapt(tf.constant(sign), tf.constant(step, tf.int64), tf.constant(10.0))
        values.append(float(augmentation.probability.numpy()))
    assert values[INTERVAL - 1 :: INTERVAL] == pytest.approx([0.15, 0.15, 0.05, 0.0], abs=1e-6)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_trains_with_it_and_logs_the_probability(name, tiny, reals):
    """A target that every batch exceeds: 4 steps of 4 reals for each critic step are a quarter of 64 images."""
    model = built(tiny, name, augment=ADA | dict(target=-0.999))
    before = weights(model.generator)
    logs = trained(model, reals)
    assert logs["augment_probability"][-1] == pytest.approx(min(1.0, model.n_critic / 4) / 4)  # the mean of 0, 0, 0, p
    assert -1 <= logs["real_sign"][-1] <= 1
    assert all(np.isfinite(values).all() for values in logs.values())
    assert not np.array_equal(before[0], weights(model.generator)[0])


def test_a_model_without_a_run_is_not_augmented_by_a_policy_left_to_the_pictures(tiny):
    assert tiny("r3gan", augment=dict(policy="auto")).augmentation is None


@pytest.mark.parametrize("name", OBJECTIVES)
def test_at_probability_0_training_is_as_without_bit_for_bit(name, tiny, reals):
    """A generator's and a discriminator's step, by eager steps: graphs of another form may round otherwise.

    So may the tape, which adds the gradients of an `infogan`'s moved fakes in another order.
    """
    ends, still = [], dict(invariance_weight=0.0) if name == "infogan" else {}
    for options in ({}, dict(augment=dict(policy="fixed", probability=0.0, transforms=TRANSFORMS))):
        model = built(tiny, name, **still, **options)
        trained(model, reals, steps=1)
        ends.append(model.generator.get_weights() + model.discriminator.get_weights())
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_what_the_networks_see_is_augmented_in_every_objective(name, tiny, reals):
    """The same first step with and without it ends in other weights of both networks."""
    ends = []
    for options in ({}, dict(augment=ALL)):
        model = built(tiny, name, **options)
        trained(model, reals, steps=1)
        ends.append((model.discriminator.trainable_variables, model.generator.trainable_variables))
    for of_network in (0, 1):
        pairs = zip(*(end[of_network] for end in ends), strict=True)
        assert any(not np.array_equal(one.numpy(), other.numpy()) for one, other in pairs)


@pytest.mark.parametrize("name", ["r3gan", "wgan_gp"])
def test_a_stopped_training_goes_on_exactly(name, tiny, reals, tmp_path):
    """In the middle of the steps between two moves of the probability: by a checkpoint, and by a `.keras` file."""
    options = dict(augment=ADA | dict(target=-0.999, transforms=TRANSFORMS))
    alone = built(tiny, name, **options)
    data = reals(9 * 4 * alone.n_critic)
    batch = dict(batch_size=4 * alone.n_critic, shuffle=False, verbose=0)
    alone.fit(data, **batch)
    for way in ("checkpoint", "file"):
        model = built(tiny, name, **options)
        model.fit(data[: 6 * 4 * model.n_critic], **batch)
        if way == "checkpoint":
            path = tf.train.Checkpoint(model=model).save(str(tmp_path / "c"))
            model = built(tiny, name, **options)
            tf.train.Checkpoint(model=model).restore(path).assert_existing_objects_matched()
        else:
            model.save(tmp_path / "m.keras")
            model = ganzoo.load(str(tmp_path / "m.keras"))
        assert model.augmentation.probability.numpy() > 0
        assert model.step % INTERVAL != 0
        model.fit(data[6 * 4 * model.n_critic :], **batch)
        assert model.augmentation.probability.numpy() == alone.augmentation.probability.numpy()
        for one, other in zip(weights(alone), weights(model), strict=True):
            np.testing.assert_array_equal(one, other)


def test_measuring_a_validation_set_leaves_the_probability_alone(tiny, reals):
    model = built(tiny, "gan", augment=ADA | dict(target=-0.999))
    trained(model, reals, steps=6)
    before = weights(model.augmentation)
    model.evaluate(reals(16), batch_size=4, verbose=0)
    np.testing.assert_array_equal(before, weights(model.augmentation))


def test_draws_and_reals_and_fakes_have_random_numbers_of_their_own(tiny, reals):
    """And the same call has the same ones, those of the rows in their places."""
    model, x = built(tiny, "gan", augment=ALL), tf.constant(reals(1).repeat(16, 0))
    first = model.augment_reals(0, x).numpy()
    np.testing.assert_array_equal(first, model.augment_reals(0, x))
    np.testing.assert_allclose(first[:5], model.augment_reals(0, x[:5]), atol=1e-4)  # kernels round by batch sizes
    assert not np.array_equal(first, model.augment_reals(1, x))
    assert not np.array_equal(first, model.augment_fakes(0, x))
    model.step.assign_add(1)
    assert not np.array_equal(first, model.augment_reals(0, x))


def test_the_penalty_of_r1_is_by_the_picture_before_its_transforms(tiny, reals):
    """For a critic that sums its pixels, mirrored pictures have gradients of 1, brighter ones with contrast others."""
    model, x = built(tiny, "gan", augment=ALL | dict(probability=1.0, transforms=("contrast",))), tf.constant(reals(8))
    model.discriminator = keras.Sequential([keras.Input((16, 16, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.discriminator.layers[-1].kernel.assign(np.ones((256, 1)))
    _, squared = penalties.logits_and_squared_gradients(lambda x: model.discriminate_reals(0, x)[:, 0], x)
    factors = (model.augment_reals(0, x) / x).numpy().mean((1, 2, 3))
    assert np.ptp(factors) > 0.1
    np.testing.assert_allclose(squared, 256 * factors**2, rtol=1e-4)


def test_the_interpolates_of_wgan_gp_lie_between_augmented_pictures(tiny, reals, monkeypatch):
    """Augmented before they are interpolated, and not again: a critic never sees what no transform was applied to."""
    model = built(tiny, "wgan_gp", n_critic=1, augment=ALL)
    seen = []
    see = model.discriminate
    monkeypatch.setattr(model, "discriminate", lambda x, *labels: seen.append(x) or see(x, *labels))
    model.run_eagerly = True
    x = reals(4)
    model.fit(x, batch_size=4, verbose=0, shuffle=False)
    between, real, fake = (tensor.numpy() for tensor in seen[:3])
    model.step.assign(0)
    np.testing.assert_array_equal(real, model.augment_reals(0, tf.constant(x)))
    weight = model.uniforms(0, tf.constant(x)).numpy()[:, None, None, None]
    np.testing.assert_allclose(between, weight * real + (1 - weight) * fake, atol=1e-6)


def test_infogans_recognition_sees_augmented_fakes(tiny, reals):
    """Its bound then differs from the bound on the fakes as they are."""
    model = built(tiny, "infogan", augment=ALL)
    latents = model.step_latents(0, tf.constant(reals(8)))
    fakes = model.generator(latents)
    augmented = model.judge(0, fakes, latents)[1].numpy()
    model.augmentation.probability.assign(0.0)
    assert augmented != model.judge(0, fakes, latents)[1].numpy()


def test_the_density_ratio_and_samples_are_not_augmented(tiny, reals):
    """After training: logits of the frozen discriminator, whatever the probability is."""
    model, x = built(tiny, "gan", augment=ALL), reals(400)
    options = load_config("gan").ratio.to_dict() | dict(estimator="discriminator", calibration="none", groups=0)
    found = fitting.for_export(model, x, None, options=options, seed=0).log_ratio(tf.constant(x[:32])).numpy()
    own = model.discriminator(x[:32], training=False).numpy()
    np.testing.assert_allclose(found - found.mean(), own - own.mean(), atol=1e-4)


def test_the_objectives_whose_logits_have_no_zero_compare_reals_with_fakes(tiny, reals):
    """A constant on all logits changes nothing in their r_t."""
    logits = dict(real_logits=tf.constant([3.0, 5.0, 5.0]), fake_logits=tf.constant([4.0, 4.0, 4.0]))
    signs = {}
    for name in OBJECTIVES:
        signs[name] = built(tiny, name, augment=ADA)._with_signs(logits)["real_sign"].numpy().tolist()
    compared = {name for name, sign in signs.items() if sign == [-1, 1, 1]}
    assert compared == {"lsgan", "pggan", "r3gan", "wgan", "wgan_gp"}
    assert all(sign == [1, 1, 1] for name, sign in signs.items() if name not in compared)


def test_points_and_wrong_options_are_refused(tiny):
    with pytest.raises(GanzooError, match="transforms pictures, but the samples are points of 2 numbers"):
        tiny("gan", (2,), augment=dict(policy="ada"))
    for wrong, said in (
        (dict(policy="adaa"), "Did you mean 'ada'"),
        (dict(probability=1.5), "augment.probability is 1.5"),
    ):
        with pytest.raises(GanzooError, match=said):
            tiny("gan", augment=wrong)
    with pytest.raises(GanzooError, match="augment.transforms is"):
        tiny("gan", augment=dict(policy="ada", transforms=("flip", "blur")))


class Unaugmented(AdversarialModel):
    logged = ("loss",)

    def train_step(self, reals):
        return self.log(loss=self.discriminate(self.critic_batches(reals)[0]))


def test_an_objective_that_cannot_be_augmented_says_why(tiny, reals):
    whole = tiny("gan")
    networks, base = (whole.generator, whole.discriminator), dict(n_critic=1, ema_decay=0.9)
    options = load_config("gan").augment.to_dict()
    with pytest.raises(GanzooError, match="reads real_logits and fake_logits, and Unaugmented"):
        Unaugmented(*networks, **base, augment=options | dict(policy="ada"))
    model = Unaugmented(*networks, **base, augment=options | dict(policy="fixed"))
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    with pytest.raises(GanzooError, match="call `discriminate_reals` and `discriminate_fakes`"):
        model.fit(reals(4), batch_size=4, verbose=0)


def test_without_it_nothing_is_added_to_a_model(tiny):
    """So that checkpoints and `.keras` files of before load."""
    model = tiny("gan")
    assert model.augmentation is None
    assert set(model.trackers) == set(model.logged)
    assert "augment" not in model.get_config()


def test_a_run_of_before_the_key_has_no_augmentation():
    """Whatever its recipe has now."""
    stored = load_config("r3gan").to_dict()
    del stored["augment"]
    assert completed(stored).augment.policy == "none"


def test_replicas_are_augmented_as_their_rows_of_one_device_and_adapt_together():
    """Two logical devices: pictures of the joined batch, pairs of `r3gan` included, and the same probability."""
    code = """
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras, ganzoo
from ganzoo.training import strategies
from ganzoo.zoo.values import TRANSFORMS
from tests.conftest import TINY
augment = dict(policy="ada", images=64, target=-0.999, transforms=TRANSFORMS)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
x = np.random.default_rng(0).uniform(-1, 1, (64, 16, 16, 1)).astype("float32")
for name, options in {"r3gan": {}, "wgan_gp": dict(n_critic=2)}.items():
    def build():
        keras.utils.set_random_seed(0)
        model = ganzoo.create(name, image_shape=(16, 16, 1), latent_dim=3, augment=augment, **TINY["images"], **options)
        model.compile(keras.optimizers.SGD(0.02), keras.optimizers.SGD(0.02))
        return model
    alone, begun = build(), build()
    replicated = strategies.Replicated(begun, strategy)
    replicated.push()
    rows = 8 * alone.n_critic
    alone.fit(x[: 8 * rows], batch_size=rows, shuffle=False, verbose=0)
    def data(share):
        def of_step(step):
            batch = tf.reshape(tf.constant(x)[step * rows : (step + 1) * rows], [alone.n_critic, 2, 4, 16, 16, 1])
            return [tf.reshape(batch[:, k], [-1, 16, 16, 1]) for k in (0, 1)]
        steps = len(x) // rows
        return tf.data.Dataset.from_tensor_slices(np.concatenate([np.stack(of_step(s)) for s in range(steps)]))
    replicated.model.fit(replicated.distribute(data), steps_per_epoch=len(x) // rows, verbose=0)
    replicated.pull()
    assert alone.augmentation.probability.numpy() == begun.augmentation.probability.numpy() > 0, name
    for one, other in zip(alone.variables, begun.variables, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=2e-5, err_msg=f"{name} {one.path}")
"""
    done = processes.run(code=code)
    assert done.returncode == 0, done.stderr[-3000:]
