"""Disturbs a run from outside: a disk that fills, a folder that vanishes, a clock that jumps back, SIGTERM.

    python -m tests.faults.disturbances --out disturbances.md

It needs Linux and the right to mount a tmpfs. A disturbed run must end with one line and no traceback, or reach its
end; after the disturbance the same command must reach the end of an undisturbed run, bit for bit
(`tests.faults.kills`).
"""

import argparse
import contextlib
import functools
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests import processes
from tests.faults.kills import assert_same, fingerprint, finish, flags_of
from tests.faults.report import report

MOMENTS = 10  # at which the disk fills
DISK_MB = 300
# A clock that goes back an hour with every look at it, for the run's own code and what it calls.
CLOCK_BACK = (
    "import sys, time, runpy; now = [time.time()]\n"
    "def back():\n    now[0] -= 3600.0\n    return now[0]\n"
    "time.time = back\n"
    "sys.argv[0] = 'ganzoo.run'\n"
    "runpy.run_module('ganzoo.run', run_name='__main__', alter_sys=True)\n"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="gan")
    parser.add_argument("--out", type=Path, help="the table's file")
    arguments = parser.parse_args()
    name = arguments.model
    with small_disk() as disk:
        workdir = disk / "run"
        start = time.monotonic()
        finish(flags_of(name, workdir))
        seconds, expected = time.monotonic() - start, fingerprint(workdir)
        shutil.rmtree(workdir)

        def trial(disturb: Callable, settle: Callable) -> tuple[int, str, str]:
            try:
                code, line = disturb(flags_of(name, workdir))
                settle()
                finish(flags_of(name, workdir))
                assert_same(workdir, expected, "afterwards")
                return code, line, "the same end"
            finally:
                settle()
                shutil.rmtree(workdir, ignore_errors=True)

        trials = ((title, functools.partial(trial, *how)) for title, *how in disturbances(disk, seconds))
        return report(("disturbance", "exit", "last line", "afterwards"), trials, arguments.out)


def disturbances(disk: Path, seconds: float) -> Iterator[tuple[str, Callable, Callable]]:
    """A title, what begins and disturbs a run, and what ends the disturbance."""
    filler = disk / "filler"

    def fill(_: object) -> None:
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))

    for moment in range(MOMENTS):
        after = seconds * (moment + 1) / (MOMENTS + 1)
        title = f"the disk fills after {moment + 1}/{MOMENTS + 1} of a run"
        yield title, lambda flags, after=after: disturbed(flags, after, fill), lambda: filler.unlink(missing_ok=True)
    for part in (0.4, 0.7):
        title = f"the workdir vanishes after {part:.1f} of a run"
        vanish = lambda _: shutil.rmtree(disk / "run", ignore_errors=True)  # noqa: E731
        yield title, lambda flags, part=part, vanish=vanish: disturbed(flags, part * seconds, vanish), lambda: None
    yield (
        "the clock goes back an hour at every look",
        lambda flags: disturbed(flags, 0.0, None, CLOCK_BACK),
        lambda: None,
    )
    for words in ("; in ", "fitting", "measuring"):
        title = f'SIGTERM after "{words.strip("; ")}"'
        yield title, lambda flags, words=words: disturbed(flags, words, terminate), lambda: None


def terminate(command: processes.Command) -> None:
    command.send_signal(signal.SIGTERM)


def disturbed(flags: list[str], when: float | str, disturb: Callable | None, code: str = "") -> tuple[int, str]:
    """Begins a run and disturbs it after some seconds, or after it has printed some words.

    Returns:
        The exit code and the last line of the run's errors, or of its output if there are none.

    Raises:
        AssertionError: for a traceback, or for more than one line from ganzoo.
    """
    command = processes.Command(*flags, **(dict(code=code) if code else dict(module="ganzoo.run")))
    began = time.monotonic()
    while disturb is not None and command.poll() is None:
        printed = command.printed()
        if when in printed if isinstance(when, str) else time.monotonic() - began > when:
            disturb(command)
            break
        time.sleep(0.05)
    out, err = command.communicate(600.0)
    assert "Traceback" not in err, err[-1500:]
    said = [line for line in re.split(r"[\r\n]", err) if line.startswith("ganzoo:")]
    assert len(said) <= 1, said
    if command.returncode in (1, 2):
        assert said, f"exit code {command.returncode} without a line: {err[-500:]}"
    line = said[0] if said else [line for line in re.split(r"[\r\n]", out) if line.strip()][-1]
    return command.returncode, re.sub(r"/\S*/(?=run\b)", "", line)[:200]


@contextlib.contextmanager
def small_disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


if __name__ == "__main__":
    sys.exit(main())
