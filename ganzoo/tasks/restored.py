"""A run of `ganzoo.run` restored at one of its checkpoints, to export the run again."""

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from ml_collections import ConfigDict

from ganzoo.errors import GanzooError
from ganzoo.tasks import workdirs
from ganzoo.zoo.recipes import completed
from ganzoo.zoo.registry import list_models

if TYPE_CHECKING:
    from ganzoo.bases.stepped import TwoOptimizerModel
    from ganzoo.data.parts import Domains, Parts
    from ganzoo.export.saved_model import Servable


class Restored(NamedTuple):
    """A run before its export."""

    task: ModuleType
    model: "TwoOptimizerModel"
    data: "Parts | Domains"
    config: ConfigDict
    description: dict

    def servable(self, *, fit_ratio: bool = True) -> "Servable":
        """The servable that the run itself would export at this step; the density ratio is fitted as in the run.

        Without `fit_ratio`, signatures that need a density ratio are left out.
        """
        return self.task.servable(self.model, self.data, self.config, self.description, fit_ratio=fit_ratio)


def config_of(workdir: Path) -> ConfigDict:
    """The resolved config of the run in a folder, its keys locked.

    Keys that recipes gained after the run have the recipe's values.

    Raises:
        GanzooError: if the folder holds no run, if the run's model is not registered, and if its config has keys that
            recipes no longer have.
    """
    description = workdirs.described(workdir)
    stored, plugins = description["config"], description.get("plugins")
    if stored.get("name") not in list_models() and plugins:
        named = " ".join(f"--plugin {plugin}" for plugin in plugins)
        raise GanzooError(f"{workdir} holds a run of '{stored.get('name')}', a model of your own: give {named}, too.")
    try:
        return completed(stored)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0].strip("\"'")
        raise GanzooError(f"{workdir}/config.json is not of this version of ganzoo ({reason}).") from error


def restore(workdir: Path, config: ConfigDict, *, step: int | None = None) -> Restored:
    """Builds the run's model and loads a checkpoint.

    Args:
        workdir: the run's folder.
        config: the result of `config_of`; its keys `ratio` and `sampling` may be changed.
        step: the checkpoint's step; None is the checkpoint that the run exports, the best or the newest readable one.

    Raises:
        GanzooError: if that checkpoint does not exist, if no checkpoint can be read, and if the data differ from the
            run's training data.
    """
    from ganzoo import tasks
    from ganzoo.training import validation
    from ganzoo.training.checkpoints import Checkpoints, best

    description = workdirs.described(workdir)
    split = description["split"]
    task, model, data = tasks.prepare(config)
    if data.describe() != split:
        raise GanzooError(
            f"'{config.dataset}' is not what {workdir} was trained on (its split differs): what it was trained on "
            "could be among the held-out reals. Restore the data."
        )
    kept = best(workdir, model)
    if step is not None and kept.latest_step == step:
        kept.restore(step)
    elif Checkpoints(workdir, model, config.checkpoints_kept).restore(step) == 0:
        raise GanzooError(f"{workdir} has no checkpoints yet; train it first.")
    chosen = {"step": model.steps_taken} if step is not None else validation.choose(model, workdir, config)
    facts = {"config": config.to_dict(), "split": split, **chosen}
    if "files" in description:
        facts["files"] = description["files"]
    return Restored(task, tasks.for_export(tasks.Prepared(task, model, data), config), data, config, facts)
