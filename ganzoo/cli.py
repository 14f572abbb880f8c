"""Shared by all command lines: flags that know the zoo's configs, and errors for people."""

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from absl import app, flags, logging

from ganzoo.environment import choose_backend
from ganzoo.errors import GanzooError

FLAGS = flags.FLAGS
# Exit codes; the last three are a shell's codes for Ctrl-C, for output that nobody reads, and for SIGTERM.
MISTAKE, USAGE, INTERRUPTED, UNREAD, TERMINATED = 1, 2, 130, 141, 143
PATHS = (  # the flags that are a path, or a list of paths
    "data_dir",
    "export_dir",
    "feature_extractor",
    "input_dir",
    "model_base_path",
    "model_config_file",
    "onnxruntime_web",
    "out",
    "plugin",
    "workdir",
)
FULL = (errno.EDQUOT, errno.ENOSPC)  # the system's errors for a disk without room
# The system's errors for a missing right or a broken disk, which are not the program's fault.
REFUSALS = (errno.EACCES, errno.EIO, errno.EPERM, errno.EROFS)


def run(main: Callable[[], int | None], *, prepare: Callable[[], None] | None = None) -> None:
    """Parses the flags and calls `main`; a user's mistake becomes one line on standard error and an exit code.

    Args:
        main: the command; it returns the exit code.
        prepare: called between two passes over the flags; it may define more flags from the known ones.
    """

    def parse(argv: list[str]) -> list[str]:
        if {"--help", "-help", "-h", "-?"} & set(argv[1:]):
            print(sys.modules["__main__"].__doc__.strip(), end="\n\n")
            print(FLAGS.module_help(sys.modules["__main__"]))
            sys.exit(0)
        try:
            rest = FLAGS(argv, known_only=prepare is not None)
            if prepare is not None:
                prepare()
                FLAGS.unparse_flags()
                rest = FLAGS(argv)
            if rest[1:]:
                raise GanzooError(
                    f"'{rest[1]}' is not a flag; flags have the form --NAME=VALUE, and --help prints them."
                )
        except (flags.Error, GanzooError) as error:
            _fail(str(error).replace("\n", " ").strip(), USAGE)
        except OSError as error:
            _fail_unless_own(error, USAGE)
            raise
        return argv[:1]

    def guarded(argv: list[str]) -> None:
        del argv
        logging.set_verbosity(logging.WARNING)  # app.run has just set INFO
        signal.signal(signal.SIGTERM, _terminate)
        try:
            choose_backend()
            sys.exit(main())
        except GanzooError as error:
            _fail(str(error), MISTAKE)
        except Terminated:
            _fail("terminated.", TERMINATED)
        except KeyboardInterrupt:
            _fail("interrupted.", INTERRUPTED)
        except BrokenPipeError:  # whoever reads the output has seen enough, as `| head` has
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), sys.stdout.fileno())
            sys.exit(UNREAD)
        except OSError as error:
            _fail_unless_own(error, MISTAKE)
            raise

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's notes would bury the messages for people
    app.run(guarded, flags_parser=parse)


@contextlib.contextmanager
def quiet_imports() -> Iterator[None]:
    """Silences imports of TensorFlow within the block: its C++ code prints at loading, whatever the log level."""
    sys.stderr.flush()
    terminal = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)


def positive(name: str, value: int | None) -> None:
    """Raises GanzooError if a flag that counts something is not at least 1."""
    if value is not None and value < 1:
        raise GanzooError(f"--{name} is {value}, expected at least 1.")


class Terminated(KeyboardInterrupt):
    """SIGTERM came. Like Ctrl-C it ends what is under way, and drafts of files are removed."""


def _terminate(number: int, frame: object) -> None:
    raise Terminated


def _fail_unless_own(error: OSError, code: int) -> None:
    """Ends the command with one line, unless the failure may be the program's own mistake."""
    if error.errno in FULL:
        where = f" of {error.filename}" if isinstance(error.filename, str) else ""
        _fail(f"there is no room left on the disk{where}. Make room, and give the same command again.", code)
    if error.errno in REFUSALS or _is_of_a_given_path(error):
        _fail(f"{error.filename or 'a file'} could not be read or written: {error.strerror}.", code)


def _is_of_a_given_path(error: OSError) -> bool:
    """Whether a path on the command line is at fault: the failure is at, above, beside or below this path.

    Temporary names of a file that is being written lie beside the path. A file that is missing below an existing folder
    is the program's own mistake, which must show its traceback.
    """
    if not isinstance(error.filename, str):
        return False
    place = Path(error.filename).absolute()
    for name in PATHS:
        values = FLAGS[name].value if name in FLAGS else None
        for value in [values] if isinstance(values, str) else values or []:
            path = Path(value).absolute()
            is_beside = place.parent == path.parent and path.stem in place.name
            if place == path or is_beside or place in path.parents:
                return True
            if path in place.parents and not (error.errno == errno.ENOENT and path.is_dir()):
                return True
    return False


def _fail(message: str, code: int) -> None:
    print(f"ganzoo: {message}", file=sys.stderr)
    sys.exit(code)
