"""Another revision of this repository beside this one: a checkout of its own, and a process that trains its recipe.

`sampling_speed --against` runs the revision's commands. `time_to_quality --against` asks processes that train, in turn.
They speak by lines: a request on standard input, an answer on what was standard output. What the revision's own code
prints goes to standard error. Run by its path, this file is that process; it then imports the revision's packages and
nothing of this revision.
"""

import contextlib
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
STEPS_AT_ONCE = 10


@contextlib.contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """A folder with the files of a revision, as long as the block lasts.

    Raises:
        GanzooError: where this is no checkout by git, and for a revision that it does not have.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "revision"
        made = _git("worktree", "add", "--detach", str(place), revision)
        _check(made, revision)
        try:
            yield place
        finally:
            _git("worktree", "remove", "--force", str(place))


def entries(revision: str) -> set[str]:
    """The names of a revision's recipes.

    Raises:
        GanzooError: as `checkout`.
    """
    listed = _git("ls-tree", "--name-only", revision, "zoo_configs/")
    _check(listed, revision)
    return {Path(line).stem for line in listed.stdout.splitlines()}


def _check(done: subprocess.CompletedProcess, revision: str) -> None:
    from ganzoo.errors import GanzooError

    if done.returncode:
        raise GanzooError(
            f"--against {revision}: git has no such revision in {ROOT} ({done.stderr.strip().splitlines()[-1]}). "
            "Give a commit, a branch or a tag of a clone with its history."
        )


def _environment(place: Path) -> dict[str, str]:
    """The environment of the build in a folder: the user's, without what this build has set for itself."""
    from ganzoo.environment import tuned

    return {name: value for name, value in os.environ.items() if name not in tuned} | {"PYTHONPATH": str(place)}


def _git(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True)


def run(place: Path, module: str, *arguments: str) -> None:
    """Runs a command of the build in a folder, `python -m MODULE ARGUMENTS`, to its end."""
    subprocess.run([sys.executable, "-m", module, *arguments], cwd=place, env=_environment(place), check=True)


class Trainer:
    """A process that trains a model by the recipe of the revision in a folder, when it is told to.

    Args:
        place: the revision's files.
        model: the entry's name.
        seed: the seed of the training.
    """

    def __init__(self, place: Path, model: str, seed: int):
        command = [sys.executable, str(Path(__file__)), model, str(seed)]
        pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._process = subprocess.Popen(command, cwd=place, env=_environment(place), **pipes)
        self.steps_left = math.inf

    def train(self, steps: int) -> None:
        """Trains for so many steps, or to the recipe's last one; `steps_left` is then up to date."""
        self.steps_left = int(self._ask(f"train {steps}"))

    def draw(self, sampler: int, count: int) -> tuple:
        """Samples of the generator (0) or by drs (1), float32 [count, ...], and the seconds of the ratio's fit."""
        import numpy as np

        with tempfile.TemporaryDirectory() as folder:
            seconds = float(self._ask(f"draw {sampler} {count} {folder}/samples.npy"))
            return np.load(f"{folder}/samples.npy"), seconds

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()

    def _ask(self, request: str) -> str:
        print(request, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the process of another revision ended at '{request}'; its words are above.")
        return answer


def serve(name: str, seed: int) -> None:
    """Answers requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    import keras
    import numpy as np

    from benchmarks import time_to_quality

    try:
        from ganzoo.data.loading import load_parts
        from ganzoo.zoo.recipes import load_config
    except ImportError:  # the names before the rooms were moved
        from ganzoo.config import load_config

        from ganzoo.data.parts import load_parts

    config = load_config(name, "mnist_5k")
    config.seed = seed
    keras.utils.set_random_seed(seed)
    learner = time_to_quality.ours(load_parts(config.dataset, **config.data), config)
    samplers = list(learner.samplers.values())
    left = config.steps
    for request in sys.stdin:
        what, *arguments = request.split()
        if what == "train":
            steps = min(int(arguments[0]), left)
            if steps:
                learner.train(steps)
            left -= steps
            print(left, file=answers)
        else:
            samples, seconds = samplers[int(arguments[0])](int(arguments[1]))
            np.save(arguments[2], samples)
            print(seconds, file=answers)


if __name__ == "__main__":
    sys.path.pop(0)  # this file's own folder
    serve(sys.argv[1], int(sys.argv[2]))
