"""Samples as metrics see them: what metrics take, by name, and metrics measured on it."""

import inspect
import math
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from ganzoo.data.reals import to_float
from ganzoo.data.storage import StoredPictures
from ganzoo.evaluation.frechet import fit_gaussian
from ganzoo.evaluation.registry import METRICS, Metric
from ganzoo.evaluation.samples import short, subset


class View:
    """Samples as some metrics see them: the ingredients of metrics by name, each made when it is first asked for.

    Attributes:
        suffix: of the metrics' names: whose features or classes, and how many samples, such as `digits10k`.
    """

    def __init__(self, label: str, count: int, **ingredients):
        """
        Args:
            label: of the features or classes; "" for samples as they are.
            count: of the samples.
            **ingredients: named as in `registry.INGREDIENTS`: values, or functions that make them. What is None is not
                there.
        """
        self.suffix = f"{label}{short(count)}"
        self._makers = {name: value for name, value in ingredients.items() if value is not None}
        self._made: dict[str, object] = {}

    def has(self, *ingredients: str) -> bool:
        return all(name in self._makers for name in ingredients)

    def __getitem__(self, ingredient: str):
        if ingredient not in self._made:
            maker = self._makers[ingredient]
            self._made[ingredient] = maker() if callable(maker) else maker
        return self._made[ingredient]

    def arguments(self, metric: Metric) -> dict:
        """What a metric takes, by name."""
        return {name: self[name] for name in metric.takes}


def as_they_are(samples: np.ndarray, reals: np.ndarray | StoredPictures, **ingredients) -> View:
    """A view without features: samples and, in random order, as many reals.

    Args:
        samples: [n, ...], uint8 or float32.
        reals: [m, ...], of the test part.
        **ingredients: what else there is: `labels`, `targets`.
    """
    count = len(samples)
    own = dict(samples=lambda: to_float(samples), reals=lambda: to_float(subset(reals, count)))
    return View("", count, **own, **ingredients)


def compared(label: str, count: int, *, reals: Callable, fakes: Callable) -> View:
    """A view of as many samples as reals, by their features.

    Args:
        label: the features' name.
        count: of either.
        reals: makes the reals' features, float32 [count, d].
        fakes: likewise of the samples.
    """
    view = View(
        label,
        count,
        real_features=reals,
        fake_features=fakes,
        reference=None if count < 2 else lambda: fit_gaussian(view["real_features"]),
    )
    return view


def measured(metrics: Iterable[str], view: View) -> dict[str, float]:
    """The package's metrics on a view, by their names in `metrics.json`.

    A metric is left out if it takes what the view does not have, or says nothing, which is a number that is not finite.
    """
    return _answers(metrics, view, lambda metric: metric.function)


def standard_errors(metrics: Iterable[str], view: View) -> dict[str, float]:
    """The standard errors of those of the package's metrics that have one, as `measured`."""
    return _answers(metrics, view, lambda metric: metric.standard_error)


def _answers(metrics: Iterable[str], view: View, question: Callable[[Metric], Callable | None]) -> dict[str, float]:
    """Numbers by functions of metrics. A function that several metrics share is called once."""
    answers: dict[Callable, object] = {}
    found = {}
    for name in metrics:
        metric, function = METRICS[name], question(METRICS[name])
        if function is None or not view.has(*metric.takes):
            continue
        if function not in answers:
            answers[function] = function(**view.arguments(metric))
        number = float(_number(answers[function], name))
        if math.isfinite(number):
            found[f"{name}_{view.suffix}"] = number
    return found


def measured_by_users(metrics: Iterable[str], views: Iterable[View], row: str) -> dict[str, float]:
    """Users' own metrics, each on the first view that has what it takes, by their names in `metrics.json`.

    A metric that fails is left out, and one line on standard error says why.

    Args:
        metrics: their registered names.
        views: of the same samples.
        row: whose samples they are, for that line.
    """
    views = list(views)
    answers: dict[Callable, object] = {}
    found = {}
    for name in metrics:
        metric = METRICS[name]
        view = next((view for view in views if view.has(*metric.takes)), None)
        if view is None:
            missing = [f"'{item}'" for item in metric.takes if not any(view.has(item) for view in views)]
            _say(name, row, f"it takes {' and '.join(missing)}, not there for these samples")
            continue
        arguments = view.arguments(metric)
        if metric.function not in answers:
            try:
                answers[metric.function] = metric.function(**arguments)
            except Exception as error:
                answers[metric.function] = error
        answer = answers[metric.function]
        if isinstance(answer, Exception):
            _say(name, row, _where(answer, metric.function))
            continue
        number = _finite(answer, name)
        if number is None:
            _say(name, row, f"it returned {_short(answer)}, expected a finite number")
        else:
            found[f"{name}_{view.suffix}"] = number
    return found


def _number(answer, name: str):
    """A metric's number, of several the one of its name."""
    if hasattr(answer, "_asdict"):
        answer = answer._asdict()
    return answer[name] if isinstance(answer, Mapping) else answer


def _finite(answer, name: str) -> float | None:
    try:
        number = float(_number(answer, name))
    except (TypeError, ValueError, KeyError):
        return None
    return number if math.isfinite(number) else None


def _short(answer) -> str:
    """What was returned, in at most 60 characters of one line."""
    shape = getattr(answer, "shape", ())
    text = f"an array of shape {list(shape)}" if len(shape) else " ".join(repr(answer).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _where(error: Exception, function: Callable) -> str:
    """The file and line of the user's that an error came from, and its words."""
    file = inspect.unwrap(function).__code__.co_filename
    frames = traceback.extract_tb(error.__traceback__)
    line = next((frame.lineno for frame in reversed(frames) if frame.filename == file), None)
    words = str(error).strip().splitlines()
    path = Path(file)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{shown}, line {line}: {type(error).__name__}{': ' + words[0] if words else ''}"


def _say(name: str, row: str, problem: str) -> None:
    print(f"ganzoo: the metric '{name}' of {row} is left out: {problem}.", file=sys.stderr)
