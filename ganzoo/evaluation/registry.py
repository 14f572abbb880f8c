"""The metrics by name: functions that take what they compare by the names of their parameters.

A metric of the package is a function in a file of this room with its direction beside it; a user's own is a function in
any file. `ganzoo.evaluation.suites` imports them all, and picks those that suit a kind of data.
"""

import inspect
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from ganzoo.errors import GanzooError
from ganzoo.registration import Register

Function = TypeVar("Function", bound=Callable)

INGREDIENTS = {
    "samples": "what is measured, float32 [n, ...]: pictures in [-1, 1] or points",
    "reals": "of the test part in random order, as many as the samples, or all if there are fewer; float32 [m, ...]",
    "labels": "int [n], what the samples should show; of conditional models and of labelled domains",
    "targets": "float32 [n, ...], what each sample should be; of paired domains",
    "shown": "int [n], what the samples do show: a digit, class, mode or triple; `num_classes` for none of them",
    "reals_shown": "int [m], what the whole test part shows, in its order",
    "num_classes": "int, how many things a sample can show",
    "probabilities": "float64 [n, num_classes], of each digit",
    "fake_features": "float32 [n, d], of samples",
    "real_features": "float32 [n, d], of as many reals of the test part",
    "reference": "a `frechet.Gaussian`, the moments of the reals' features",
}
"""What a metric can take, by the names of its parameters."""


class Metric(NamedTuple):
    """A registered metric.

    Attributes:
        function: what is called with the ingredients that it takes; a metric of several numbers shares it.
        direction: "lower" or "higher", whichever is better; None where neither is.
        takes: the names of the ingredients.
        standard_error: a function of the same ingredients, the number's standard deviation over draws of the samples;
            None where it is not known.
    """

    function: Callable
    direction: str | None
    takes: tuple[str, ...]
    standard_error: Callable | None = None


METRICS: Register[Metric] = Register("metric")


def register_metric(
    name: str, *, direction: str | None, standard_error: Callable | None = None
) -> Callable[[Function], Function]:
    """Function decorator: the function becomes a metric.

    A user's own metric is measured beside the package's metrics: of every sampler and of the floor, and in each
    direction of a translator against the target's test pictures. In `metrics.json` its name ends in the number of
    samples: `ink_10k`.

    The function takes any of `INGREDIENTS` by the names of its parameters. A parameter with a default keeps the
    default. The function returns a finite number. A function that computes several numbers at once returns them by
    name, as a dict or a NamedTuple, and is decorated once for each.

    Args:
        name: letters, digits and underscores.
        direction: "lower" or "higher", whichever is better; None where neither is.
        standard_error: of the metrics of the package: a function of the same parameters that gives the number's
            standard error, or the errors of several numbers by name.

    Raises:
        GanzooError: for a name that is taken or cannot be, another direction, and a parameter that is no ingredient.

    >>> @ganzoo.register_metric("ink", direction=None)
    ... def ink(samples, reals):
    ...     return (samples.mean() + 1) / (reals.mean() + 1)
    """
    if direction not in ("lower", "higher", None):
        raise GanzooError(
            f"the metric '{name}' has the direction {direction!r}. Give 'lower' or 'higher', whichever is better, or "
            "None."
        )

    def add(function: Function) -> Function:
        METRICS.add(name, Metric(function, direction, _takes(name, function), standard_error), function)
        return function

    return add


def _takes(name: str, function: Callable) -> tuple[str, ...]:
    parameters = inspect.signature(function).parameters.values()
    takes = tuple(
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    )
    for parameter in takes:
        if parameter not in INGREDIENTS:
            raise GanzooError(
                f"the metric '{name}' takes '{parameter}', but a metric can take {', '.join(INGREDIENTS)}. Rename the "
                "parameter, or give it a default."
            )
    return takes
