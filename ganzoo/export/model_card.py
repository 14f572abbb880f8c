"""The model card of an export, `README.md`: what a person who is handed the folder wants to know of it.

The card is Markdown behind a YAML header, as the Hugging Face Hub reads it
(https://huggingface.co/docs/hub/model-cards). The header's values are written as JSON, which is YAML, too.
"""

import json
import math
import shlex
from collections.abc import Mapping
from pathlib import Path

from ganzoo.data import names
from ganzoo.export.signature import Signatures
from ganzoo.files import whole

CARD = "README.md"
NOT_MEASURED = "<!-- figures -->\nThis export was not measured.\n<!-- end of figures -->"


def write(folder: Path, signatures: Signatures, facts: Mapping) -> None:
    """Writes the card of a version that is being made, without figures.

    Args:
        folder: the version's folder.
        signatures: the version's signatures.
        facts: what the version's `assets/config.json` holds.
    """
    inputs = {name: [one.name for one in signature.inputs] for name, signature in signatures.items()}
    (folder / CARD).write_text(text(facts, inputs))


def add_figures(version: Path, figures: str, results: Mapping[str, Mapping[str, float]]) -> None:
    """Writes a measured version's figures into its card, in the place of earlier ones.

    Args:
        version: the version's folder. A version of before, without a card, stays as it is.
        figures: Markdown.
        results: {sampler: {metric: number}} for the header.
    """
    path = version / CARD
    if not path.is_file():
        return
    before = path.read_text()
    head, begin, rest = before.partition("<!-- figures -->\n")
    _, end, tail = rest.partition("<!-- end of figures -->")
    if not (begin and end):  # somebody's own card
        return
    facts = json.loads((version / "assets" / "config.json").read_text())
    _, _, body = head.removeprefix("---\n").partition("\n---\n")
    with whole(path) as beside:
        beside.write_text(f"{header(facts, results)}\n{body}{begin}{figures}\n{end}{tail}")


