"""Folders of runs as `ganzoo.run` leaves them, around the tiny exports that all tests share; nothing is trained."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ganzoo.files import write_json
from ganzoo.pictures import drawing
from ganzoo.zoo.recipes import load_config
from tests.browsers import browser, open_page  # noqa: F401 - fixtures
from tests.exports import exports  # noqa: F401 - a fixture

STEPS = 300
TAGS = ("discriminator_loss", "generator_loss", "real_logits", "fake_logits", "logit_gap", "fakes_spread")
ROW = {"fd_random300": 2.8865, "precision_random300": 0.941, "samples_per_second": 3828.7}
METRICS = {
    "generate": ROW,
    "drs": ROW | {"fd_random300": 2.237, "precision_random300": 0.951, "acceptance_rate": 0.397},
    "floor": {"fd_random300": 0.4439, "precision_random300": 0.954},
    "log_ratio": {"dawids_z": -0.387, "log_loss": 0.64, "brier": 0.225},
}
OF_POINTS = {
    "generate": {"modes_2k": 23, "high_quality_2k": 0.142, "jsd_2k": 0.5},
    "drs": {"modes_2k": 25, "high_quality_2k": 0.999, "jsd_2k": 0.01, "acceptance_rate": 0.2},
    "floor": {"modes_2k": 25, "high_quality_2k": 1.0, "jsd_2k": 0.002},
    "log_ratio": {"dawids_z": 4.2, "log_loss": 0.2, "brier": 0.05},
}
OF_CLASSES = METRICS | {"label_accuracy": {row: {"0": 0.9, "1": 0.75} for row in ("generate", "drs", "floor")}}
OF_TRANSLATOR = {
    "input_to_output": {"l1_100": 0.05, "class_survives_100": 0.974},
    "input_to_output, drs": {"l1_100": 0.06, "class_survives_100": 0.97},
    "input_to_output, untranslated": {"l1_100": 0.2, "class_survives_100": 0.851},
    "input_to_output, real": {"class_survives_100": 0.981},
}
KINDS = {  # a model, its data, the export among the shared ones, the metrics
    "pictures": ("wgan_gp", "mnist_5k", "gan", METRICS),
    "points": ("r3gan", "gaussians25", "points", OF_POINTS),
    "classes": ("cgan", "mnist_5k", "cgan", OF_CLASSES),
    "translator": ("pix2pix", "edges2digits", "pix2pix", OF_TRANSLATOR),
}


def write_curves(workdir: Path, curves: dict[str, dict[int, float]]) -> None:
    """An event file with a curve by each tag, and a picture, as TensorBoard's callbacks write them."""
    writer = tf.summary.create_file_writer(str(workdir))
    with writer.as_default():
        tf.summary.image("samples", np.zeros((1, 8, 8, 1), np.uint8), step=1)
        for tag, curve in curves.items():
            for step, value in curve.items():
                tf.summary.scalar(tag, value, step=step)
    writer.close()


def smooth(tag: str, steps=range(20, STEPS + 1, 20)) -> dict[int, float]:
    return {step: float(np.cos(step / 90 + len(tag))) for step in steps}


def pictures(kind: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    if kind == "points":
        return drawing.scatter(rng.normal(size=(50, 2)))
    return drawing.grid(rng.uniform(-1, 1, (30, 16, 16, 1)), columns=10)


def make_run(workdir: Path, exports, kind: str = "pictures", *, seed: int = 0, with_curves=True, finished=True) -> Path:  # noqa: F811
    """A run's folder, finished or stopped in its training."""
    name, dataset, of_export, metrics = KINDS[kind]
    config = load_config(name, dataset).to_dict() | {"steps": STEPS, "seed": seed}
    write_json(
        workdir / "config.json",
        {"config": config, "split": {"dataset": dataset, "sizes": {"train": 3000, "test": 1000}}},
    )
    for step in (1, 100, 200, STEPS):
        drawing.write_png(workdir / "samples" / f"step_{step:06d}.png", pictures(kind))
    if with_curves:
        write_curves(workdir, {tag: smooth(tag) for tag in TAGS})
    if finished:
        write_json(workdir / "metrics.json", metrics)
        shutil.copytree(exports[of_export][1], workdir / "export")
        (facts,) = (workdir / "export").glob("*/assets/config.json")
        write_json(facts, json.loads(facts.read_text()) | {"step": STEPS})
        drawing.write_png(workdir / "reliability.png", np.full((60, 40, 3), 200, np.uint8))
        write_json(
            workdir / "costs.json",
            [{"start": "a", "seconds": {"training": 90.0, "data": 2.0, "export": 8.0}, "peak_memory_mb": 812}],
        )
    return workdir


@pytest.fixture(scope="session")
def made(exports, tmp_path_factory):  # noqa: F811
    """kind -> the folder of a finished run, made once; nobody changes it but by writing its page."""
    folders = {}

    def of(kind):
        if kind not in folders:
            folders[kind] = make_run(tmp_path_factory.mktemp("runs") / kind, exports, kind)
        return folders[kind]

    return of


@pytest.fixture
def new_run(exports, tmp_path):  # noqa: F811
    """Makes the folder of a run that the test may change: options as of `make_run`."""
    return lambda name="run", **options: make_run(tmp_path / name, exports, **options)
