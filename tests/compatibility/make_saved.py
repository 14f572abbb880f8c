"""Writes `saved/`: what the code of commit 1e8b19c saved, for `test_saved.py` to load with the code of today.

`saved/` has a `.keras` file of each kind of model, a finished run with its export, and `expected.npz`, what they gave.
The script refuses the code of any other commit. From the repository's root:

    git worktree add ../ganzoo-then 1e8b19c
    PYTHONPATH=../ganzoo-then python tests/compatibility/make_saved.py
"""

import importlib
import json
import os
import pkgutil
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import ganzoo
import ganzoo.networks

COMMIT = "1e8b19c"
SAVED = Path(__file__).with_name("saved")
MOST_BYTES, MOST_BYTES_OF_A_FILE = 1_500_000, 700_000

SEED = 7  # of all samples
IMAGE_SHAPE = (16, 16, 1)
_narrow = dict(width=4, base_resolution=7, kernel_size=3, init_stddev=0.0)
_networks = dict(latent_dim=3, generator=dict(_narrow, norm="batch"), discriminator=dict(_narrow, norm="none"))
MODELS = {
    "wgan_gp": _networks,
    "cgan": dict(_networks, conditioning="projection"),
    "cyclegan": dict(
        generator=dict(width=2, blocks=1, norm="instance"),
        discriminator=dict(width=2, layers=1, norm="instance"),
        pool_size=2,
    ),
}

STEPS, MORE_STEPS = 200, 210
RUN = [
    "--model=gan",
    "--dataset=gaussians25",
    "--workdir=run",
    "--config.networks.mlp.generator.width=16",
    "--config.networks.mlp.generator.depth=2",
    "--config.networks.mlp.discriminator.width=16",
    "--config.networks.mlp.discriminator.depth=2",
    "--config.model.ema_decay=0.9",
    "--config.optimizers.generator.schedule=constant",
    "--config.optimizers.discriminator.schedule=constant",
    "--config.batch_size=64",
    "--config.checkpoint_every=200",
    "--config.sample_every=200",
    "--config.steps_per_execution=1",
    "--config.ratio.stop_share=0.02",
    "--config.ratio.calibration_share=0.02",
    "--config.ratio.refit.steps=10",
    "--config.ratio.refit.width=16",
    "--config.sampling.burn_in=1000",
    "--config.sampling.chain_length=20",
    "--config.evaluation.num_samples=300",
]


def main() -> None:
    check_commit()
    shutil.rmtree(SAVED, ignore_errors=True)
    SAVED.mkdir()
    expected = {}
    for name, networks in MODELS.items():
        keras.utils.set_random_seed(0)
        model = ganzoo.create(name, image_shape=IMAGE_SHAPE, **networks)
        model.compile()
        fit_two_steps(model)
        model.save(SAVED / f"{name}.keras")
        model = ganzoo.load(SAVED / f"{name}.keras")
        expected[f"{name}/loaded"] = made_by(model)
        fit_two_steps(model)
        expected[f"{name}/trained"] = made_by(model)
        expected[f"{name}/norms"] = norms(model)

    with tempfile.TemporaryDirectory() as folder:
        workdir = Path(folder) / "run"
        command("ganzoo.run", *RUN, f"--steps={STEPS}", folder=folder)
        shutil.copytree(workdir, SAVED / "run", ignore=shutil.ignore_patterns("events.*", "*.png", "samples"))
        command("ganzoo.run", *RUN, f"--steps={MORE_STEPS}", folder=folder)
        expected |= {f"resumed/{shape}": values for shape, values in norms_in_checkpoint(workdir).items()}
        secrets = [folder, str(Path(ganzoo.__file__).parents[1]), str(Path(__file__).parents[2]), str(Path.home())]

    export = tf.saved_model.load(str(SAVED / "run/export/1"))
    expected |= {f"export/{name}": value for name, value in answers(export.signatures).items()}
    np.savez_compressed(SAVED / "expected.npz", **expected)
    (SAVED / "registered.json").write_text(json.dumps(registered(), indent=2) + "\n")
    check_files(secrets)


def check_commit() -> None:
    """Finds out whose code this is."""
    root = Path(ganzoo.__file__).parents[1]
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True).stdout
    changed = subprocess.run(["git", "status", "--short"], cwd=root, capture_output=True, text=True, check=True).stdout
    if not commit.startswith(COMMIT) or changed:
        sys.exit(f"ganzoo is imported from {root}, which is not commit {COMMIT} as it was. Give a PYTHONPATH.")


