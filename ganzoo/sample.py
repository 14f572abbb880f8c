"""Draws samples from an export, walks between them, translates pictures, or explains which proposals are rejected.

Samples are written as a grid (.png), as arrays (.npz) or as a folder of PNG files, walks as .gif, .webp, .apng or .mp4.

python -m ganzoo.sample --export_dir runs/wgan_gp-mnist_5k-0/export --signature drs --num_samples 64 --out grid.png
python -m ganzoo.sample --export_dir runs/wgan_gp-mnist_5k-0/export --num_samples 1000 --out digits.npz
python -m ganzoo.sample --export_dir runs/wgan_gp-mnist_5k-0/export --explain --num_samples 16 --out why.png
python -m ganzoo.sample --export_dir runs/wgan_gp-mnist_5k-0/export --walk 8 --frames 120 --out walk.gif
python -m ganzoo.sample --export_dir runs/wgan_gp-mnist_5k-0/export --grid_of 8x8 --out plane.png
python -m ganzoo.sample --export_dir EXPORT --signature my_own --input strength=2 --out grid.png
python -m ganzoo.sample --export_dir EXPORT --input_dir pictures --signature a_to_b --out translated
"""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from ganzoo import cli
from ganzoo.errors import GanzooError, did_you_mean
from ganzoo.export import inputs

if TYPE_CHECKING:
    import numpy as np

    from ganzoo.serving.exported import Exported

FLAGS = flags.FLAGS


def main() -> int:
    import numpy as np

    out, options = Path(FLAGS.out), inputs.flag_values(*inputs.OPTIONS)
    if FLAGS.explain:
        refuse_to_explain(out, options)
    refuse_to_walk()
    with cli.quiet_imports():
        from ganzoo.pictures import animation, writing
        from ganzoo.serving.exported import Exported

    cli.positive("num_samples", FLAGS.num_samples)
    cli.positive("size", FLAGS.size or None)
    if FLAGS.walk is not None:
        animation.check(out, FLAGS.fps)
    else:
        writing.check(out)
    exported = Exported(FLAGS.export_dir)
    if (FLAGS.walk is not None or FLAGS.grid_of is not None) and "directions" in exported.config:
        raise GanzooError(f"{exported.path} translates pictures; --walk and --grid_of are for models that sample.")
    if FLAGS.explain and "directions" in exported.config:
        raise GanzooError(f"{exported.path} translates pictures; --explain is for models that sample.")
    if FLAGS.input_dir is not None:
        return translate(exported, out, options)
    if "directions" in exported.config:
        raise GanzooError(f"{exported.path} translates pictures: give the folder they are in by --input_dir.")
    numbers = inputs.whole_numbers("labels", exported.config.get("class_names", ()))
    labels = None if numbers is None else np.array(numbers)
    if labels is not None and not exported.is_conditional:
        raise GanzooError(f"{exported.path} is of a model without classes: leave --labels out.")
    if FLAGS.explain:
        return explain(exported, out, labels)
    signature = FLAGS.signature or "drs"
    options |= inputs.read(signature, exported.specs(signature))
    if FLAGS.walk is not None:
        return walk(exported, out, signature, labels, options)
    if FLAGS.grid_of is not None:
        return plane(exported, out, signature, labels, options)
    draws = exported.draw(signature, FLAGS.num_samples, seed=FLAGS.seed, labels=labels, **options)
    if "samples" not in draws:
        raise GanzooError(
            f"signature '{signature}' returns {', '.join(sorted(draws))} for a server; sample by drs instead."
        )
    samples = draws["samples"]
    if len(samples) == 0:
        raise GanzooError("every proposal was rejected within the bound; try a lower --gamma_percentile.")

    writing.write(out, draws, writing.numbered(len(samples)), signature)
    rate = f" at acceptance rate {draws['acceptance_rate']:.3f}" if "acceptance_rate" in draws else ""
    print(f"{len(samples)} samples by {signature}{rate} in {out}")
    if len(samples) < FLAGS.num_samples:
        print(f"ganzoo: the bound on proposals ran out before {FLAGS.num_samples} were accepted.", file=sys.stderr)
        return cli.MISTAKE
    return 0


def refuse_to_explain(out: Path, options: dict) -> None:
    """Refuses flags that `--explain` cannot follow.

    Raises:
        GanzooError: for such a flag.
    """
    from ganzoo.pictures import explanation

    if out.suffix not in (".png", ".npz"):
        raise GanzooError(f"--out is {out}: with --explain give a picture's name in .png, or an array's in .npz.")
    if out.suffix == ".png" and FLAGS.num_samples > explanation.MOST:
        raise GanzooError(
            f"--num_samples is {FLAGS.num_samples}: a picture explains at most {explanation.MOST} proposals. "
            "Give fewer, or --out a name in .npz."
        )
    if FLAGS.input_dir is not None:
        raise GanzooError("--explain is for models that sample: leave --input_dir out.")
    if FLAGS.signature not in (None, "drs", "propose"):
        raise GanzooError(f"--explain is of drs: leave --signature {FLAGS.signature} out.")
    if options or FLAGS.input:
        name = next(iter(options), "input")
        raise GanzooError(f"--explain rejects by the export's own config: leave --{name} out, or export the run anew.")


