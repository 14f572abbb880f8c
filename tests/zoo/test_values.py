"""All keys of all recipes: each has a rule, keeps it, and refuses a wrong value and a wrong type."""

import math

import pytest

from ganzoo import models
from ganzoo.errors import GanzooError
from ganzoo.zoo import values
from ganzoo.zoo.recipes import check_network, choose_optimizers, load_config
from ganzoo.zoo.registry import in_package
from zoo_configs import common

RECIPES = [
    (name, dataset)
    for name in in_package()
    for dataset in ([None] if load_config(name).task == "translation" else [None, "gaussians25"])
]
FREE = ("name", "dataset", "data.data_dir", "evaluation.feature_extractor")  # texts of any kind
KEYS = sorted({key for name, dataset in RECIPES for key, _ in values.flat(load_config(name, dataset))})


def wrong_values(key, value):
    """Values of the same type that the key does not take."""
    if key == "data.stream_above_mb":
        return [-7]  # a set may be of any size
    if key == "seed":
        return []  # any whole number
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [-7, 10**12]
    if isinstance(value, float):
        return [-7.0, math.nan, math.inf]
    return [("nothing",), ()] if isinstance(value, tuple) else ["nothing"]


def refuse(config, arguments):
    """What a command line with these flags does before anything is loaded."""
    choose_optimizers(config, arguments)
    values.check_flags(config, arguments)
    values.check(config)
    check_network(config)


@pytest.mark.parametrize(("name", "dataset"), RECIPES)
def test_every_key_has_a_rule_and_the_recipe_keeps_it(name, dataset):
    config = load_config(name, dataset)
    for key, value in values.flat(config):
        assert values.rule_of(key) is not None, key
        assert value is not None, f"{key}: a flag cannot set a key whose recipe has None"
    refuse(config, [])


@pytest.mark.parametrize(("name", "dataset"), RECIPES)
def test_every_key_refuses_a_wrong_value_and_a_wrong_type(name, dataset):
    """By an error that names the key, and in one line."""
    for key, value in values.flat(load_config(name, dataset)):
        *sections, last = key.split(".")
        for wrong in wrong_values(key, value):
            config = load_config(name, dataset)
            section = config
            for part in sections:
                section = section[part]
            if key in FREE or (key == "data.tfds_split" and wrong):
                continue
            with config.unlocked():
                section[last] = wrong
            arguments = [f"--config.{key}={wrong}"] if last == "name" else []
            with pytest.raises(GanzooError) as error:
                refuse(config if not arguments else load_config(name, dataset), arguments)
            assert last in str(error.value) or key == "model.ema_burn_in", key  # r3gan's follows gamma_steps
            assert "\n" not in str(error.value)
        if not isinstance(value, str) and key not in ("ratio.combined", "augment.transforms"):
            with pytest.raises(GanzooError, match=rf"^--config\.{key}=neither: expected .*, such as the recipe's"):
                refuse(load_config(name, dataset), [f"--config.{key}=neither"])


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("--config.ratio.refti.steps=20", "no key 'ratio.refti.steps'. Did you mean 'ratio.refit.steps'?"),
        ("--config.model.n_crtic=3", "no key 'model.n_crtic'. Did you mean 'model.n_critic'?"),
        ("--config.n_critic=3", "Did you mean 'model.n_critic'?"),
        ("--config.steps.more=3", "no key 'steps.more'"),
        ("--config.=3", "no key ''"),
        ("--config.ratio=3", "config.ratio is a section. Set one of its keys: calibration, "),
        ("--config.batch_size=1.5", "--config.batch_size=1.5: expected a whole number, such as the recipe's 64"),
        ("--config.batch_size", "--config.batch_size has no value: expected a whole number"),
        ("--config.deterministic=maybe", "expected true or false"),
        ("--config.precision=float64", "one of float32, mixed_bfloat16"),
        ("--config.optimizers.generator.name=rmsprp", "Did you mean 'rmsprop'?"),
        ("--config.optimizers.generator.rho=.9", "no key 'optimizers.generator.rho'"),
    ],
)
def test_a_mistake_is_told_in_one_line(flag, said):
    config = load_config("gan")
    key, _, value = flag.removeprefix("--config.").partition("=")
    if key == "precision":
        config.precision = value
    with pytest.raises(GanzooError) as error:
        refuse(config, ["ganzoo.run", flag])
    assert said in str(error.value)


