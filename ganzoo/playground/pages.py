"""The page of an export in a folder that any static server can serve: networks, constants, runtime and scripts."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from ganzoo import noise
from ganzoo.bases.stepped import TwoOptimizerModel
from ganzoo.errors import GanzooError
from ganzoo.export import other_runtimes
from ganzoo.export.inputs import FIXED_IMAGES, INPUTS, classes
from ganzoo.export.saved_model import Servable
from ganzoo.export.signature import Signature
from ganzoo.files import whole, write_json
from ganzoo.playground import given_noise, in_node, onnxruntime_web
from ganzoo.reports import STYLE

STATIC = Path(__file__).with_name("static")
FACTS = "playground.json"
BURN_IN = "burn_in.f32"
PACKAGE = "package.json"
RUNTIME = "onnxruntime"  # its folder
ROWS = 8  # of latents, by which their distribution is recognised
SAMPLING = (  # the keys of `config.sampling` that the page reads
    "gamma_percentile",
    "maximum_percentile",
    "budget",
    "batch_size",
    "max_samples",
    "max_proposals_per_sample",
)
TRANSLATION = ("candidates", "gamma_percentile", "batch_size", "max_proposals_per_sample")  # of a translator with noise


def check_folder(out: Path) -> None:
    """Checks before the work starts that a page may take a folder's place.

    Raises:
        GanzooError: for a folder that holds something else.
    """
    found = {path.name for path in out.glob("*")} if out.is_dir() else set()
    others = found - _names() - {name for name in found if name.endswith(".onnx")} if FACTS in found else found
    if others:
        few = ", ".join(sorted(others)[:3]) + ", ..." * (len(others) > 3)
        raise GanzooError(
            f"--out is {out}, a folder with other files in it ({few}); give a new folder, or remove them."
        )


def write(what: Servable, model: TwoOptimizerModel, out: Path, archive: Path) -> list[str]:
    """Writes the page of an export, whole or not at all; an older page in the folder is replaced.

    Args:
        what: the export's contents.
        model: the trained model.
        out: the folder.
        archive: of onnxruntime-web, checked.

    Returns:
        Sentences about what was written and how it was checked.

    Raises:
        GanzooError: for an export that the page cannot show, and if the page's samples are not the export's.
    """
    check_folder(out)
    facts, networks = translation_of(what, model) if "directions" in what.facts else sampling_of(what)
    said = []
    with whole(out.absolute()) as beside:  # "." has no name
        shutil.copytree(STATIC, beside)
        shutil.copyfile(STYLE, beside / STYLE.name)
        onnxruntime_web.unpack(archive, beside / RUNTIME)
        for file, signature in networks.items():
            one = replace(what, signatures={Path(file).stem: signature})
            difference = other_runtimes.write(one, Path(file).stem, beside / file, "onnx")
            said.append(f"{out / file}, within {difference:.1g} of the SavedModel")
        if "burn_in" in facts:
            _burn_in(what).astype("<f4").tofile(beside / facts["burn_in"])
        write_json(beside / PACKAGE, {"private": True, "type": "module"})  # how Node reads the scripts
        write_json(beside / FACTS, facts)
        said.append(in_node.check(what, beside))
    return said


def _names() -> set[str]:
    """What a page's folder may hold beside the networks."""
    own = {path.name for path in STATIC.iterdir()}
    return own | {STYLE.name, FACTS, BURN_IN, PACKAGE, RUNTIME}


def sampling_of(what: Servable) -> tuple[dict, dict[str, Signature]]:
    """What the page of a model that samples knows of its export, for JSON, and the signatures by their files' names.

    Raises:
        GanzooError: for an export that does not reject, and for latents of an unknown distribution.
    """
    if "propose" not in what.signatures:
        raise GanzooError(
            "--format web shows rejection, and this export rejects nothing: it has no signature 'propose' (no density "
            "ratio was fitted)."
        )
    samples = what.signatures["propose"].graph.structured_outputs["samples"]
    labels = None if what.facts["num_classes"] is None else classes(what.facts)
    names = what.facts.get("class_names")
    facts = _common(what) | {
        "sample_shape": samples.shape[1:].as_list(),
        "latents": _latents(what),
        "classes": labels,
        "class_names": labels and names and [names[label] for label in labels],
        "sampling": {key: what.facts["sampling"][key] for key in SAMPLING},
        "onnx": "propose.onnx",
        "burn_in": BURN_IN,
    }
    return facts, {facts["onnx"]: what.signatures["propose"]}


