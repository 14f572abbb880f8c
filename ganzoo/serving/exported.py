"""An export loaded in Python, by TensorFlow alone, without Keras and without the model's code."""

import contextlib
import json
import math
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from ganzoo import seeds
from ganzoo.data.reals import MOST_VALUE, checked
from ganzoo.errors import GanzooError, plain_words
from ganzoo.export import inputs as table
from ganzoo.serving import addresses
from ganzoo.serving.answers import joined
from ganzoo.serving.connection import Spec


class Exported:
    """The newest version in an export's folder, or a version's own folder, or the export at an address.

    Attributes:
        path: the version's folder.
        config: how the model was trained, from `assets/config.json`.
        signatures: TensorFlow's callables by name.

    Raises:
        GanzooError: if there is no export, and if it is damaged.
    """

    def __init__(self, directory: str | Path):
        self.path = newest_version(directory)
        self.config = self.describe(self.path)
        with damage_in_words(self.path):
            self._loaded = tf.saved_model.load(str(self.path))
        self.signatures = self._loaded.signatures

    @staticmethod
    def describe(directory: str | Path) -> dict:
        """The contents of `assets/config.json`, without loading the model.

        Raises:
            GanzooError: if there is no export, if it is another program's, and if the file is damaged.
        """
        version = newest_version(directory)
        file = version / "assets" / "config.json"
        if not file.exists():
            raise GanzooError(f"{version} is a SavedModel, but no export of ganzoo: it has no assets/config.json.")
        with damage_in_words(version):
            return json.loads(file.read_text())

    def draw(
        self, signature: str, num_samples: int, *, seed: int = 0, labels: np.ndarray | None = None, **inputs
    ) -> dict[str, np.ndarray]:
        """Samples by a signature that takes `num_samples` and `seed`, such as "generate" or "drs".

        A user's own signature may take `latents` or `uniforms` instead; `propose_inputs` then draws them.

        Args:
            signature: the signature's name.
            num_samples: the number of samples, at least 1. Samples beyond the limit of a request are drawn in further
                requests, each with its own seed.
            seed: any whole number; the same seed gives the same samples.
            labels: classes of a conditional model's samples, taken in turn; None takes all classes in turn.
            **inputs: the signature's other inputs, such as `gamma_percentile`; the defaults are the config's. Rows are
                taken in turn. Inputs that the signature does not take are ignored.

        Returns:
            The outputs by name. The rows of several requests are joined and their counts summed.

        Raises:
            GanzooError: for a signature that the export does not have or that draws no samples, for an input that has
                no default and is not given, and for inputs that the graph refuses.
        """
        specs = self.specs(signature)
        if num_samples < 1:
            raise GanzooError(f"num_samples is {num_samples}; ask for at least 1.")
        drawn = {"latents", "uniforms"} & specs.keys() - inputs.keys() if signature in self.own_signatures else set()
        if "num_samples" not in specs and "latents" not in drawn:
            raise GanzooError(
                f"signature '{signature}' does not draw samples: its inputs are {', '.join(sorted(specs))}."
            )
        if drawn and "propose_inputs" not in self.signatures:
            raise GanzooError(
                f"{self.path} cannot draw {' and '.join(sorted(drawn))} for '{signature}', as it was exported without "
                "a density ratio."
            )
        if "labels" in specs:
            inputs["labels"] = table.classes(self.config) if labels is None else labels
        values = {name: inputs.get(name, table.default(self.config, signature, name)) for name in specs}
        for name in values.keys() - {"num_samples", "seed", *drawn}:
            if values[name] is None:
                flag = f"--{name}" if name in table.INPUTS else f"--input {name}=VALUE"
                raise GanzooError(f"signature '{signature}' needs {name} and has no default: give {flag}.")
        of_rows = {
            name: np.resize(values[name], (num_samples, *np.shape(values[name])[1:]))
            for name, spec in specs.items()
            if spec.shape[:1] == (None,) and values[name] is not None
        }
        limit = min(self._limit("max_samples"), self._limit("max_rows") if drawn else sys.maxsize)
        answers = []
        for request, first in enumerate(range(0, num_samples, limit)):
            size_and_seed = {"num_samples": min(limit, num_samples - first), "seed": seeds.words(seed, request)}
            part = values | size_and_seed | {name: rows[first : first + limit] for name, rows in of_rows.items()}
            if drawn:
                proposed = self.call("propose_inputs", size_and_seed)
                part |= {name: proposed[name] for name in drawn}
            answers.append(self.call(signature, part))
        return joined(answers)

    @property
    def own_signatures(self) -> dict[str, dict]:
        """The signatures that users' own files added, by name, with the config's facts about their inputs."""
        return self.config.get("own_signatures", {})

    def explain(self, num_samples: int, *, seed: int = 0, labels: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """The first proposals that `drs` makes from a seed at the config's `gamma_percentile`, accepted or not.

        The accepted proposals are, in their order, the first samples of `draw("drs", n, seed=seed)`.

        For a conditional model, row i is the first proposal for label i. If row i is accepted, it is sample i of
        `draw("drs", num_samples, seed=seed, labels=labels)`. This holds for the rows of one round (`batch_size`).

        Args:
            num_samples: the number of proposals, from 1 to `max_explained`.
            seed: any whole number.
            labels: classes of a conditional model's proposals, taken in turn; None takes all classes in turn.

        Returns:
            The outputs of `propose` for each row (`ganzoo.export.sampling_signatures`), with the rows' `uniforms` and
            `labels`. As in `drs`, a log ratio beyond the maximum becomes the maximum of the rows behind it, except in a
            conditional model.

        Raises:
            GanzooError: for an export that does not reject or is too old to explain, for too many proposals, and for
                inputs that the graph refuses.
        """
        if "propose" not in self.signatures:
            raise GanzooError(f"{self.path} rejects nothing, as it was exported without a density ratio.")
        if "log_ratio" not in self.signatures["propose"].structured_outputs or "propose_inputs" not in self.signatures:
            raise GanzooError(
                f"{self.path} is of an older ganzoo, and does not say why it rejects. Export the run again: "
                "python -m ganzoo.reexport --workdir RUN --out DIR."
            )
        if not 1 <= num_samples <= self.max_explained:
            raise GanzooError(f"num_samples is {num_samples}; this export explains 1 to {self.max_explained} at once.")
        rows = self.call("propose_inputs", {"num_samples": num_samples, "seed": seeds.words(seed)})
        if self.is_conditional:
            labels = table.classes(self.config) if labels is None else labels
            rows["labels"] = np.resize(labels, num_samples).astype(np.int64)
        answer = self.call("propose", rows)
        del rows["latents"]
        if not self.is_conditional:
            answer |= _under_running_maximum(answer, rows["uniforms"])
        return answer | rows

    @property
    def max_explained(self) -> int:
        """The most proposals in one request."""
        return min(self._limit("max_samples"), self._limit("max_rows"))

    def score(self, samples: np.ndarray, labels: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """The discriminator's `logits` of samples and, if the export has a density ratio, their `log_ratio`.

        Args:
            samples: uint8 pictures [n, ...], or float32 [n, ...], pictures in [-1, 1].
            labels: int [n], for a conditional model; None for other models.

        Raises:
            GanzooError: for samples of another shape or scale, and for labels that are missing or not taken.
        """
        if (labels is None) == self.is_conditional:
            words = "with classes: give labels" if labels is None else "without classes: leave labels out"
            raise GanzooError(f"{self.path} is of a model {words}.")
        samples = checked(samples, tuple(self.specs("score")["samples"].shape[1:]), "samples", most=MOST_VALUE)
        return self.in_batches("score", samples=samples, **({} if labels is None else {"labels": labels}))

    def in_batches(self, signature: str, rows: int = 256, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs of a signature of rows in, rows out for many rows, at most `rows` and `max_rows` in a call."""
        rows, specs = min(rows, self._limit("max_rows")), self.specs(signature)
        call, firsts = self.signatures[signature], range(0, len(next(iter(inputs.values()))), rows)
        batches = [
            call(
                **{
                    name: tf.constant(of_rows[first : first + rows], specs[name].dtype)
                    for name, of_rows in inputs.items()
                }
            )
            for first in firsts
        ]
        return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}

    def from_codes(self, categories: np.ndarray, *, seed: int = 0) -> np.ndarray:
        """Samples float32 [n, ...] of the categories int [n]; the continuous codes are drawn from U(-1, 1)."""
        call = self.signatures["generate_from_codes"]
        dim = call.structured_input_signature[1]["continuous"].shape[1]
        codes = np.random.default_rng(seeds.entropy(seed)).uniform(-1.0, 1.0, (len(categories), dim)).astype(np.float32)
        limit = min(self._limit("max_rows"), self._limit("max_samples"))
        batches = []
        for request, first in enumerate(range(0, len(categories), limit)):
            rows = slice(first, first + limit)
            inputs = dict(categories=tf.constant(categories[rows], tf.int64), continuous=tf.constant(codes[rows]))
            batches.append(call(seed=tf.constant(seeds.words(seed, request)), **inputs)["samples"].numpy())
        return np.concatenate(batches)

    def translate(
        self, signature: str, images: np.ndarray, *, rows: int = 32, seed: int = 0, domains: np.ndarray | None = None
    ) -> np.ndarray:
        """Pictures float32 [n, height, width, channels] in [-1, 1] through a translator's signature, `rows` at a time.

        Args:
            signature: the signature's name, such as "a_to_b", "translate" or "drs".
            images: pictures of one size that the export takes.
            rows: pictures in a request; fewer if the export allows fewer.
            seed: the seed of a signature that takes one; each request gets its own stream of noise.
            domains: int [n], for a signature that takes domains; else None.

        Returns:
            float32 [n, height, width, channels].

        Raises:
            GanzooError: for a signature that the export does not have or that takes no pictures, for domains that are
                missing or not taken, and for inputs that the graph refuses.
        """
        specs = self.specs(signature)
        if "images" not in specs:
            raise GanzooError(f"signature '{signature}' takes no pictures: its inputs are {', '.join(sorted(specs))}.")
        if self.takes_domains(signature) != (domains is not None):
            missing = "needs the domain to translate to" if domains is None else "knows no domains"
            raise GanzooError(f"signature '{signature}' {missing}.")
        translated = []
        # A picture with more pixels than the limit goes in a request of its own, which the graph refuses.
        of_pixels = max(self._limit("max_pixels") // max(math.prod(images.shape[1:3]), 1), 1)
        rows = min(rows, self._limit("max_images"), of_pixels)
        for request, first in enumerate(range(0, len(images), rows)):
            part = slice(first, first + rows)
            inputs = {"images": images[part], "seed": seeds.words(seed, request)} | {
                name: table.default(self.config, signature, name)
                for name in specs.keys() - {"images", "seed", "domains"}
            }
            if domains is not None:
                inputs["domains"] = domains[part]
            outputs = self.call(signature, {name: inputs[name] for name in specs})
            if len(outputs["images"]) < len(images[part]):
                raise GanzooError(f"{signature}: the bound on proposals ran out before each picture had one accepted.")
            translated.append(outputs["images"])
        return np.concatenate(translated)

    def takes_domains(self, signature: str) -> bool:
        """Whether a signature takes the domain to translate to.

        Raises:
            GanzooError: for a signature that the export does not have.
        """
        return "domains" in self.specs(signature)

    def specs(self, signature: str) -> dict[str, Spec]:
        """The dtypes and shapes of a signature's inputs by name.

        Raises:
            GanzooError: for a signature that the export does not have.
        """
        if signature not in self.signatures:
            raise GanzooError(
                f"no signature '{signature}' in {self.path}. There are: {', '.join(sorted(self.signatures))}."
            )
        tensors = self.signatures[signature].structured_input_signature[1]
        return {name: Spec(np.dtype(x.dtype.as_numpy_dtype), tuple(x.shape)) for name, x in tensors.items()}

    def call(self, signature: str, values: Mapping) -> dict[str, np.ndarray]:
        """One request, with inputs by name; names that the signature does not take are ignored.

        Raises:
            GanzooError: for inputs that the graph refuses, and for a number that does not fit its input's dtype.
        """
        inputs = {}
        for name, spec in self.specs(signature).items():
            dtype = tf.as_dtype(spec.dtype).name
            try:
                inputs[name] = tf.constant(values[name], spec.dtype)
                wraps = spec.dtype.kind == "i" and not np.array_equal(inputs[name], values[name])
            except (TypeError, ValueError, OverflowError) as error:
                raise GanzooError(f"{name} is {values[name]}, which is no {dtype}.") from error
            if wraps:  # TensorFlow takes numbers beyond int32 modulo 2^32
                raise GanzooError(f"{name} is {values[name]}, which is no {dtype}.")
        try:
            outputs = self.signatures[signature](**inputs)
        except tf.errors.InvalidArgumentError as error:
            raise GanzooError(plain_words(error.message)) from error
        return {name: output.numpy() for name, output in outputs.items()}

    def _limit(self, name: str) -> int:
        """A limit of a request; very large in an older export that does not have the limit."""
        return self.config["sampling"].get(name, sys.maxsize)

    @property
    def is_conditional(self) -> bool:
        """Whether the signatures that sample take labels."""
        return "labels" in self.specs("serving_default")

    def proposals_per_second(self, repeats: int = 20) -> float:
        """Rows a second through the generator and the log ratio, in the samplers' batches: no sampler can propose more.

        The time is the fastest of `repeats` calls of `propose`, which runs the two networks and nothing else.
        """
        call, rows = self.signatures["propose"], min(self.config["sampling"]["batch_size"], self._limit("max_rows"))
        latent_dim = call.structured_input_signature[1]["latents"].shape[1]
        inputs = dict(latents=tf.random.normal([rows, latent_dim], seed=0), uniforms=tf.zeros([rows]))
        if self.is_conditional:
            inputs["labels"] = tf.constant(np.resize(table.classes(self.config), rows), tf.int64)
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            call(**inputs)["accepted"].numpy()
            seconds.append(time.perf_counter() - start)
        return rows / min(seconds)


def acceptance_probability(log_ratio: np.ndarray, threshold: np.ndarray, maximum: np.ndarray) -> np.ndarray:
    """sigmoid(F(min(D, M)) - F(T)) with F(x) = x - M - log(1 - exp(x - M - 1e-8)), as the exports' graph has it.

    Args:
        log_ratio: D, [n] or []; -inf gives 0.
        threshold: T, at most M.
        maximum: M.

    Returns:
        float64, in the inputs' shape.

    >>> acceptance_probability([-1.0, 0.5, 2.0], 0.5, 2.0).round(3)
    array([0.154, 0.5  , 1.   ])
    """
    log_ratio, threshold, maximum = (np.asarray(value, np.float64) for value in (log_ratio, threshold, maximum))

    def f(value):
        return value - maximum - np.log(-np.expm1(value - maximum - 1e-8))

    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(f(threshold) - f(np.minimum(log_ratio, maximum))))


def _under_running_maximum(answer: Mapping[str, np.ndarray], uniforms: np.ndarray) -> dict[str, np.ndarray]:
    """The rows of `propose`, decided one after the other: each row's maximum is the largest so far, as in `drs`.

    The threshold belongs to the maximum, so a row takes both from the row that has the largest.
    """
    rows = np.arange(len(uniforms))
    maximum = np.maximum.accumulate(answer["maximum"])
    raised = maximum > answer["maximum"]
    source = np.maximum.accumulate(np.where(raised, 0, rows))
    threshold = answer["threshold"][source]
    later = acceptance_probability(answer["log_ratio"][raised], threshold[raised], maximum[raised])
    probability = answer["accept_probability"].copy()
    probability[raised] = later
    accepted = uniforms < probability
    return {"threshold": threshold, "maximum": maximum, "accept_probability": probability, "accepted": accepted}


@contextlib.contextmanager
def damage_in_words(version: Path) -> Iterator[None]:
    """Turns the errors of files that are cut off or missing into a GanzooError that names the version's folder."""
    try:
        yield
    except (OSError, ValueError, LookupError, RuntimeError, tf.errors.OpError) as error:
        reason = plain_words(str(error).strip() or type(error).__name__).rstrip(".:")
        raise GanzooError(f"{version} is damaged, or was not copied whole: {reason}. Copy it again.") from error


def newest_version(directory: str | Path) -> Path:
    """The folder of an export's newest version; a version's own folder is returned as it is.

    Args:
        directory: a folder, or an address such as "pretrained:cgan" (`ganzoo.serving.addresses`).

    Raises:
        GanzooError: if there is no version.
    """
    directory = addresses.folder(directory)
    versions = sorted((path for path in directory.glob("*") if path.name.isdigit()), key=lambda path: int(path.name))
    path = versions[-1] if versions else directory
    if not (path / "saved_model.pb").is_file():
        if versions:
            raise GanzooError(f"{path} is incomplete: it has no saved_model.pb. Copy it again, or remove it.")
        raise GanzooError(f"no export in {directory}: {_reason(directory)}")
    return path


def holds_export(folder: Path) -> bool:
    """Whether a folder is an export, or has versions of one."""
    return (folder / "saved_model.pb").is_file() or any(folder.glob("[0-9]*/saved_model.pb"))


def _reason(directory: Path) -> str:
    """Why there is no export in a folder, and what to do."""
    if holds_export(directory / "export"):
        return f"it is a run's folder. Give the export in it, {directory / 'export'}."
    when = "a run leaves one in its workdir's folder `export` when it ends"
    if not directory.exists():
        return f"there is no such folder. Look for a typing error; {when}."
    return f"{when}. A run that was stopped goes on by the same command."
