"""Commands in processes of their own, without five seconds of imports for each.

TensorFlow and other packages are imported once, by a process that does nothing else, and every command is a fork of it.
What is imported is all that a fork shares: the command's module, its arguments, environment, standard output and exit
code are its own. Tests of what is imported when, and of a command from its very start, have `subprocess` instead.
"""

import gc
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["tensorflow", "keras", "sklearn.linear_model", "tensorflow_datasets"])


class Command:
    """`python -m MODULE ARGUMENTS`, or with `code` `python -c CODE`, begun; its methods are as of `subprocess.Popen`.

    Args:
        arguments: of the command.
        module: to run; `code` takes its place.
        code: a program.
        env: the whole environment; None is this process's.
        cwd: None is this process's.
        optimize_graphs: let TensorFlow optimize what is traced, as commands do. It takes a seventh of a short command's
            time, which a few steps do not repay; numbers are the same to rounding.
    """

    def __init__(
        self,
        *arguments: object,
        module: str = "",
        code: str = "",
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        optimize_graphs: bool = False,
    ):
        self._folder = tempfile.TemporaryDirectory()
        self._outputs = [Path(self._folder.name, name) for name in ("stdout", "stderr")]
        for path in self._outputs:
            path.touch()
        self.args = [module or code, *map(str, arguments)]
        begun = (module, code, self.args[1:], dict(os.environ if env is None else env), str(cwd or Path.cwd()))
        self._process = _forking.Process(target=_run, args=(*begun, self._outputs, optimize_graphs))
        self._process.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.args, timeout)
        return self.returncode

    def printed(self) -> str:
        """The standard output up to now."""
        return self._outputs[0].read_text()

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self.wait(timeout)
        return tuple(path.read_text() for path in self._outputs)


def run(*arguments: object, timeout: float | None = 600.0, **what) -> subprocess.CompletedProcess:
    """A `Command` to its end, as `subprocess.run` with captured text."""
    command = Command(*arguments, **what)
    try:
        out, err = command.communicate(timeout)
    finally:
        command.kill()
    return subprocess.CompletedProcess(command.args, command.returncode, out, err)


def _run(
    module: str,
    code: str,
    arguments: list[str],
    environment: dict[str, str],
    cwd: str,
    outputs: list[Path],
    optimize_graphs: bool,
):
    gc.freeze()  # what the server imported is nobody's garbage, and a command ends before its own is worth the search
    gc.set_threshold(100_000, 50, 100)
    for number, path in enumerate(outputs, 1):
        file = os.open(path, os.O_WRONLY)
        os.dup2(file, number)
        os.close(file)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.path.insert(0, cwd)
    sys.argv = ["-c" if code else module, *arguments]
    if not optimize_graphs:
        sys.modules["tensorflow"].config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    if code:
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    else:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
