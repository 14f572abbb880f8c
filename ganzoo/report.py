"""Writes a run's page again, or a page that lays several runs side by side.

Both pages are one file each, which opens from the disk and loads nothing.

    python -m ganzoo.report --workdir runs/wgan_gp-mnist_5k-0
    python -m ganzoo.report --runs runs/wgan_gp-mnist_5k-0 runs/wgan_gp-mnist_5k-1 --out compare.html
    python -m ganzoo.report --plugin my_gan.py --workdir runs/mine-mnist_5k-0
"""

import sys
from pathlib import Path

from absl import flags

from ganzoo import cli
from ganzoo.errors import GanzooError
from ganzoo.files import check_writable
from ganzoo.zoo import plugins

FLAGS = flags.FLAGS


def main() -> int:
    if (FLAGS.workdir is None) == (not FLAGS.runs):
        raise GanzooError("give --workdir RUN for the page of a run, or --runs A B C for a page that compares runs.")
    if FLAGS.runs:
        if FLAGS.out is None:
            raise GanzooError("--runs needs --out, the page to write, such as --out compare.html.")
        check_writable(FLAGS.out, "--out", is_folder=False)
    elif FLAGS.out is not None:
        raise GanzooError("--out is for --runs; the page of a run is report.html in its folder.")

    with cli.quiet_imports():
        plugins.load(FLAGS.plugin)
        from ganzoo.reports import compare, page

    path = compare.write(FLAGS.runs, FLAGS.out) if FLAGS.runs else page.write(Path(FLAGS.workdir))
    print(f"{path} ({path.stat().st_size / 1e6:.2g} MB)")
    return 0


def one_flag_each(arguments: list[str]) -> list[str]:
    """`--runs A B C` as `--runs=A --runs=B --runs=C`, which is what absl reads."""
    found, in_runs = [], False
    for argument in arguments:
        if argument in ("--runs", "-runs"):
            in_runs = True
        elif argument.startswith("-"):
            found, in_runs = [*found, argument], False
        else:
            found.append(f"--runs={argument}" if in_runs else argument)
    return found


if __name__ == "__main__":
    flags.DEFINE_string("workdir", None, "the folder of the run whose page is written")
    flags.DEFINE_multi_string("runs", [], "the folders of runs to compare: --runs A B C")
    flags.DEFINE_string("out", None, "the page that compares runs")
    flags.DEFINE_multi_string("plugin", [], plugins.HELP)
    sys.argv[1:] = one_flag_each(sys.argv[1:])
    cli.run(main)
