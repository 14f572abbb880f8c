"""A written page's samples compared with the SavedModel's, in Node, by the page's own modules."""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.export.batchable import example_rows
from ganzoo.export.inputs import Input, classes
from ganzoo.export.other_runtimes import TOLERANCE, largest_difference
from ganzoo.export.saved_model import Servable

SCRIPT = Path(__file__).with_name("in_node.mjs")
OLDEST = 18  # the oldest Node that runs the page's modules
SAMPLES = 16
SEEDS = (1, 2, 3)
CLOSE = 1e-4  # of a probability to its uniform number: rounding then decides, and the two may differ
LATENTS = 1e-6  # the largest difference of a latent
MINUTES = 10


class NotCompared(Exception):
    """The page could not be compared. The message is the reason."""


def check(what: Servable, site: Path) -> str:
    """Compares what a page draws with what the graph in the SavedModel draws.

    A page that samples draws 16 samples by `drs`. A translator's page translates a random picture by its first
    direction; with noise it accepts one of its candidates by `drs`.

    Args:
        what: the export's contents.
        site: the page's folder.

    Returns:
        A sentence: how far both agree, or why they were not compared.

    Raises:
        GanzooError: if the page draws something else, or if it fails in Node.
    """
    compare = _compare_translation if "directions" in what.facts else _compare_samples
    try:
        if reason := missing():
            raise NotCompared(reason)
        name, difference = compare(what, site)
    except NotCompared as reason:
        return f"not checked in Node: {reason}"
    if not difference <= TOLERANCE:
        raise GanzooError(
            f"{name}: the page differs from the SavedModel by {difference:.2g}, more than {TOLERANCE}. Nothing was "
            "written."
        )
    return f"checked in Node: {name}, within {difference:.1g} of the SavedModel"


def _compare_samples(what: Servable, site: Path) -> tuple[str, float]:
    """What was drawn, and its largest difference."""
    limits, num_classes = what.facts["sampling"], what.facts["num_classes"]
    count, gamma = min(SAMPLES, limits["max_samples"]), limits["gamma_percentile"]
    numbers = None if num_classes is None else [number % num_classes for number in range(count)]
    asked = request("drs", count, gamma=gamma, labels=numbers)

    def draw(seed):
        answer = drawn(site, [seed, 0], latents=count, draws=[asked])
        return answer["draws"][0] | {"latents": answer["latents"]}

    seed, found = _decided(draw)
    inputs = dict(num_samples=count, seed=[seed, 0], gamma_percentile=gamma)
    latents = _call(what, "propose_inputs", inputs)["latents"]
    gap = float(np.abs(found["latents"].reshape(latents.shape) - latents).max())
    if not gap <= LATENTS:
        raise GanzooError(
            f"the page's latents differ from the SavedModel's by {gap:.2g}, more than {LATENTS}. Nothing was written."
        )
    if numbers is not None:
        inputs["labels"] = [classes(what.facts)[number] for number in numbers]
    expected = _call(what, "drs", inputs)
    return f"the {len(expected['log_ratio'])} samples of drs at seed {seed}", difference_of(found, expected)


def _compare_translation(what: Servable, site: Path) -> tuple[str, float]:
    """What was translated, and its largest difference."""
    images = Input("images", shape=(None, *what.facts["image_shape"]), spread="symmetric")
    picture = example_rows(images, what.facts, 1)
    if "drs" not in what.signatures:
        (name, direction), *_ = what.facts["directions"].items()
        signature = name if name in what.signatures else "translate"
        expected = _call(what, signature, {"images": picture, "domains": [direction["target"]]})
        found = translated(site, picture, SEEDS[0])["images"].reshape(picture.shape)
        return "the translation of a picture", largest_difference({"images": found}, expected)
    gamma = what.facts["sampling"]["gamma_percentile"]
    seed, found = _decided(lambda seed: translated(site, picture, seed, gamma=gamma))
    expected = _call(what, "drs", {"images": picture, "seed": [seed, 0], "gamma_percentile": gamma})
    return f"drs of a picture at seed {seed}", difference_of(found, expected | {"samples": expected["images"]})


