r"""Draws the README's picture: samples of a generator, and of the same generator by rejection, as they come.

    python -m ganzoo.run --model r3gan
    python -m benchmarks.before_and_after --export_dir runs/r3gan-mnist_5k-0/export

Left are the first 100 samples of `generate`, right the first 100 of `drs`, both with seed 0.
"""

from pathlib import Path

from absl import flags

from ganzoo import cli

FLAGS = flags.FLAGS
PICTURE = Path(__file__).parents[1] / "docs" / "before_and_after.png"
COUNT, COLUMNS, GAP = 100, 10, 24  # samples on each side, in columns; pixels between the sides


def main() -> int:
    with cli.quiet_imports():
        import numpy as np

        from ganzoo.pictures import drawing
        from ganzoo.serving.exported import Exported
    exported = Exported(FLAGS.export_dir)
    before, after = (
        drawing.grid(exported.draw(sampler, COUNT, seed=0)["samples"], columns=COLUMNS)
        for sampler in ("generate", "drs")
    )
    gap = np.full((before.shape[0], GAP, before.shape[2]), 255, np.uint8)
    drawing.write_png(FLAGS.out, np.concatenate([before, gap, after], axis=1))
    print(f"written: {FLAGS.out}")
    return 0


if __name__ == "__main__":
    flags.DEFINE_string("export_dir", None, "the export of a run on pictures", required=True)
    flags.DEFINE_string("out", str(PICTURE), "the picture to write")
    cli.run(main)
