"""Commands that use a run, as lines to copy."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from ganzoo import tasks
from ganzoo.errors import GanzooError
from ganzoo.serving.exported import newest_version
from ganzoo.zoo import values
from ganzoo.zoo.recipes import load_config

# The keys of a config that have flags of their own.
FLAGS = {"seed": "--seed", "steps": "--steps", "data.data_dir": "--data_dir"}
SETTLED = {"model.num_classes": 0, "model.num_domains": 0, "augment.policy": "auto"}  # left to the data by a recipe


def of_export(workdir: Path, config: Mapping) -> dict[str, str]:
    """Commands that use the export of a finished run, by what they do."""
    export = (workdir / "export").resolve()
    example = tasks.of(config.get("task", "sampling")).example(shlex.quote(str(export)))
    serve = f"--model_name={config['name']} --model_base_path={shlex.quote(str(export))}"
    return {
        "sample": example,
        "load": f"tf.saved_model.load({str(newest_version(export))!r}).signatures",
        "serve": f"tensorflow_model_server --rest_api_port=8501 {serve}",
        "curves": f"tensorboard --logdir {shlex.quote(str(workdir.resolve()))}",
    }


def differences(config: Mapping) -> list[tuple[str, object, object]]:
    """(key, the recipe's value, the run's value) of each key in which a run differs from its recipe as it is now.

    Keys that a recipe computes from others, such as the length of a schedule from the steps, are compared with what
    the recipe computes from the run's values. A key that one side lacks has None there.

    Args:
        config: the run's resolved config, as plain JSON.

    Raises:
        GanzooError: if the model is not registered, as without its plugin.
    """
    recipe = load_config(config["name"], config["dataset"])
    mine, found = dict(values.flat(config)), []
    for key in values.FIRST:  # in their order, as the later ones may be computed from the earlier ones
        old = dict(values.flat(recipe.to_dict())).get(key)
        if key in mine and old is not None and old != mine[key]:
            found.append((key, old, mine[key]))
            recipe.update_from_flattened_dict({key: mine[key]})
    computed = dict(values.flat(recipe.to_dict()))
    for key in sorted((mine.keys() | computed.keys()) - {*values.FIRST}):
        old, new = _plain(computed.get(key)), _plain(mine.get(key))
        if old != new and not (key in SETTLED and old == SETTLED[key]):
            found.append((key, old, new))
    return found


def train(workdir: Path, config: Mapping, plugins: Sequence[str], steps: int) -> str:
    """The command that goes on with a run, up to `steps`.

    Raises:
        GanzooError: as `differences`.
    """
    words = ["python -m ganzoo.run", *(f"--plugin {shlex.quote(plugin)}" for plugin in plugins)]
    words += [f"--model {shlex.quote(config['name'])}", f"--dataset {shlex.quote(config['dataset'])}"]
    words.append(f"--workdir {shlex.quote(str(workdir.resolve()))}")
    own = {key: value for key, _, value in differences(config) if value is not None and key not in FLAGS}
    words += [f"--seed {config['seed']}", f"--steps {steps}"]
    if data_dir := config.get("data", {}).get("data_dir"):
        words.append(f"--data_dir {shlex.quote(data_dir)}")
    words += [f"--config.{key}={shlex.quote(_as_flag(value))}" for key, value in own.items()]
    return " ".join(words)


def try_train(workdir: Path, config: Mapping, plugins: Sequence[str], steps: int) -> str | None:
    """`train`, or None where the recipe is not known here."""
    try:
        return train(workdir, config, plugins, steps)
    except GanzooError:
        return None


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple | list) else value


def _as_flag(value: object) -> str:
    return repr(tuple(value)) if isinstance(value, list) else str(value)
