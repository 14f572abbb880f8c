"""The folder of a run: which run it belongs to, and whether that run is finished."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from ganzoo import files
from ganzoo.errors import GanzooError
from ganzoo.files import check_writable, write_json
from ganzoo.serving.exported import Exported, newest_version
from ganzoo.zoo.recipes import completed

# These keys may change between two starts of the same run: they set its length and its files, not what is trained.
FREE = (
    "plugins",  # the paths of the user's own files
    "config.steps",
    "config.model.gamma_steps",  # with `ema_burn_in` the lengths of r3gan's schedules, which follow `steps`
    "config.model.ema_burn_in",
    "config.log_every",
    "config.checkpoint_every",
    "config.checkpoints_kept",
    "config.sample_every",
    "config.divergence_threshold",
    "config.data.data_dir",
    "config.data.stream_above_mb",
    "config.ratio",
    "config.sampling",
    "config.evaluation",
)


def claim(workdir: Path, description: Mapping, *, resume: bool) -> None:
    """Claims the folder for the run by writing `config.json`, or checks that the folder already holds this run.

    Args:
        workdir: the run's folder, made if need be.
        description: `config` and `split`, both as plain JSON.
        resume: whether a run that the folder already holds may go on.

    Raises:
        GanzooError: if the folder cannot be written, if it holds another run, and if it holds any run while `resume`
            is False.
    """
    check_writable(workdir, "--workdir", is_folder=True)
    path = workdir / "config.json"
    if path.exists():
        if not resume:
            raise GanzooError(f"{workdir} holds a run already. Give another --workdir, or remove it.")
        _compare(workdir, _completed(_read(path)), json.loads(json.dumps(description)))
    elif (workdir / "checkpoints").exists():
        raise GanzooError(f"{workdir} holds checkpoints but no config.json. Give another --workdir, or remove it.")
    workdir.mkdir(parents=True, exist_ok=True)
    write_json(path, description)


def described(workdir: Path) -> dict:
    """The description of the run in a folder, which `claim` wrote: `config` and `split`.

    Raises:
        GanzooError: if the folder holds no run.
    """
    path = workdir / "config.json"
    if not path.is_file():
        raise GanzooError(f"no run in {workdir}: a run of `python -m ganzoo.run` leaves a config.json there.")
    description = _read(path)
    if not isinstance(description, dict) or not {"config", "split"} <= description.keys():
        raise GanzooError(f"{path} is not what a run leaves: it has no `config` and `split`.")
    return description


def remove_unfinished(workdir: Path) -> None:
    """Removes the drafts that a killed process left in a run's folder."""
    for folder in (workdir, workdir / "export", workdir / "samples"):
        files.remove_unfinished(folder)


def exported(workdir: Path, description: Mapping) -> Path | None:
    """The version that this run has exported already, at the same step and by the same `config.ratio` and
    `config.sampling`; None if there is no such version."""
    if not any((workdir / "export").glob("[0-9]*")):
        return None
    facts = Exported.describe(workdir / "export")
    asked = json.loads(json.dumps(description))
    same = all(facts.get("config", {}).get(key) == asked["config"].get(key) for key in ("ratio", "sampling"))
    return newest_version(workdir / "export") if same and facts.get("step") == asked["step"] else None


def finished(workdir: Path, steps: int) -> dict | None:
    """The metrics of a run that was exported and measured after `steps` steps; None if the run is not finished."""
    path = workdir / "metrics.json"
    if not path.exists() or not any((workdir / "export").glob("[0-9]*")):
        return None
    return _read(path) if Exported.describe(workdir / "export").get("step") == steps else None


def _read(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise GanzooError(f"{path} is not JSON ({error}). Give another --workdir, or remove it.") from error


def _completed(description: Mapping) -> Mapping:
    """A stored description with the values of keys that its recipe gained later; as it is if it is of no known run."""
    try:
        config = json.loads(json.dumps(completed(description["config"]).to_dict()))
    except (AttributeError, GanzooError, KeyError, TypeError, ValueError):
        return description
    return {**description, "config": config}


def _compare(workdir: Path, existing: Mapping, description: Mapping) -> None:
    old, new = dict(_flat(existing)), dict(_flat(description))
    model = "config.name"
    for key in sorted(old.keys() | new.keys(), key=lambda key: (key != model, key)):
        if old.get(key) != new.get(key) and not key.startswith(FREE):
            raise GanzooError(
                f"{workdir} holds a run of {old.get(model)!r} with {key} = {old.get(key)!r} (config.json); "
                f"here it is {new.get(key)!r}. Give another --workdir, or remove it."
            )
    if new["config.steps"] < old["config.steps"]:
        raise GanzooError(
            f"{workdir} holds a run of {old['config.steps']} steps, more than these {new['config.steps']}. "
            "Give another --workdir."
        )


def _flat(tree: Mapping, prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