def command(module: str, *flags: str, folder: str) -> None:
    """Runs a command of the project in a folder; paths in its flags are relative to that."""
    environment = os.environ | {"PYTHONPATH": str(Path(ganzoo.__file__).parents[1])}
    subprocess.run([sys.executable, "-m", module, *flags], cwd=folder, env=environment, check=True)


def waves(rows: int, shape: tuple[int, ...] = IMAGE_SHAPE) -> np.ndarray:
    """Numbers in [-1, 1] that are alike on all machines, float32 [rows, ...]."""
    return (
        np.cos(np.arange(rows * int(np.prod(shape)), dtype=np.float64) ** 1.1).reshape(rows, *shape).astype(np.float32)
    )


def fit_two_steps(model: keras.Model) -> None:
    """`fit` by two steps on data that are the same every time."""
    pictures = waves(10)
    data = {"cgan": (pictures, np.arange(10)), "cyclegan": (pictures[:2], pictures[2:4])}.get(model.zoo_name, pictures)
    model.fit(tf.data.Dataset.from_tensors(data).repeat(2), shuffle=False, verbose=0)


def made_by(model: keras.Model) -> np.ndarray:
    """Some pictures that a model makes, float32 [n, 16, 16, 1]: samples of a seed, or translations both ways."""
    if model.zoo_name != "cyclegan":
        return model.sample(10, seed=SEED)
    there, back = model.a_to_b(waves(2)), model.b_to_a(waves(2))
    return np.concatenate([there, back])


def norms(model: keras.Model) -> np.ndarray:
    """The Euclidean norms of a model's weights, pools of past pictures included, float64 [n] in order."""
    return np.sort([np.linalg.norm(weight.astype(np.float64)) for weight in model.get_weights()])


def answers(signatures) -> dict[str, np.ndarray]:
    """What an export answers to a request of each of its signatures, by `signature/output`."""
    request = dict(num_samples=tf.constant(20), seed=tf.constant([SEED, 0]))
    requests = {
        "serving_default": dict(latents=tf.constant(2 * waves(20, (2,)))),
        "generate": request,
        "score": dict(samples=tf.constant(2 * waves(20, (2,)))),
        "drs": request | dict(gamma_percentile=tf.constant(80.0)),
        "obrs": request | dict(budget=tf.constant(2.0)),
        "mh": request | dict(chain_length=tf.constant(20)),
        "propose": dict(latents=tf.constant(2 * waves(20, (2,))), uniforms=tf.linspace(0.0, 0.95, 20)),
    }
    return {
        f"{name}/{output}": value.numpy()
        for name, inputs in requests.items()
        for output, value in signatures[name](**inputs).items()
    }


def norms_in_checkpoint(workdir: Path) -> dict[str, np.ndarray]:
    """The Euclidean norms of all variables in a run's newest checkpoint, float64 [n] in order, by the variables' shape.

    Networks, averages, optimizers and counters. Their names in the checkpoint are Keras's own matter.
    """
    checkpoint = tf.train.load_checkpoint(str(workdir / "checkpoints"))
    shapes = checkpoint.get_variable_to_shape_map()
    found = {}
    for name in (name for name in shapes if name.endswith("VARIABLE_VALUE")):
        found.setdefault(str(shapes[name]), []).append(np.linalg.norm(checkpoint.get_tensor(name).astype(np.float64)))
    return {shape: np.sort(of_shape) for shape, of_shape in found.items()}


def registered() -> list[str]:
    """The names by which `.keras` files call the models, layers and functions of this code."""
    for module in pkgutil.iter_modules(ganzoo.networks.__path__):
        importlib.import_module(f"ganzoo.networks.{module.name}")
    return sorted(name for name in keras.saving.get_custom_objects() if name.startswith("ganzoo>"))


def check_files(secrets: list[str]) -> None:
    """Finds files that are too large or hold a path of this machine."""
    files = [path for path in SAVED.rglob("*") if path.is_file()]
    for path in files:
        assert path.stat().st_size <= MOST_BYTES_OF_A_FILE, f"{path} has {path.stat().st_size} bytes"
        assert not any(secret.encode() in path.read_bytes() for secret in secrets), f"{path} holds a machine's path"
    total = sum(path.stat().st_size for path in files)
    assert total <= MOST_BYTES, f"{total} bytes in all"
    print(f"{len(files)} files, {total} bytes in {SAVED.name}/")


if __name__ == "__main__":
    main()
