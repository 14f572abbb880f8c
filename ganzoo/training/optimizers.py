"""Optimizers out of a recipe's plain dictionaries."""

from collections.abc import Mapping

import keras

from ganzoo.errors import GanzooError, did_you_mean


def build_both(
    specs: Mapping, steps: int, n_critic: int
) -> tuple[keras.optimizers.Optimizer, keras.optimizers.Optimizer]:
    """The generator's and the discriminator's optimizer; a discriminator that steps more often has a longer schedule.

    Args:
        specs: `generator` and `discriminator`, as in a recipe's `config.optimizers`.
        steps: of the generator.
        n_critic: discriminator steps in each.
    """
    return build(specs["generator"], steps), build(specs["discriminator"], steps * n_critic)


def build(spec: Mapping, steps: int) -> keras.optimizers.Optimizer:
    """The Keras optimizer of a recipe's entry, such as `common.adam(1e-4, beta_1=0.0)`.

    Args:
        spec: `name` and `schedule`, and the optimizer's own arguments.
        steps: at which the linear and the cosine schedule reach 0.

    Raises:
        GanzooError: for an optimizer or a schedule nobody knows.
    """
    arguments = dict(spec)
    name, schedule = arguments.pop("name"), arguments.pop("schedule")
    rate = arguments["learning_rate"]
    schedules = {
        "constant": lambda: rate,
        "linear": lambda: keras.optimizers.schedules.PolynomialDecay(rate, steps, end_learning_rate=0.0),
        "cosine": lambda: keras.optimizers.schedules.CosineDecay(rate, steps),
    }
    if schedule not in schedules:
        raise GanzooError(f"no schedule '{schedule}'.{did_you_mean(schedule, schedules)} There are: {[*schedules]}.")
    arguments["learning_rate"] = schedules[schedule]()
    classes = {c.__name__.lower(): c for c in vars(keras.optimizers).values() if isinstance(c, type)}
    if name not in classes:
        raise GanzooError(f"Keras has no optimizer '{name}'.{did_you_mean(name, classes)}")
    return classes[name](**arguments)
