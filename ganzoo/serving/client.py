"""Asks a model server for samples, as a grid (.png), arrays (.npz) or a folder of PNG files, or translates a folder.

python -m ganzoo.serving.client --server localhost:8500 --model wgan_gp --num_samples 64 --seed 1 --out grid.png
python -m ganzoo.serving.client --rest --server localhost:8501 --model wgan_gp --num_samples 1000 --out digits.npz
python -m ganzoo.serving.client --model wgan_gp_batchable --signature propose --num_samples 64 --out grid.png
python -m ganzoo.serving.client --model cyclegan --signature a_to_b --input_dir pictures --out translated
python -m ganzoo.serving.client --tls --server models.example:8500 --token_file token --model wgan_gp --out grid.png
"""

import sys
from pathlib import Path

from absl import flags

from ganzoo import cli
from ganzoo.errors import GanzooError
from ganzoo.export import inputs
from ganzoo.pictures import writing
from ganzoo.serving import access, asking, picture_folder
from ganzoo.serving.connecting import connect
from ganzoo.serving.connection import Connection

FLAGS = flags.FLAGS


def main() -> int:
    out = Path(FLAGS.out)
    writing.check(out)
    for name in ("num_samples", "max_rounds", "max_per_request"):
        cli.positive(name, FLAGS[name].value)
    cli.positive("size", FLAGS.size or None)
    if FLAGS.deadline <= 0.0:
        raise GanzooError(f"--deadline is {FLAGS.deadline:g}, expected more than 0 seconds.")
    options = inputs.flag_values(*inputs.OPTIONS, "max_rounds", "max_per_request")
    server = FLAGS.server or ("localhost:8501" if FLAGS.rest else "localhost:8500")
    which = dict(version=FLAGS.version, version_label=FLAGS.version_label, access=access.of_flags())
    with connect(server, FLAGS.model, rest=FLAGS.rest, deadline=FLAGS.deadline, **which) as connection:
        if FLAGS.input:
            options |= inputs.read(FLAGS.signature, connection.signature(FLAGS.signature).inputs)
        if FLAGS.input_dir is not None:
            return transform(connection, out, options)
        return draw(connection, out, options)


def draw(connection: Connection, out: Path, options: dict) -> int:
    """Writes samples by a signature that draws samples to `out`, and returns the exit code."""
    numbers = {name: inputs.whole_numbers(name) for name in ("labels", "categories")}
    answer = asking.draw(connection, FLAGS.signature, FLAGS.num_samples, seed=FLAGS.seed, **numbers, **options)
    shown = writing.shown(answer)
    if shown is None:
        raise GanzooError(f"signature '{FLAGS.signature}' returns {', '.join(sorted(answer))}; sample by drs instead.")
    count = len(shown)
    if count == 0:
        raise GanzooError("every proposal was rejected within the bound; try a lower --gamma_percentile.")
    writing.write(out, answer, writing.numbered(count), FLAGS.signature)
    rate = f" at acceptance rate {answer['acceptance_rate']:.3f}" if "acceptance_rate" in answer else ""
    print(f"{count} samples by {FLAGS.signature}{rate} in {out}")
    return _complete(count, FLAGS.num_samples)


def transform(connection: Connection, out: Path, options: dict) -> int:
    """Sends every picture below `--input_dir` through a signature, writes `out`, and returns the exit code."""
    request = dict(size=FLAGS.size, seed=FLAGS.seed, domain=FLAGS.domain)
    done = picture_folder.transform(connection, FLAGS.signature, FLAGS.input_dir, out, **request, **options)
    print(f"{done.count} pictures by {FLAGS.signature} in {out}")
    return _complete(done.count, done.expected)


def _complete(count: int, expected: int) -> int:
    if count == expected:
        return 0
    print(f"ganzoo: the bound on proposals ran out before {expected} were accepted.", file=sys.stderr)
    return cli.MISTAKE


if __name__ == "__main__":
    flags.DEFINE_string("server", None, "host:port; default: localhost:8500, with --rest localhost:8501")
    flags.DEFINE_boolean("rest", False, "speak JSON over HTTP instead of gRPC; needs no TensorFlow")
    flags.DEFINE_string("model", None, "the model's name at the server", required=True)
    flags.DEFINE_integer("version", None, "a version's number; default: the newest")
    flags.DEFINE_string("version_label", None, "a version's label instead of its number, such as stable or canary")
    flags.DEFINE_string("signature", "drs", "the model's signature: drs, generate, propose, a_to_b, translate_png, ...")
    options = dict(gamma_percentile=80.0, budget=2.0, chain_length=20, truncation=1.0, style_mixing=0.0)
    inputs.define_flags(num_samples=64, seed=0, labels=None, categories=None, **options)
    flags.DEFINE_string("input_dir", None, "a folder of pictures to translate, score or recognise")
    flags.DEFINE_integer("size", 0, inputs.SIZE_HELP)
    flags.DEFINE_alias("image_size", "size")
    flags.DEFINE_integer("domain", None, "the number of the domain to translate to, for a model of several (stargan)")
    flags.DEFINE_integer("max_rounds", None, "for propose: the most requests; default: 100")
    flags.DEFINE_integer(
        "max_per_request", None, "samples or pictures in a request; default: as many as the export takes, 32 pictures"
    )
    flags.DEFINE_float("deadline", 60.0, "seconds for a request, all tries included")
    flags.DEFINE_string("out", "samples.png", "NAME.png, NAME.npz or a folder")
    access.define_flags()
    cli.run(main)