def explain(exported: "Exported", out: Path, labels: "np.ndarray | None") -> int:
    """Writes the first proposals that `drs` makes from `--seed`, each with the numbers that decided; the exit code."""
    from ganzoo.pictures import drawing, explanation, writing

    explained = exported.explain(FLAGS.num_samples, seed=FLAGS.seed, labels=labels)
    if out.suffix == ".npz":
        writing.write(out, explained, [], "propose")
    else:
        title = f"{exported.config['name']}, seed {FLAGS.seed}"
        background = None
        if explained["samples"].ndim == 2:
            background = exported.draw("generate", 1000, seed=FLAGS.seed, labels=labels)["samples"]
        drawing.write_png(out, explanation.draw(explained, title=title, background=background))
    print(f"{explained['accepted'].sum()} of {FLAGS.num_samples} proposals accepted, explained in {out}")
    return 0


def refuse_to_walk() -> None:
    """Refuses flags that `--walk` and `--grid_of` cannot follow, and flags that need `--walk`.

    Raises:
        GanzooError: for such a flag.
    """
    if FLAGS.walk is None and FLAGS.grid_of is None:
        for name in ("frames", "fps"):
            if FLAGS[name].present:
                raise GanzooError(f"--{name} is of a walk: give --walk, the number of samples that it goes through.")
        return
    if FLAGS.walk is not None and FLAGS.grid_of is not None:
        raise GanzooError("--walk and --grid_of are two pictures: leave one of them out.")
    asked = "--walk" if FLAGS.walk is not None else "--grid_of"
    for name in ("explain", "input_dir", "num_samples"):
        if FLAGS[name].present:
            raise GanzooError(f"{asked} says what to draw: leave --{name} out.")
    if FLAGS.walk is not None and FLAGS.walk < 2:
        raise GanzooError(f"--walk is {FLAGS.walk}: a walk goes through 2 samples or more.")
    if FLAGS.walk is not None and FLAGS.frames < FLAGS.walk:
        raise GanzooError(f"--frames is {FLAGS.frames}, too few for {FLAGS.walk} samples: give {FLAGS.walk} or more.")
    if FLAGS.grid_of is not None:
        sides()
        if Path(FLAGS.out).suffix not in (".png", ".npz"):
            raise GanzooError(f"--out is {FLAGS.out}: with --grid_of give a name in .png or .npz.")


def sides() -> tuple[int, int]:
    """The numbers of rows and columns of `--grid_of`.

    Raises:
        GanzooError: for anything but two numbers of at least 2 with an x between them.
    """
    match = re.fullmatch(r"(\d{1,3})x(\d{1,3})", FLAGS.grid_of)
    if match is None or min(int(match[1]), int(match[2])) < 2:
        raise GanzooError(
            f"--grid_of is '{FLAGS.grid_of}', expected rows x columns such as 8x8, from 2x2 (the corners alone) on."
        )
    return int(match[1]), int(match[2])


def walk(exported: "Exported", out: Path, signature: str, labels: "np.ndarray | None", options: dict) -> int:
    """Writes a loop through `--walk` samples of a signature and the pictures between them; the exit code."""
    from ganzoo.pictures import animation, drawing
    from ganzoo.serving import walking

    refuse_points(exported, "--walk")
    law = walking.latent_law(exported)
    through = walking.keys(exported, law, signature, FLAGS.walk, seed=FLAGS.seed, labels=labels, **options)

    def drawn(samples):
        return animation.enlarged(drawing.grid(samples))

    animation.check_size(out, FLAGS.frames, drawn(through.samples[:, 0]).shape)
    animation.write(out, map(drawn, walking.loop(exported, law, through, FLAGS.frames)), fps=FLAGS.fps)
    print(f"{FLAGS.frames} frames in {out}, {told(through, signature)}")
    return 0