def test_a_value_may_stand_after_its_flag():
    flags = ["--config.steps", "5", "--config.deterministic", "--noconfig.deterministic", "--", "--config.not=1"]
    assert list(values.config_flags(flags)) == [("steps", "5"), ("deterministic", None), ("deterministic", None)]


@pytest.mark.parametrize("name", common.OPTIMIZERS)
def test_each_optimizer_has_its_own_options(name):
    """Named by a flag it brings them along; the rate and its schedule stay."""
    config = load_config("gan")
    choose_optimizers(config, [f"--config.optimizers.discriminator.name={name}"])
    spec = config.optimizers.discriminator.to_dict()
    rate = dict(name=name, learning_rate=1e-3, schedule="cosine")
    options = common.OPTIMIZERS[name] | (dict(beta_1=0.5) if name == "adam" else {})  # as it was
    assert spec == rate | options
    assert config.optimizers.generator.name == "adam"


def test_the_names_in_the_rules_are_those_that_the_code_knows():
    from ganzoo.data.loading import DIRECTIONS, PAIRED
    from ganzoo.density_ratio import calibration, fitting
    from ganzoo.models.gan import GENERATOR_LOSSES
    from ganzoo.networks.labelled import DISCRIMINATORS

    for key, known in {
        "data.paired": PAIRED,
        "data.direction": DIRECTIONS,
        "model.loss": GENERATOR_LOSSES,
        "model.conditioning": DISCRIMINATORS,
        "ratio.estimator": fitting.CHOICES,
        "ratio.calibration": calibration.METHODS,
    }.items():
        assert set(values.rule_of(key).known) == set(known), key


@pytest.mark.parametrize(
    "key", [key for key in KEYS if key.startswith("networks.") and "width" not in key and "group_size" not in key]
)
def test_the_least_value_that_a_rule_takes_builds_a_network(key):
    """Small networks of the family on pictures of 32 x 32, or on points."""
    _, family, network, option = key.split(".")
    name = {
        "stargan": "stargan",
        "cyclegan": "cyclegan",
        "unet": "pix2pix",
        "progressive": "pggan",
        "style": "stylegan2",
    }.get(family, "gan")
    on_points = "mlp" in family or family == "fourier"
    config = load_config(name, "gaussians25" if on_points else None)
    config.model.network = family
    if name == "stargan":
        config.model.num_domains = 3
    for options in config.networks[family].values():
        options.width = 4
        if family == "r3":
            options.update(max_width=8, group_size=4)
    shape = (2,) if on_points else (32, 32, 1)
    options = config.networks[family][network]
    rule = values.rule_of(key)
    if isinstance(options[option], str):
        candidates = list(rule.known)
    else:
        first = next(value for value in (0, 1, 2) if rule.holds(type(options[option])(value)))
        candidates = [type(options[option])(first)]
    for value in candidates:
        options[option] = value
        if option == "base_resolution" and family == "progressive":
            for both in config.networks[family].values():
                both[option] = value
        assert models.from_config(config, shape) is not None


def test_python_callers_are_checked_as_flags_are():
    for wrong in (dict(latent_dim=0), dict(ema_decay=1.0), dict(n_critic=0), dict(loss="minmax"), dict(latent_dim="3")):
        with pytest.raises(GanzooError, match=f"config.model.{next(iter(wrong))} is"):
            models.create("gan", image_shape=(2,), **wrong)
    with pytest.raises(GanzooError, match="config.networks.mlp.generator.width is -1"):
        models.create("gan", image_shape=(2,), generator=dict(width=-1, depth=1))
