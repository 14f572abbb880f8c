"""An export as Python sees it: TensorFlow alone, neither Keras nor the model's code."""

import json
import math
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from ganzoo.errors import GanzooError, plain_words
from ganzoo.export import inputs as table
from ganzoo.serving.answers import joined
from ganzoo.serving.connection import Spec


class Exported:
    """The newest version in an export's folder, or a version's own folder.

    Attributes:
        path: the version's folder.
        config: how the model was trained, from `assets/config.json`.
        signatures: TensorFlow's callables by name.

    Raises:
        GanzooError: if there is no export.
    """

    def __init__(self, directory: str | Path):
        self.path = newest_version(directory)
        self.config = self.describe(self.path)
        self._loaded = tf.saved_model.load(str(self.path))
        self.signatures = self._loaded.signatures

    @staticmethod
    def describe(directory: str | Path) -> dict:
        """What `assets/config.json` says, without loading the model."""
        return json.loads((newest_version(directory) / "assets" / "config.json").read_text())

    def draw(
        self, signature: str, num_samples: int, *, seed: int = 0, labels: np.ndarray | None = None, **inputs
    ) -> dict[str, np.ndarray]:
        """Samples by a signature that takes `num_samples` and `seed`, such as "generate" or "drs".

        A user's own signature may take `latents` or `uniforms` instead; these are drawn as `propose_inputs` draws them.

        Args:
            signature: its name.
            num_samples: at least 1; more than a request may ask for are drawn in several, with seeds of their own.
            seed: the same seed gives the same samples.
            labels: classes of a conditional model's samples, taken in turn; None takes all in turn.
            **inputs: the signature's other inputs, such as `gamma_percentile`; the defaults are the config's. Rows are
                taken in turn. What the signature does not take is ignored.

        Returns:
            The outputs by name; those of several requests joined, counts summed.

        Raises:
            GanzooError: for a signature that the export does not have or that takes other inputs, for an input that
                has no default and is not given, and for what the graph itself refuses.
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
            inputs["labels"] = np.arange(self.config["num_classes"]) if labels is None else labels
        given = {name: inputs.get(name, table.default(self.config, signature, name)) for name in specs}
        for name in given.keys() - {"num_samples", "seed", *drawn}:
            if given[name] is None:
                flag = f"--{name}" if name in table.INPUTS else f"--input {name}=VALUE"
                raise GanzooError(f"signature '{signature}' needs {name} and has no default: give {flag}.")
        of_rows = {
            name: np.resize(given[name], (num_samples, *np.shape(given[name])[1:]))
            for name, spec in specs.items()
            if spec.shape[:1] == (None,) and given[name] is not None
        }
        limit = min(self._limit("max_samples"), self._limit("max_rows") if drawn else sys.maxsize)
        answers = []
        for request, first in enumerate(range(0, num_samples, limit)):
            asked = {"num_samples": min(limit, num_samples - first), "seed": [seed, request]}
            values = given | asked | {name: rows[first : first + limit] for name, rows in of_rows.items()}
            if drawn:
                proposed = self.call("propose_inputs", asked)
                values |= {name: proposed[name] for name in drawn}
            answers.append(self.call(signature, values))
        return joined(answers)

    @property
    def own_signatures(self) -> dict[str, dict]:
        """The signatures that a user's own file added, with what the config says of their inputs."""
        return self.config.get("own_signatures", {})

    def explain(self, num_samples: int, *, seed: int = 0, labels: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """The first proposals that `drs` makes from a seed at the config's `gamma_percentile`, accepted or not.

        The accepted ones are, in their order, the first samples of `draw("drs", n, seed=seed)`. Of a conditional model
        row i is the first proposal for label i: where it is accepted, it is sample i of
        `draw("drs", num_samples, seed=seed, labels=labels)`, for as many as go into one round (`batch_size`).

        Args:
            num_samples: how many proposals, at least 1, at most `max_explained`.
            seed: int32.
            labels: classes of a conditional model's proposals, taken in turn; None takes all in turn.

        Returns:
            What `propose` returns of each row (`ganzoo.export.sampling_signatures`), and its `uniforms` and `labels`.
            As in `drs`, a log ratio beyond the maximum is the maximum from there on, but not of a conditional model.

        Raises:
            GanzooError: for an export that does not reject or is too old to say why, for too many proposals, and for
                what the graph refuses.
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
        rows = self.call("propose_inputs", {"num_samples": num_samples, "seed": [seed, 0]})
        if self.is_conditional:
            labels = np.arange(self.config["num_classes"]) if labels is None else labels
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
        """The discriminator's logits and, where the export has one, the log ratio of samples float32 [n, ...], which
        of a conditional model come with their labels int64 [n]."""
        return self.in_batches("score", samples=samples, **({} if labels is None else {"labels": labels}))

    def in_batches(self, signature: str, rows: int = 256, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """What a signature of rows in, rows out gives for many rows, `rows` at a time, or as many as it takes."""
        rows = min(rows, self._limit("max_rows"))
        call, firsts = self.signatures[signature], range(0, len(next(iter(inputs.values()))), rows)
        batches = [
            call(**{name: tf.constant(values[first : first + rows]) for name, values in inputs.items()})
            for first in firsts
        ]
        return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}

    def from_codes(self, categories: np.ndarray, *, seed: int = 0) -> np.ndarray:
        """Samples float32 [n, ...] of the categories int [n], the continuous codes drawn from U(-1, 1)."""
        call = self.signatures["generate_from_codes"]
        dim = call.structured_input_signature[1]["continuous"].shape[1]
        codes = np.random.default_rng(seed).uniform(-1.0, 1.0, (len(categories), dim)).astype(np.float32)
        limit = min(self._limit("max_rows"), self._limit("max_samples"))
        batches = []
        for request, first in enumerate(range(0, len(categories), limit)):
            rows = slice(first, first + limit)
            given = dict(categories=tf.constant(categories[rows], tf.int64), continuous=tf.constant(codes[rows]))
            batches.append(call(seed=tf.constant([seed, request]), **given)["samples"].numpy())
        return np.concatenate(batches)

    def translate(
        self, signature: str, images: np.ndarray, *, rows: int = 32, seed: int = 0, domains: np.ndarray | None = None
    ) -> np.ndarray:
        """Pictures float32 [n, height, width, channels] in [-1, 1] through a translator's signature, `rows` at a time.

        Args:
            signature: such as "a_to_b", "translate" or "drs".
            images: all of one size that the export takes.
            rows: pictures in a request; fewer where the export takes fewer.
            seed: of a signature that takes one; each request has a stream of its own.
            domains: int [n], of a signature that takes them.

        Returns:
            float32 [n, height, width, channels].

        Raises:
            GanzooError: for a signature that the export does not have or that takes no pictures, for domains where
                there are none or none are given, and for what the graph itself refuses.
        """
        specs = self.specs(signature)
        if "images" not in specs:
            raise GanzooError(f"signature '{signature}' takes no pictures: its inputs are {', '.join(sorted(specs))}.")
        if self.takes_domains(signature) != (domains is not None):
            missing = "needs the domain to translate to" if domains is None else "knows no domains"
            raise GanzooError(f"signature '{signature}' {missing}.")
        translated = []
        # A picture that is too large by itself is asked for by itself, and refused by the graph.
        of_pixels = max(self._limit("max_pixels") // max(math.prod(images.shape[1:3]), 1), 1)
        rows = min(rows, self._limit("max_images"), of_pixels)
        for request, first in enumerate(range(0, len(images), rows)):
            part = slice(first, first + rows)
            given = {"images": images[part], "seed": [seed, request]} | {
                name: table.default(self.config, signature, name)
                for name in specs.keys() - {"images", "seed", "domains"}
            }
            if domains is not None:
                given["domains"] = domains[part]
            outputs = self.call(signature, {name: given[name] for name in specs})
            if len(outputs["images"]) < len(images[part]):
                raise GanzooError(f"{signature}: the bound on proposals ran out before each picture had one accepted.")
            translated.append(outputs["images"])
        return np.concatenate(translated)

    def takes_domains(self, signature: str) -> bool:
        """Whether a signature is told the domain to translate to.

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
        """One request, its inputs by name; others are left out.

        Raises:
            GanzooError: for what the graph refuses, and for a number that an input's dtype has no room for.
        """
        given = {}
        for name, spec in self.specs(signature).items():
            try:
                given[name] = tf.constant(values[name], spec.dtype)
            except (TypeError, ValueError, OverflowError) as error:
                dtype = tf.as_dtype(spec.dtype).name
                raise GanzooError(f"{name} is {values[name]}, which is no {dtype}.") from error
        try:
            outputs = self.signatures[signature](**given)
        except tf.errors.InvalidArgumentError as error:
            raise GanzooError(plain_words(error.message)) from error
        return {name: output.numpy() for name, output in outputs.items()}

    def _limit(self, name: str) -> int:
        """A bound of a request; an older export may not have it."""
        return self.config["sampling"].get(name, sys.maxsize)

    @property
    def is_conditional(self) -> bool:
        """Whether samples are asked for by their labels."""
        return "labels" in self.specs("serving_default")

    def proposals_per_second(self, repeats: int = 20) -> float:
        """Rows a second through the generator and the log ratio, in the samplers' batches: no sampler can propose more.

        The fastest of some calls of the signature `propose`, which does nothing else.
        """
        call, rows = self.signatures["propose"], min(self.config["sampling"]["batch_size"], self._limit("max_rows"))
        latent_dim = call.structured_input_signature[1]["latents"].shape[1]
        inputs = dict(latents=tf.random.normal([rows, latent_dim], seed=0), uniforms=tf.zeros([rows]))
        if self.is_conditional:
            inputs["labels"] = tf.range(rows, dtype=tf.int64) % self.config["num_classes"]
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
    """What becomes of the rows of `propose`, each asked for by itself, after the rows before."""
    maximum = np.maximum.accumulate(answer["maximum"])
    raised = maximum > answer["maximum"]
    later = acceptance_probability(answer["log_ratio"][raised], answer["threshold"][raised], maximum[raised])
    probability = answer["accept_probability"].copy()
    probability[raised] = later
    return {"maximum": maximum, "accept_probability": probability, "accepted": uniforms < probability}


def newest_version(directory: str | Path) -> Path:
    """The folder of an export's newest version; a version's own folder is itself.

    Raises:
        GanzooError: if there is none.
    """
    directory = Path(directory)
    versions = sorted((path for path in directory.glob("*") if path.name.isdigit()), key=lambda path: int(path.name))
    path = versions[-1] if versions else directory
    if not (path / "saved_model.pb").is_file():
        raise GanzooError(
            f"no export in {directory}: a run leaves one in its workdir's folder `export` when it ends. A run that was "
            "stopped goes on by the same command."
        )
    return path