def translation_of(what: Servable, model: TwoOptimizerModel) -> tuple[dict, dict[str, Signature]]:
    """The same of a translator's page, whose pictures have the training size; its networks check no inputs.

    Raises:
        GanzooError: for a direction whose signature the page does not know.
    """
    domains = what.facts.get("domains") or [f"domain {number}" for number in range(model.num_domains)]
    directions, networks, noise_facts = [], {}, {}
    images = replace(FIXED_IMAGES, shape=(None, *model.image_shape))
    domain = replace(INPUTS["domains"], below=model.num_domains)
    endpoints = model.endpoints(what.facts["sampling"])
    for name, (sources, target) in model.directions().items():
        endpoint = endpoints.get(name) or endpoints.get("translate")
        takes = [] if endpoint is None else list(endpoint.inputs)
        found = {"name": name, "label": f"{' or '.join(domains[source] for source in sources)} to {domains[target]}"}
        if takes == ["images"]:
            found["onnx"], signature = f"{name}.onnx", Signature(endpoint.function, (images,))  # checks no inputs
        elif takes == ["images", "domains"]:
            found |= {"onnx": "translate.onnx", "domain": target}
            signature = Signature(endpoint.function, (images, domain))
        elif takes == ["images", "seed"] and "drs" in what.signatures:
            given = given_noise.with_numbers(model)
            found["onnx"], signature = f"{name}.onnx", given.signature
            limits = {key: what.facts["sampling"][key] for key in TRANSLATION}
            noise_facts = {"dropouts": given.layers, "sampling": limits | {"maximum_percentile": 100.0}}
        else:
            raise GanzooError(
                f"--format web has no page for '{what.facts['name']}': {name} is a signature of "
                f"{' and '.join(takes) or 'nothing'}."
            )
        networks[found["onnx"]] = signature
        directions.append(found)
    facts = {"image_shape": model.image_shape, "directions": directions, "is_drawn": model.needs_pairs}
    return _common(what) | facts | noise_facts, networks


def _common(what: Servable) -> dict:
    config = what.facts.get("config", {})
    return {
        "name": what.facts["name"],
        "dataset": config.get("dataset"),
        "step": what.facts.get("step"),
        "onnxruntime_web": onnxruntime_web.VERSION,
    }


def _latents(what: Servable) -> dict:
    """The latents as static/latents.js draws them."""
    seed = tf.constant([1, 0])
    latents = what.signatures["propose_inputs"].graph(tf.constant(ROWS), seed)["latents"].numpy()
    dim = latents.shape[1]
    normal = noise.normal(seed, ROWS, dim)
    known = {"normal": normal, "uniform": tf.math.erf(normal / np.sqrt(2.0).astype(np.float32))}
    found = {"dim": dim, "categories": 0, "continuous": 0}
    for distribution, numbers in known.items():
        if np.allclose(latents, numbers, atol=in_node.LATENTS):
            return found | {"distribution": distribution}
    if "generate_from_codes" in what.signatures:
        categories, continuous, _ = what.signatures["generate_from_codes"].inputs
        found |= {"categories": categories.below, "continuous": continuous.shape[1], "distribution": "codes"}
        noise_dim = dim - found["categories"] - found["continuous"]
        numbers = noise.normal(seed, ROWS, noise_dim + 1 + found["continuous"])[:, :noise_dim]
        if np.allclose(latents[:, :noise_dim], numbers, atol=in_node.LATENTS):
            return found
    raise GanzooError(
        f"--format web cannot draw the latents of '{what.facts['name']}': they are neither normal, nor uniform as "
        "dcgan's, nor codes as infogan's."
    )


def _burn_in(what: Servable) -> np.ndarray:
    """Log ratios, ascending: float32 [n], or [num_classes, n]."""
    (burn_in,) = (one for one in what.signatures["drs"].variables if one.name.partition(":")[0] == "burn_in")
    return burn_in.numpy()
