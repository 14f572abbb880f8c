"""Draws samples from an export, translates a folder of pictures, or explains which proposals are rejected.

Samples are written as a grid (.png), as arrays (.npz) or as a folder of PNG files.

python -m ganzoo.sample --export_dir runs/wgan_gp-mnist_5k-0/export --signature drs --num_samples 64 --out grid.png
python -m ganzoo.sample --export_dir runs/wgan_gp-mnist_5k-0/export --num_samples 1000 --out digits.npz
python -m ganzoo.sample --export_dir runs/wgan_gp-mnist_5k-0/export --explain --num_samples 16 --out why.png
python -m ganzoo.sample --export_dir EXPORT --signature my_own --input strength=2 --out grid.png
python -m ganzoo.sample --export_dir EXPORT --input_dir pictures --signature a_to_b --out translated
"""

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
    with cli.quiet_imports():
        from ganzoo.pictures import writing
        from ganzoo.serving.exported import Exported

    cli.positive("num_samples", FLAGS.num_samples)
    cli.positive("size", FLAGS.size or None)
    writing.check(out)
    exported = Exported(FLAGS.export_dir)
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
    draws = exported.draw(signature, FLAGS.num_samples, seed=FLAGS.seed, labels=labels, **options)
    if "samples" not in draws:
        raise GanzooError(f"signature '{signature}' returns {', '.join(draws)} for a server; sample by drs instead.")
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
    flags.DEFINE_string("export_dir", None, "an export's folder", required=True)
    flags.DEFINE_string(
        "signature", None, "drs (the default), generate, obrs or mh; for a translator a_to_b, translate or drs"
    )
    flags.DEFINE_alias("sampler", "signature")
    flags.DEFINE_bool("explain", False, "show the first proposals of drs, and why each is accepted or rejected")
    inputs.define_flags("labels", *inputs.OPTIONS, num_samples=64, seed=0)
    flags.DEFINE_string("input_dir", None, "a folder of pictures to translate")
    flags.DEFINE_integer("size", 0, inputs.SIZE_HELP)
    flags.DEFINE_string("domain", None, "the name of the domain to translate to, for a model of several (stargan)")
    flags.DEFINE_string("out", "samples.png", "NAME.png, NAME.npz or a folder")
    cli.run(main)
