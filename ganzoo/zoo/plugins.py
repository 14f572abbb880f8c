"""Users' own files, which add to the zoo by what they register: models, networks, data sets, metrics, signatures."""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from ganzoo.environment import choose_backend
from ganzoo.errors import GanzooError
from ganzoo.registration import Register

HELP = (
    "your own Python file, or a module's name, that registers models, networks, data sets, metrics or signatures; give "
    "it again for several"
)


def load(plugins: Sequence[str]) -> None:
    """Imports files and modules, each once.

    Args:
        plugins: files such as "my_gan.py", or names of modules such as "lab.my_gan" (from the current folder, too).

    Raises:
        GanzooError: if a file or module does not exist, fails to import, registers a taken name, or registers nothing.
            The message names the file and, if possible, the line.
    """
    for plugin in plugins:
        before = Register.additions
        module = _imported(plugin)
        if Register.additions == before and not getattr(module, "__ganzoo_plugin__", False):
            file = _file_of(module, plugin)
            raise GanzooError(
                f"{file} registers nothing: decorate a class with @ganzoo.register(NAME, recipe=...), "
                "or a function with @ganzoo.register_data, @ganzoo.register_metric or @ganzoo.register_signature."
            )
        module.__ganzoo_plugin__ = True  # a second load registers nothing new


def _imported(plugin: str) -> ModuleType:
    is_file = plugin.endswith(".py") or "/" in plugin
    path = Path(plugin).expanduser()
    if is_file and not path.is_file():
        raise GanzooError(f"no file '{plugin}'. Give --plugin a Python file, or the name of a module.")
    choose_backend()
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    name = path.stem if is_file else plugin
    try:
        if not is_file:
            return importlib.import_module(plugin)
        return _from_file(name, path.resolve())
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and not is_file and plugin.startswith(error.name or "\0"):
            raise GanzooError(f"no module '{plugin}'. Give --plugin a Python file, or a module's name.") from error
        raise GanzooError(_words(error, plugin, path.resolve() if is_file else None)) from error


def _from_file(name: str, path: Path) -> ModuleType:
    """Imports a file as the module of its name, so that its definitions can be found by this name later."""
    imported = sys.modules.get(name)
    if imported is not None:
        if getattr(imported, "__file__", None) == str(path):
            return imported
        raise GanzooError(
            f"{path.name} has the name of the module '{name}', which is imported already. Rename the file."
        )
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _words(error: BaseException, plugin: str, path: Path | None) -> str:
    """One line with the user's file and the number of the line that the error came from."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{plugin}, line {error.lineno}: {error.msg}."
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if path is not None and frame.filename == str(path)]
    if not own:  # for a module: the last frame outside the package and the import system
        here = str(Path(__file__).parents[1])
        own = [f for f in frames if not f.filename.startswith((here, "<frozen")) and "importlib" not in f.filename]
    what = str(error) if isinstance(error, GanzooError) else f"{type(error).__name__}: {error}"
    what = what.strip().splitlines()[0]
    if not own:
        return what if plugin in what else f"{plugin}: {what}"
    file = plugin if path is not None else own[-1].filename
    return f"{file}, line {own[-1].lineno}: {what}"


def _file_of(module: ModuleType, plugin: str) -> str:
    return plugin if plugin.endswith(".py") else f"{plugin} ({Path(module.__file__ or plugin).name})"
