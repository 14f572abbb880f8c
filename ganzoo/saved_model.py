"""A trained model as a SavedModel that samples by rejection, for TensorFlow alone and for TF Serving."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import tensorflow as tf

from ganzoo import noise
from ganzoo.config import load_config
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.errors import GanzooError, plain_words
from ganzoo.models.base import AdversarialModel
from ganzoo.sampling import drs, mh, obrs
from ganzoo.sampling.proposals import burn_in, finite_or_impossible, generate

BURN_IN = 3  # what the burn-in's random numbers are for, beside those of the refit (ganzoo/density_ratio/refit.py)


def export(
    model: AdversarialModel,
    directory: str | Path,
    *,
    ratio: DensityRatio | None,
    sampling: Mapping | None = None,
    description: Mapping | None = None,
) -> str:
    """Writes `directory/N`, N one more than the versions there are; it appears whole, by rename, or not at all.

    Signatures: `serving_default`, `generate`, `score`; with a ratio also `drs`, `obrs`, `propose`, for pictures
    `drs_png`, and `mh` where the ratio has the scores of held-out reals. All of them use the averaged generator.

    Args:
        model: trained.
        directory: parent of the versions, made if need be.
        ratio: of this model; None exports no rejection sampling.
        sampling: as in `config.sampling`; None takes that of the model's recipe.
        description: goes to `assets/config.json`.

    Returns:
        The version's folder.

    Raises:
        GanzooError: if it cannot be written, as on a full disk.
    """
    sampling = sampling or load_config(model.zoo_name).sampling
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    unfinished = directory / f".unfinished-{os.getpid()}"
    try:
        archive = keras.export.ExportArchive()
        for name, (function, specs) in signatures(model, ratio, sampling).items():
            archive.add_endpoint(name, function, input_signature=specs)
        try:
            archive.write_out(str(unfinished), verbose=False)
        except tf.errors.OpError as error:
            raise GanzooError(f"the export could not be written: {plain_words(error.message)}.") from error
        text = json.dumps({"sampling": dict(sampling), "name": model.zoo_name} | dict(description or {}), indent=2)
        (unfinished / "assets" / "config.json").write_text(text)
        version = directory / str(
            1 + max((int(path.name) for path in directory.iterdir() if path.name.isdigit()), default=0)
        )
        unfinished.rename(version)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return str(version)


def signatures(
    model: AdversarialModel, ratio: DensityRatio | None, sampling: Mapping
) -> dict[str, tuple[Callable, list[tf.TensorSpec]]]:
    """Each signature's graph code and its named inputs."""
    shape = model.generator.output_shape[1:]
    num_samples = tf.TensorSpec([], tf.int32, "num_samples")
    seed = tf.TensorSpec([2], tf.int32, "seed")
    gamma_percentile = tf.TensorSpec([], tf.float32, "gamma_percentile")
    latents = tf.TensorSpec([None, model.generator.input_shape[-1]], tf.float32, "latents")
    samples = tf.TensorSpec([None, *shape], tf.float32, "samples")
    uniforms = tf.TensorSpec([None], tf.float32, "uniforms")
    limit, batch_size = sampling["max_samples"], sampling["batch_size"]

    def serving_default(latents):
        with _checks(_rows(latents), _finite(latents, "latents")):
            return {"samples": model(tf.identity(latents))}

    def generate_samples(num_samples, seed):
        with _checks(_in_range(num_samples, 1, limit, "num_samples")):
            return {"samples": generate(model.propose, tf.identity(num_samples), seed=seed, batch_size=batch_size)}

    def score(samples):
        with _checks(_rows(samples), _finite(samples, "samples")):
            samples = tf.identity(samples)
            logits = {"logits": model.discriminator(samples, training=False)}
            return logits if ratio is None else logits | {"log_ratio": ratio(samples)}

    endpoints = {
        "serving_default": (serving_default, [latents]),
        "generate": (generate_samples, [num_samples, seed]),
        "score": (score, [samples]),
    }
    if ratio is None:
        return endpoints

    ascending = tf.Variable(
        tf.function(burn_in, autograph=False)(
            model.propose,
            ratio,
            sampling["burn_in"],
            seed=noise.fold_in([model.seed, 0], BURN_IN),
            batch_size=batch_size,
        ),
        trainable=False,
        name="burn_in",
    )

    def draw(num_samples, seed, gamma_percentile):
        checks = (
            _in_range(num_samples, 1, limit, "num_samples"),
            _in_range(gamma_percentile, 0, 100, "gamma_percentile"),
        )
        with _checks(*checks):
            num_samples = tf.identity(num_samples)
            return drs.discriminator_rejection(
                model.propose,
                ratio,
                num_samples,
                seed=seed,
                burn_in=ascending.value(),
                batch_size=batch_size,
                gamma_percentile=gamma_percentile,
                max_proposals=num_samples * sampling["max_proposals_per_sample"],
            )

    def obrs_samples(num_samples, seed, budget):
        most = sampling["max_proposals_per_sample"]
        with _checks(_in_range(num_samples, 1, limit, "num_samples"), _in_range(budget, 1, most, "budget")):
            num_samples = tf.identity(num_samples)
            draws = obrs.budgeted_rejection(
                model.propose,
                ratio,
                num_samples,
                seed=seed,
                burn_in=ascending.value(),
                budget=budget,
                batch_size=batch_size,
                max_proposals=num_samples * most,
            )
            return draws._asdict()

    def mh_samples(num_samples, seed, chain_length):
        checks = (
            _in_range(num_samples, 1, limit, "num_samples"),
            _in_range(chain_length, 1, sampling["max_chain_length"], "chain_length"),
        )
        with _checks(*checks):
            chains = mh.metropolis_hastings(
                model.propose,
                ratio,
                tf.identity(num_samples),
                seed=seed,
                start_log_ratios=starts.value(),
                chain_length=chain_length,
                batch_size=batch_size,
                max_chains=limit,
            )
            return chains._asdict()

    def drs_samples(num_samples, seed, gamma_percentile):
        return draw(num_samples, seed, gamma_percentile)._asdict()

    def propose(latents, uniforms):
        same = tf.debugging.assert_equal(
            tf.shape(latents)[0], tf.shape(uniforms)[0], "latents and uniforms must have as many rows as each other."
        )
        in_unit = tf.debugging.Assert(
            tf.reduce_all((uniforms >= 0.0) & (uniforms < 1.0)), ["uniforms must be in [0, 1), got", uniforms]
        )
        with _checks(_rows(latents), _finite(latents, "latents"), same, in_unit):
            samples = model(tf.identity(latents))
            log_ratio = finite_or_impossible(ratio(samples))
            largest = tf.maximum(ascending.value()[-1], log_ratio)
            probability = drs.acceptance_probability(
                log_ratio, largest, ascending.value(), sampling["gamma_percentile"]
            )
            probability = tf.where(tf.math.is_inf(log_ratio), 0.0, probability)
            return {"samples": samples, "accept_probability": probability, "accepted": uniforms < probability}

    def drs_png(num_samples, seed, gamma_percentile):
        draws = draw(num_samples, seed, gamma_percentile)
        pixels = tf.cast(tf.round(tf.clip_by_value((draws.samples + 1.0) * 127.5, 0.0, 255.0)), tf.uint8)
        png = tf.map_fn(tf.io.encode_png, pixels, fn_output_signature=tf.string)
        return {"image_bytes": png, "acceptance_rate": draws.acceptance_rate, "num_proposed": draws.num_proposed}

    request = [num_samples, seed, gamma_percentile]
    endpoints["drs"] = (drs_samples, request)
    endpoints["obrs"] = (obrs_samples, [num_samples, seed, tf.TensorSpec([], tf.float32, "budget")])
    endpoints["propose"] = (propose, [latents, uniforms])
    if ratio.held_out is not None:
        starts = tf.Variable(ratio.held_out, trainable=False, name="mh_starts")
        endpoints["mh"] = (mh_samples, [num_samples, seed, tf.TensorSpec([], tf.int32, "chain_length")])
    if len(shape) == 3:
        endpoints["drs_png"] = (drs_png, request)
    return endpoints


def _checks(*assertions: tf.Operation):
    """What is computed under it waits for the assertions; TensorFlow raises them as InvalidArgumentError."""
    return tf.control_dependencies([assertion for assertion in assertions if assertion is not None])


def _in_range(value: tf.Tensor, low: float, high: float, name: str):
    return tf.debugging.Assert((value >= low) & (value <= high), [f"{name} must be in {low} .. {high}, got", value])


def _finite(values: tf.Tensor, name: str):
    return tf.debugging.Assert(tf.reduce_all(tf.math.is_finite(values)), [f"{name} must be finite numbers."])


def _rows(values: tf.Tensor):
    return tf.debugging.Assert(tf.shape(values)[0] > 0, ["at least one row is needed, got none."])
