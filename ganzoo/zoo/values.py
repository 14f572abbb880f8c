"""What the keys of a config may hold, so that a run refuses a wrong value before its first step.

`RULES` has a rule for each key of each recipe. What depends on the data, such as a batch larger than the set, is
checked where the data are known. Light: neither TensorFlow nor NumPy is imported.
"""

import ast
import difflib
import fnmatch
import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from absl import flags
from ml_collections import ConfigDict

from ganzoo.errors import GanzooError, did_you_mean

FIRST = ("steps", "batch_size", "model.n_critic", "model.gamma_steps")  # recipes compute other keys from these
MOST = 10**9  # of anything counted: more would pass the bounds of int32 somewhere


class Rule(NamedTuple):
    """What one key may hold.

    Attributes:
        expected: the rule in words, after "expected".
        holds: value -> whether it keeps the rule. The value has the type of the recipe's value.
        known: the names that there are, for a key that names something.
    """

    expected: str
    holds: Callable[[object], bool]
    known: Sequence[str] = ()


def count(least: int = 1) -> Rule:
    return Rule(f"at least {least} and at most {MOST:,}", lambda value: least <= value <= MOST)


def above(least: float) -> Rule:
    return Rule(f"a number above {least:g}", lambda value: least < value < math.inf)


def at_least(least: float) -> Rule:
    return Rule(f"a number of at least {least:g}", lambda value: least <= value < math.inf)


def from_to(least: float, most: float) -> Rule:
    return Rule(f"a number from {least:g} to {most:g}", lambda value: least <= value <= most)


def from_to_below(least: float, bound: float) -> Rule:
    return Rule(f"at least {least:g} and less than {bound:g}", lambda value: least <= value < bound)


def between(least: float, bound: float) -> Rule:
    return Rule(f"more than {least:g} and less than {bound:g}", lambda value: least < value < bound)


def zero_or(least: int, most: int, meaning: str) -> Rule:
    return Rule(f"{least} to {most:,}, or 0 for {meaning}", lambda value: value == 0 or least <= value <= most)


def name_of(*known: str) -> Rule:
    return Rule(f"one of {', '.join(known)}", lambda value: value in known, known)


def some_of(*known: str) -> Rule:
    return Rule(
        f"some of {', '.join(known)}, each once, as \"('{known[0]}', '{known[1]}')\"",
        lambda value: bool(value) and len(set(value)) == len(value) and set(value) <= set(known),
    )


ANY = Rule("anything of its type", lambda value: True)
NORMS = ("none", "batch", "layer", "instance")
ESTIMATORS = ("discriminator", "refit", "smoothed")
TRANSFORMS = (
    "flip",
    "translation",
    "scale",
    "rotation",
    "brightness",
    "contrast",
    "saturation",
    "hue",
    "cutout",
)