def plane(exported: "Exported", out: Path, signature: str, labels: "np.ndarray | None", options: dict) -> int:
    """Writes the samples between four samples of a signature as a grid or as arrays; the exit code."""
    import numpy as np

    from ganzoo.pictures import drawing, writing
    from ganzoo.serving import walking

    row_count, column_count = sides()
    if out.suffix == ".png":
        refuse_points(exported, "--grid_of with .png")
    law = walking.latent_law(exported)
    if exported.is_conditional:
        labels = np.array(inputs.classes(exported.config)[:1]) if labels is None else labels
        if len(set(labels.tolist())) > 1:
            raise GanzooError("nothing lies between two classes: give --labels one class for --grid_of.")
    through = walking.keys(exported, law, signature, 4, seed=FLAGS.seed, labels=labels, **options)
    samples = walking.plane(exported, law, through, row_count, column_count)
    if out.suffix == ".npz":
        writing.write(out, {"samples": samples}, [], signature)
    else:
        drawing.write_png(out, drawing.grid(samples.reshape(-1, *samples.shape[2:]), column_count))
    print(f"{row_count} x {column_count} samples in {out}, {told(through, signature)}")
    return 0


def refuse_points(exported: "Exported", flag: str) -> None:
    """Raises GanzooError for an export of points, which have no pictures."""
    if len(exported.specs("score")["samples"].shape) != 4:
        raise GanzooError(f"{exported.path} makes points, which have no pictures of their own: {flag} is for pictures.")


def told(through, signature: str) -> str:
    """Which samples of a request a walk goes through."""
    rows = ", ".join(map(str, sorted(through.rows.ravel())[:20])) + (", ..." if through.rows.size > 20 else "")
    return f"through samples {rows} of {through.num_samples} by {signature} with seed {FLAGS.seed}"


def translate(exported: "Exported", out: Path, options: dict) -> int:
    """Translates every picture below `--input_dir` to a PNG of the same name, and returns the exit code."""
    from ganzoo.serving import picture_folder
    from ganzoo.serving.in_process import InProcess

    if "directions" not in exported.config:
        raise GanzooError(f"{exported.path} is of a model that translates nothing: leave --input_dir out.")
    if FLAGS.input:
        raise GanzooError(f"--input {FLAGS.input[0]}: signatures that translate take no inputs by hand; leave it out.")
    if out.suffix:
        raise GanzooError(f"--out is {out}: give the folder that translated pictures are to be written to.")
    first = next(iter(exported.config["directions"]))
    signature = FLAGS.signature or (first if first in exported.signatures else "translate")
    domain = None
    if FLAGS.domain is not None:
        all_domains = exported.config["domains"]
        if FLAGS.domain not in all_domains:
            hint = did_you_mean(FLAGS.domain, all_domains)
            raise GanzooError(f"no domain '{FLAGS.domain}'.{hint} There are: {', '.join(all_domains)}.")
        domain = all_domains.index(FLAGS.domain)
        if not exported.takes_domains(signature):
            raise GanzooError(f"signature '{signature}' knows no domains: leave --domain out.")
    elif exported.takes_domains(signature):
        raise GanzooError(f"which domain? Give --domain, one of {', '.join(exported.config['domains'])}.")
    defaults = {name: inputs.default(exported.config, signature, name) for name in exported.specs(signature)}
    options = {name: value for name, value in defaults.items() if value is not None} | options
    request = dict(size=FLAGS.size, seed=FLAGS.seed, domain=domain, **options)
    done = picture_folder.transform(InProcess(exported), signature, FLAGS.input_dir, out, **request)
    print(f"{done.count} pictures by {signature} in {out}")
    if done.count < done.expected:
        print(f"ganzoo: the bound on proposals ran out before {done.expected} were accepted.", file=sys.stderr)
        return cli.MISTAKE
    return 0


if __name__ == "__main__":
    flags.DEFINE_string(
        "export_dir", None, "an export's folder, pretrained:NAME, or hf://user/name on the Hub", required=True
    )
    flags.DEFINE_string(
        "signature", None, "drs (the default), generate, obrs or mh; for a translator a_to_b, translate or drs"
    )
    flags.DEFINE_alias("sampler", "signature")
    flags.DEFINE_bool("explain", False, "show the first proposals of drs, and why each is accepted or rejected")
    inputs.define_flags("labels", *inputs.OPTIONS, num_samples=64, seed=0)
    flags.DEFINE_integer("walk", None, "a loop through this many samples of one category, and what lies between them")
    flags.DEFINE_integer("frames", 120, "with --walk: the number of frames")
    flags.DEFINE_integer("fps", 25, "with --walk: frames a second")
    flags.DEFINE_string("grid_of", None, "RxC: R rows of C samples between four samples, which are the corners")
    flags.DEFINE_string("input_dir", None, "a folder of pictures to translate")
    flags.DEFINE_integer("size", 0, inputs.SIZE_HELP)
    flags.DEFINE_string("domain", None, "the name of the domain to translate to, for a model of several (stargan)")
    flags.DEFINE_string("out", "samples.png", "NAME.png, NAME.npz or a folder; with --walk .gif, .webp, .apng or .mp4")
    cli.run(main)
