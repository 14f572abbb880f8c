"""The folder of a run: which run it belongs to, and whether that run is finished."""

import contextlib
import datetime
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import tensorflow as tf

from ganzoo import files
from ganzoo.bases import optimizers
from ganzoo.errors import GanzooError
from ganzoo.files import RUN_LOCK, Held, NoLocks, check_writable, locked, write_json
from ganzoo.serving.exported import Exported, newest_version
from ganzoo.training import validation
from ganzoo.zoo.recipes import completed
from ganzoo.zoo.values import flat

# These keys may change between two starts of the same run: they set its length and its files, not what is trained.
FREE = (
    "plugins",  # the paths of the user's own files
    "sample_shape",  # follows from the data; runs of before do not say it
    "files",  # of a folder: what was left out may change, as long as the pictures are the same
    "config.steps",
    "config.model.gamma_steps",  # with `ema_burn_in` the lengths of r3gan's schedules, which follow `steps`
    "config.model.ema_burn_in",
    "config.log_every",
    "config.checkpoint_every",
    "config.checkpoints_kept",
    "config.sample_every",
    "config.evaluate_every",
    "config.patience",
    "config.export",
    "config.divergence_threshold",
    "config.tracker",
    "config.data.data_dir",
    "config.data.stream_above_mb",
    "config.ratio",
    "config.sampling",
    "config.evaluation",
)


@contextlib.contextmanager
def held(workdir: Path) -> Iterator[None]:
    """Holds the folder for this process alone: no other process trains or measures this run in the block.

    The lock is the system's, so that it ends with the process, even after `kill -9`. Where the file system has no
    locks, a line says so, and the block goes on without one. Of several hosts that train together only the chief, which
    alone writes, holds the folder. Reading a run (`ganzoo.reexport`, `ganzoo.sample`) needs no lock.

    Args:
        workdir: the run's folder, made if need be.

    Raises:
        GanzooError: if another process holds the folder, or if the folder cannot be written.
    """
    check_writable(workdir, "--workdir", is_folder=True)
    workdir.mkdir(parents=True, exist_ok=True)
    since = datetime.datetime.now().astimezone().isoformat(" ", "minutes")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(workdir / RUN_LOCK, f"process {os.getpid()} on {platform.node()} since {since}"))
        except Held as other:
            raise GanzooError(
                f"{workdir} is in use by {other or 'another process'}, which writes this run. Wait for its end, end "
                "it, or give another --workdir."
            ) from other
        except NoLocks as reason:
            print(
                f"ganzoo: {workdir} has no lock, because its file system has none ({reason}). Do not start a second "
                "process there.",
                file=sys.stderr,
            )
        yield


def claim(workdir: Path, description: Mapping, *, resume: bool) -> None:
    """Claims the folder for the run by writing `config.json`, or checks that the folder already holds this run.

    Args:
        workdir: the run's folder, which the caller holds (`held`).
        description: `config` and `split`, both as plain JSON.
        resume: whether a run that the folder already holds may go on.

    Raises:
        GanzooError: if the folder holds another run, or any run while `resume` is False.
    """
    path = workdir / "config.json"
    if path.exists():
        if not resume:
            raise GanzooError(f"{workdir} holds a run already. Give another --workdir, or remove it.")
        existing, new = _completed(_read(path)), json.loads(json.dumps(description))
        _compare(workdir, existing, new)
        if note := _longer(workdir, existing["config"], new["config"]):
            print(f"ganzoo: {note}", file=sys.stderr)
    elif (workdir / "checkpoints").exists():
        raise GanzooError(f"{workdir} holds checkpoints but no config.json. Give another --workdir, or remove it.")
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


def renew(workdir: Path, description: Mapping) -> None:
    """Writes `config.json` again, with a note, if somebody removed the folder while the run went on."""
    if not (workdir / "config.json").exists():
        write_json(workdir / "config.json", description)
        note = f"{workdir} was removed during the run, and is made anew; its earlier checkpoints and curves are lost."
        print(f"ganzoo: {note}", file=sys.stderr)


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


def finished(workdir: Path, config: Mapping) -> dict | None:
    """The metrics of a run that was trained to its end, exported and measured; None if the run is not finished.

    The end is `config.steps`, or where `config.patience` ended the training. A run whose `config.export` now names the
    other checkpoint is not finished.
    """
    path = workdir / "metrics.json"
    if not path.exists() or not any((workdir / "export").glob("[0-9]*")):
        return None
    facts = Exported.describe(workdir / "export")
    measured = validation.history(workdir) if config.get("evaluate_every") else None
    is_over = measured is not None and measured.is_over(config["patience"])
    is_at_end = facts.get("trained_steps", facts.get("step")) == config["steps"] or is_over
    has_best = measured is not None and measured.best is not None
    is_chosen = facts.get("checkpoint", "last") == (config["export"] if has_best else "last")
    return _read(path) if is_at_end and is_chosen else None


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
    old, new = dict(flat(existing)), dict(flat(description))
    model = "config.name"
    for key in sorted(old.keys() | new.keys(), key=lambda key: (key != model, key)):
        if old.get(key) != new.get(key) and key.startswith("split."):
            raise GanzooError(
                f"'{new.get('config.dataset')}' has changed since the run in {workdir} began ({key} in config.json): "
                f"{_sizes(old)} before, {_sizes(new)} now. Restore the data, or give another --workdir."
            )
        if old.get(key) != new.get(key) and not key.startswith(FREE):
            raise GanzooError(
                f"{workdir} holds a run of {old.get(model)!r} with {key} = {old.get(key)!r} (config.json); "
                f"here it is {new.get(key)!r}. Give another --workdir, or remove it."
            )
    if new["config.steps"] < old["config.steps"]:
        raise GanzooError(
            f"{workdir} holds a run of {old['config.steps']} steps, more than these {new['config.steps']}. "
            "Leave out --steps to go on with it, or give another --workdir."
        )


def _sizes(flat_description: Mapping[str, object]) -> str:
    """The numbers of samples in the parts, such as `train 60, ratio 20, test 20`."""
    start = "split.sizes."
    sizes = {key[len(start) :]: value for key, value in flat_description.items() if key.startswith(start)}
    return ", ".join(f"{name} {count}" for name, count in sizes.items()) or "no samples"


def _longer(workdir: Path, old: Mapping, new: Mapping) -> str:
    """What more steps change in a run that has begun: where it goes on, and how its learning rates jump. May be empty.

    Args:
        workdir: the run's folder.
        old: the stored config.
        new: the config of this start.
    """
    latest = tf.train.latest_checkpoint(str(workdir / "checkpoints"))
    if latest is None or new["steps"] <= old["steps"]:
        return ""
    step = int(latest.rpartition("-")[2])
    jumps = []
    for network, spec in new.get("optimizers", {}).items():
        before, after = (optimizers.rate(spec, step, steps) for steps in (old["steps"], new["steps"]))
        if before != after:
            jumps.append(f"of the {network} from {before:.3g} to {after:.3g} ({spec['schedule']})")
    if step < old["steps"] and not jumps:
        return ""
    state = "was at its end" if step >= old["steps"] else "was"
    note = f"the run {state} at step {step} of {old['steps']}, and now goes on to step {new['steps']}."
    if jumps:
        note += f" Its schedules now end there, so that the learning rate jumps: {' and '.join(jumps)}."
    return note