# The first pattern that fits a key gives its rule; * stands for any text.
RULES: dict[str, Rule] = {
    # the run
    "name": ANY,
    "dataset": ANY,
    "task": name_of("sampling", "translation"),
    "seed": ANY,  # any whole number: `ganzoo.seeds`
    "deterministic": ANY,
    "precision": name_of("float32", "mixed_bfloat16", "auto"),
    "batch_size": count(),
    "steps": count(),
    "steps_per_execution": count(),
    "log_every": count(),
    "checkpoint_every": count(),
    "checkpoints_kept": count(),
    "sample_every": count(),
    "tracker": name_of("none", "mlflow", "wandb", "trackio"),
    "divergence_threshold": above(0),
    "evaluation.num_samples": count(),
    "evaluation.feature_extractor": ANY,  # whether it can be read is found before the first step
    "evaluation.validation_samples": count(2),
    "evaluate_every": count(0),
    "patience": count(0),
    "export": name_of("best", "last"),
    # the data
    "data.data_dir": ANY,
    "data.tfds_split": Rule("a split of the set, such as train", bool),
    "data.image_size": zero_or(16, 512, "the pictures' own size"),
    "data.aspect": name_of("crop", "pad", "keep"),
    "data.split": name_of("by_size", "fifths"),
    "data.load_size": zero_or(16, 512, "image_size"),
    "data.channels": Rule("1 (grey), 3 (RGB), or 0 for what the pictures are", lambda value: value in (0, 1, 3)),
    "data.stream_above_mb": at_least(0),
    "data.paired": name_of("none", "by_name", "side_by_side"),
    "data.direction": name_of("a_to_b", "b_to_a"),
    "data.flip": ANY,
    # the objectives
    "model.network": ANY,  # `recipes.check_network`
    "model.loss": name_of("minimax", "non_saturating"),
    "model.conditioning": name_of("concatenated", "projection"),
    "model.targets": Rule(
        "three numbers: the targets a, b and c",
        lambda value: len(value) == 3 and all(isinstance(n, int | float) and math.isfinite(n) for n in value),
    ),
    "model.latent_dim": count(),
    "model.latent_categories": zero_or(2, MOST, "none"),
    "model.n_critic": count(),
    "model.freeze_discriminator": count(0),
    "model.categories": count(2),
    "model.continuous": count(),
    "model.num_classes": count(0),
    "model.num_domains": zero_or(2, MOST, "as many as the data have"),
    "model.pool_size": count(0),
    "model.temperature": above(0),
    "model.num_patches": count(2),
    "model.projection_width": count(),
    "model.gamma_steps": count(),
    "model.ema_burn_in": count(),
    "model.ema_half_life": at_least(0),
    "model.ema_decay": from_to_below(0, 1),
    "model.fade_images": count(0),
    "model.stable_images": count(0),
    "model.clip": above(0),
    "model.perturbation": above(0),
    "model.gamma": at_least(0),
    "model.gamma_end": at_least(0),
    "model.*_weight": at_least(0),
    "model.*_interval": count(),
    "model.style_mixing": from_to(0, 1),
    "model.extra_critic_steps": ANY,
    "model.one_sided": ANY,
    # augmentation
    "augment.policy": name_of("none", "ada", "fixed", "auto"),
    "augment.target": between(-1, 1),
    "augment.images": count(),
    "augment.probability": from_to(0, 1),
    "augment.transforms": some_of(*TRANSFORMS),
    # the networks
    "networks.*.width": count(),
    "networks.*.max_width": count(),
    "networks.*.base_resolution": from_to(1, 64),
    "networks.*.kernel_size": from_to(2, 64),
    "networks.*.init_stddev": at_least(0),
    "networks.dcgan.discriminator.norm": name_of(*NORMS, "spectral"),
    "networks.resnet.discriminator.norm": name_of("spectral", "none"),
    "networks.*.norm": name_of(*NORMS),
    "networks.progressive.*.group_size": count(),
    "networks.*.group_size": count(0),
    "networks.r3.*.blocks": count(),
    "networks.*.blocks": count(0),
    "networks.*.expansion": count(),
    "networks.*.mapping_layers": count(),
    "networks.*.style_dim": count(),
    "networks.unet.generator.depth": count(0),
    "networks.*.depth": count(),
    "networks.*.dropout_levels": count(0),
    "networks.*.dropout_rate": from_to_below(0, 1),
    "networks.*.layers": count(0),
    # the optimizers
    "optimizers.*.name": ANY,  # `recipes.choose_optimizers` and `optimizers.build`
    "optimizers.*.schedule": name_of("constant", "linear", "cosine", "constant_then_linear"),
    "optimizers.*.learning_rate": above(0),
    "optimizers.*.beta_1": from_to_below(0, 1),
    "optimizers.*.beta_2": from_to_below(0, 1),
    "optimizers.*.beta_2_end": from_to_below(0, 1),
    "optimizers.*.rho": from_to_below(0, 1),
    "optimizers.*.momentum": from_to_below(0, 1),
    "optimizers.*.epsilon": above(0),
    "optimizers.*.weight_decay": at_least(0),
    "optimizers.*.initial_accumulator_value": at_least(0),
    "optimizers.*.nesterov": ANY,
    # the density ratio
    "ratio.estimator": name_of(*ESTIMATORS, "combined", "best"),
    "ratio.combined": some_of(*ESTIMATORS),
    "ratio.calibration": name_of("none", "temperature", "isotonic", "beta"),
    "ratio.groups": count(0),
    "ratio.mismatched": at_least(0),
    "ratio.*_share": between(0, 1),
    "ratio.tempering": above(0),
    "ratio.*.steps": count(),
    "ratio.*.batch_size": count(),
    "ratio.*.width": count(),
    "ratio.*.pool": count(),
    "ratio.*.learning_rate": above(0),
    "ratio.*.noise": at_least(0),
    "ratio.*.dropout": from_to_below(0, 1),
    # the samplers
    "sampling.*_percentile": from_to(0, 100),
    "sampling.budget": at_least(1),
    "sampling.precision": name_of("as_trained", "float32", "bfloat16"),
    "sampling.*": count(),
}