def _decided(draw: Callable[[int], dict]) -> tuple[int, dict]:
    """The first of some seeds, and what it draws, in which no decision depends on rounding."""
    for seed in SEEDS:
        found = draw(seed)
        if found["margin"] >= CLOSE:
            return seed, found
    raise NotCompared(f"in each of {len(SEEDS)} seeds a proposal is accepted or rejected by rounding alone.")


def missing() -> str | None:
    """Why nothing can be run in Node here; None if it can."""
    node = shutil.which("node")
    if node is None:
        return "there is no `node`."
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    version = re.match(r"v(\d+)", said)
    if version is None or int(version[1]) < OLDEST:
        return f"`node` is {said or 'of no version'}, and the check needs version {OLDEST} or newer."
    return None


def request(sampler: str, num_samples: int, *, gamma=80.0, budget=2.0, labels=None, codes=None) -> dict:
    """A request of the page's `draw` (static/sampling.js), without its seed; labels are numbers of classes."""
    bounds = {"numSamples": num_samples, "gammaPercentile": gamma, "budget": budget}
    return {"sampler": sampler, **bounds, "labels": labels, "codes": codes}


def drawn(site: Path, seed: list[int], *, latents: int, draws: list[dict]) -> dict:
    """What a page draws in Node.

    Args:
        site: the page's folder.
        seed: two int32.
        latents: a number of rows.
        draws: requests.

    Returns:
        `latents`, float32 [latents * d], and for each request in `draws` its `samples` (flat), `log_ratio`,
        `num_proposed`, the `seconds` that it took, and the `margin`: the smallest distance of a proposal's
        probability from its uniform number.

    Raises:
        GanzooError: for what Node says instead of an answer.
        NotCompared: if there is no answer within ten minutes.
    """
    answer = _answer(site, {"seed": seed, "latents": latents, "draws": draws})
    return answer | {"draws": list(map(_arrays, answer["draws"]))}


def translated(site: Path, picture: np.ndarray, seed: int, *, gamma=80.0, direction: int = 0) -> dict:
    """What a translator's page makes of a picture, float32 [1, h, w, c]: the flat `images`.

    With noise it is a draw as in `drawn`, and `images` is the translation without rejection.
    """
    values = {"picture": picture.ravel().tolist(), "seed": [seed, 0], "gammaPercentile": gamma, "direction": direction}
    return _answer(site, values)


def _answer(site: Path, asked: dict) -> dict:
    command = ["node", str(SCRIPT), str(site)]
    try:
        done = subprocess.run(
            command, input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=60 * MINUTES
        )
    except subprocess.TimeoutExpired:
        raise NotCompared(f"there was no answer within {MINUTES} minutes.") from None
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "Error" in line] or ["no answer"]
        raise GanzooError(f"the page could not be run in Node: {errors[0].strip()}")
    return _arrays(json.loads(done.stdout.splitlines()[-1]))


def _arrays(answer: dict) -> dict:
    """An answer with its texts, which are base64, as float32 arrays."""
    return {
        key: np.frombuffer(base64.b64decode(value), "<f4") if isinstance(value, str) else value
        for key, value in answer.items()
    }


def difference_of(found: Mapping, expected: Mapping[str, np.ndarray]) -> float:
    """The largest difference of a page's draw from a sampler's outputs; infinite if their numbers of rows differ."""
    flat = {"samples": expected["samples"].ravel(), "log_ratio": expected["log_ratio"]}
    if found["num_proposed"] != expected["num_proposed"]:
        return float("inf")
    return largest_difference(found, flat)


def _call(what: Servable, name: str, values: Mapping) -> dict[str, np.ndarray]:
    signature = what.signatures[name]
    inputs = [tf.constant(values[one.name], one.dtype) for one in signature.inputs]
    return {key: value.numpy() for key, value in signature.graph(*inputs).items()}
