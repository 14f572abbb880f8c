"""A run of `ganzoo.run` as it was at one of its checkpoints, to be exported again."""

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from ml_collections import ConfigDict

from ganzoo.errors import GanzooError
from ganzoo.tasks import workdirs
from ganzoo.zoo.recipes import load_config
from ganzoo.zoo.registry import list_models

if TYPE_CHECKING:
    from ganzoo.bases.stepped import SteppedModel
    from ganzoo.data.parts import Domains, Parts
    from ganzoo.export.saved_model import Servable


class Restored(NamedTuple):
    """A run before its export."""

    task: ModuleType
    model: "SteppedModel"
    data: "Parts | Domains"
    config: ConfigDict
    description: dict

    def servable(self) -> "Servable":
        """What the run itself would export here; a density ratio is fitted, as the run does it."""
        return self.task.servable(self.model, self.data, self.config, self.description)


def config_of(workdir: Path) -> ConfigDict:
    """The resolved config of the run in a folder, its keys locked.

    Keys that recipes have got since then have the values of the recipe.

    Raises:
        GanzooError: if there is no run, or one with keys that recipes no longer have.
    """
    description = workdirs.described(workdir)
    stored, plugins = description["config"], description.get("plugins")
    if stored.get("name") not in list_models() and plugins:
        named = " ".join(f"--plugin {plugin}" for plugin in plugins)
        raise GanzooError(f"{workdir} holds a run of '{stored.get('name')}', a model of your own: give {named}, too.")
    try:
        config = load_config(stored["name"], stored["dataset"])
        config.update(stored)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        said = str(error).splitlines()[0].strip("\"'")
        raise GanzooError(f"{workdir}/config.json is not of this version of ganzoo ({said}).") from error
    return config


def restore(workdir: Path, config: ConfigDict, *, step: int | None = None) -> Restored:
    """Builds the run's model and loads a checkpoint.

    Args:
        workdir: the run's folder.
        config: `config_of` it; the density ratio's and the samplers' part of it may be another.
        step: of the checkpoint; None is the newest that can be read.

    Raises:
        GanzooError: if there is no such checkpoint, or none that can be read, and if the data are not what the run
            was trained on.
    """
    from ganzoo import tasks
    from ganzoo.training.checkpoints import Checkpoints

    split = workdirs.described(workdir)["split"]
    task, model, data = tasks.prepare(config)
    if data.describe() != split:
        raise GanzooError(
            f"'{config.dataset}' is not what {workdir} was trained on (its split differs): what it was trained on "
            "could be among the held-out reals. Restore the data."
        )
    taken = Checkpoints(workdir, model, config.checkpoints_kept).restore(step)
    if taken == 0:
        raise GanzooError(f"{workdir} has no checkpoints yet; train it first.")
    return Restored(task, model, data, config, {"config": config.to_dict(), "split": split, "step": taken})