def rule_of(key: str) -> Rule | None:
    """The rule of a key such as "ratio.refit.steps"; None for a key that only a user's own recipe has."""
    return next((rule for pattern, rule in RULES.items() if fnmatch.fnmatchcase(key, pattern)), None)


def check(config: Mapping) -> None:
    """Checks every value of a config, or of some of its sections.

    Raises:
        GanzooError: for the first value that breaks its key's rule.
    """
    for key, value in sorted(flat(config), key=lambda pair: pair[0] not in FIRST):
        rule = rule_of(key)
        if rule is not None and not _keeps(rule, value):
            hint = did_you_mean(value, rule.known) if isinstance(value, str) else ""
            shown = f"'{value}'" if isinstance(value, str) else value
            raise GanzooError(f"config.{key} is {shown}, expected {rule.expected}.{hint}")


def _keeps(rule: Rule, value: object) -> bool:
    try:
        return bool(rule.holds(value))
    except TypeError:  # of another type, from Python: flags have been parsed by type
        return False


def flat(config: Mapping, prefix: str = "") -> Iterator[tuple[str, object]]:
    """The keys of a config with their sections, such as "ratio.refit.steps", and their values."""
    for key, value in config.items():
        if isinstance(value, Mapping | ConfigDict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def check_flags(config: ConfigDict, arguments: Sequence[str]) -> None:
    """Checks the flags `--config.KEY=VALUE` of a command line against a recipe: their keys, and their values' types.

    Args:
        config: the recipe.
        arguments: the command line.

    Raises:
        GanzooError: for a key that the recipe does not have, with the nearest key; for a section in place of a key; and
            for a value of another type.
    """
    for key, value in config_flags(arguments):
        node, path = config, []
        for name in key.split("."):
            if not isinstance(node, ConfigDict) or name not in node:
                raise GanzooError(_unknown(config, key, path, node, name))
            node, path = node[name], [*path, name]
        if isinstance(node, ConfigDict):
            raise GanzooError(f"config.{key} is a section. Set one of its keys: {', '.join(node)}.")
        _check_type(key, value, node)


def config_flags(arguments: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """The keys and the values of the flags `--config.KEY=VALUE` or `--config.KEY VALUE`; None is a flag without one."""
    for argument, after in itertools.zip_longest(arguments, arguments[1:]):
        if argument == "--":
            return
        if match := re.fullmatch(r"--?(no)?config\.([^=]*)(?:=(.*))?", argument, re.DOTALL):
            negated, key, value = match.groups()
            if value is None and not negated and after is not None and not after.startswith("-"):
                value = after
            yield key, value


def _unknown(config: ConfigDict, key: str, path: list[str], node: object, name: str) -> str:
    keys = [known for known, _ in flat(config)]
    near = ""
    if isinstance(node, ConfigDict) and (names := difflib.get_close_matches(name, list(node), n=1)):
        mended = ".".join([*path, names[0], *key.split(".")[len(path) + 1 :]])  # the rest of the key may be right
        near = mended if mended in keys else ".".join([*path, names[0]])
    elif same := [known for known in keys if known.rsplit(".", 1)[-1] == key.rsplit(".", 1)[-1]]:
        near = same[0]  # the last name stands in another section
    hint = f" Did you mean '{near}'?" if near else did_you_mean(key, keys)
    return f"the config has no key '{key}'.{hint} --dry_run prints the keys there are."


def _check_type(key: str, text: str | None, value: object) -> None:
    parsers = {bool: flags.BooleanParser().parse, int: flags.IntegerParser().parse, float: flags.FloatParser().parse}
    words = {bool: "true or false", int: "a whole number", float: "a number", tuple: "values with commas"}
    try:
        if text is None:
            if not isinstance(value, bool):
                raise ValueError
        elif type(value) in parsers:
            parsers[type(value)](text)
        elif isinstance(value, tuple) and all(isinstance(each, int | float) for each in value):
            parsed = ast.literal_eval(text)
            if not all(isinstance(each, int | float) for each in parsed):
                raise ValueError
    except (SyntaxError, TypeError, ValueError) as error:
        given = " has no value" if text is None else f"={text}"
        raise GanzooError(
            f"--config.{key}{given}: expected {words.get(type(value), 'a value')}, such as the recipe's {value!r}."
        ) from error