def header(facts: Mapping, results: Mapping[str, Mapping[str, float]] | None = None) -> str:
    """The card's YAML, between its two lines of dashes."""
    task = _task(facts)
    values: dict[str, object] = {
        "library_name": "tensorflow",
        "tags": ["gan", "ganzoo", "saved-model", facts["name"]],
    }
    if task is not None:
        values["pipeline_tag"] = task
    metrics = [
        {"type": metric, "name": f"{metric} ({sampler})", "value": value}
        for sampler, row in (results or {}).items()
        for metric, value in row.items()
        if math.isfinite(value)
    ]
    if metrics and task is not None:
        data = _dataset(facts["config"]["dataset"]) if "config" in facts else "unknown"
        of = {"task": {"type": task}, "dataset": {"name": data, "type": data}, "metrics": metrics}
        values["model-index"] = [{"name": _title(facts), "results": [of]}]
    lines = [f"{key}: {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(["---", *lines, "---"])


def text(facts: Mapping, inputs: Mapping[str, list[str]]) -> str:
    """The whole card, without figures.

    Args:
        facts: what `assets/config.json` holds.
        inputs: the names of each signature's inputs.
    """
    parts = [
        f"# {_title(facts)}",
        _opening(facts),
        f"## Use it\n{_use(facts, inputs)}",
        f"## Data\n{_data(facts)}",
        f"## Figures\n{NOT_MEASURED}",
        f"## Limits\n{_limits(facts, inputs)}",
        f"## How it was trained\n{_training(facts)}",
        f"## Signatures\n{_signatures(inputs)}",
        "## Licence\nThis card names no licence for the weights. Whoever passes them on chooses one that the data's "
        "licence allows.",
    ]
    return f"{header(facts)}\n\n" + "\n\n".join(parts) + "\n"


def _title(facts: Mapping) -> str:
    data = facts.get("config", {}).get("dataset")
    return facts["name"] if data is None else f"{facts['name']} on {_dataset(data)}"


def _dataset(name: str) -> str:
    """The data set's name without the paths of the machine that it lay on."""
    return f"folder:{Path(name.removeprefix(names.FOLDER)).name}" if name.startswith(names.FOLDER) else name


def _task(facts: Mapping) -> str | None:
    """The Hub's name for the task; None for points, which have none."""
    if "directions" in facts:
        return "image-to-image"
    data = facts.get("config", {}).get("dataset")
    return None if data is not None and names.kind(data) == "points" else "unconditional-image-generation"


def _opening(facts: Mapping) -> str:
    what = "translates pictures" if "directions" in facts else "makes samples from random latents"
    return (
        f"A generative adversarial network (`{facts['name']}` of ganzoo) that {what}. It is a SavedModel: TensorFlow "
        "alone loads it, and TF Serving serves it."
    )


def _use(facts: Mapping, inputs: Mapping[str, list[str]]) -> str:
    if "directions" in facts:
        first = next((name for name in inputs if "images" in inputs[name]), "serving_default")
        call = f'images = ...  # float32 [n, height, width, channels] in [-1, 1]\nanswer = model.signatures["{first}"]'
        arguments = ["images=images", *(f"{name}=..." for name in inputs.get(first, []) if name != "images")]
        rest = f"--input_dir PICTURES --signature {first} --out translated"
    else:
        first = next((name for name in ("drs", "generate") if name in inputs), next(iter(inputs)))
        call = f'draws = model.signatures["{first}"]'
        count = "10" if "labels" in inputs[first] else "64"
        known = {
            "num_samples": f"num_samples=tf.constant({count})",
            "seed": "seed=tf.constant([1, 0])",
            "gamma_percentile": f"gamma_percentile=tf.constant({facts['sampling'].get('gamma_percentile', 80.0)})",
            "labels": f"labels=tf.constant([{_label(facts)}] * {count}, tf.int64)",
        }
        arguments = [known.get(name, f"{name}=...") for name in inputs[first]]
        rest = f"--signature {first} --num_samples 64 --out samples.png" if first in ("drs", "generate") else ""
    listed = ",\n    ".join(arguments)
    python = f"import tensorflow as tf\n\nmodel = tf.saved_model.load('.')  # in this folder\n{call}(\n    {listed},\n)"
    command = f"\n\n```bash\npython -m ganzoo.sample --export_dir . {rest}\n```" if rest else ""
    return f"```python\n{python}\n```{command}"


def _label(facts: Mapping) -> int:
    return facts["classes"][0] if facts.get("classes") else 0


def _data(facts: Mapping) -> str:
    if "config" not in facts:
        return "The model was trained in a program of its own. What it was trained on is not recorded."
    data = facts["config"]["dataset"]
    lines = [f"`{_dataset(data)}`. Licence: {names.license_of(data)}"]
    split = facts.get("split", {})
    if split.get("sizes"):
        lines += ["", "| part | samples | sha256 (first 16 digits) |", "|---|---|---|"]
        hashes = split.get("sha256", {})
        lines += [
            f"| {part} | {_size(size)} | {_size(hashes.get(part, '-'))} |" for part, size in split["sizes"].items()
        ]
        lines += ["", "The parts never mix: samples are measured against a part that nothing was fitted on."]
    return "\n".join(lines)


def _size(value: object) -> str:
    """A part's size or hash; translators have one for each domain."""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _limits(facts: Mapping, inputs: Mapping[str, list[str]]) -> str:
    limits = ", ".join(f"`{key}` {value}" for key, value in facts["sampling"].items() if key.startswith("max_"))
    lines = [
        "- The model knows what its data show, and nothing else. Its samples can repeat the data's biases and, "
        "rarely, be near copies of training pictures.",
        f"- A request is refused beyond these limits: {limits}.",
    ]
    if "drs" in inputs:
        lines.append(
            "- Rejection removes samples that the discriminator tells from data. It cannot add kinds of samples "
            "that the generator never makes, and it makes several proposals for each sample."
        )
    elif "directions" not in facts:
        lines.append("- The export has no density ratio, so that it cannot reject its own bad samples.")
    return "\n".join(lines)


def _training(facts: Mapping) -> str:
    if "config" not in facts:
        return "Unknown."
    config = facts["config"]
    flags = {"model": config["name"], "dataset": _dataset(config["dataset"]), "seed": config["seed"]}
    flags |= {"steps": config["steps"]}
    command = " ".join(f"--{key} {shlex.quote(str(value))}" for key, value in flags.items())
    step = f" The weights are of step {facts['step']}." if "step" in facts else ""
    return (
        f"```bash\npython -m ganzoo.run {command}\n```\n\nSeed {config['seed']}.{step} `assets/config.json` holds the "
        "whole config; keys that differ from the recipe are given as `--config.KEY=VALUE`."
    )


def _signatures(inputs: Mapping[str, list[str]]) -> str:
    rows = [f"| `{name}` | {', '.join(f'`{each}`' for each in of)} |" for name, of in inputs.items()]
    return "\n".join(["| signature | inputs |", "|---|---|", *rows])
