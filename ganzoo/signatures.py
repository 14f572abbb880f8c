"""The signatures of an export: graph code with its inputs checked, from a model, its density ratio and its limits."""

from collections.abc import Callable, Mapping

import tensorflow as tf

from ganzoo import noise
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.models.base import AdversarialModel
from ganzoo.sampling import drs, mh, obrs
from ganzoo.sampling.proposals import burn_in, finite_or_impossible, generate

BURN_IN = 3  # what the burn-in's random numbers are for, beside those of ganzoo/density_ratio

NUM_SAMPLES = tf.TensorSpec([], tf.int32, "num_samples")
SEED = tf.TensorSpec([2], tf.int32, "seed")
GAMMA_PERCENTILE = tf.TensorSpec([], tf.float32, "gamma_percentile")
BUDGET = tf.TensorSpec([], tf.float32, "budget")
CHAIN_LENGTH = tf.TensorSpec([], tf.int32, "chain_length")

Signatures = dict[str, tuple[Callable[..., dict[str, tf.Tensor]], list[tf.TensorSpec]]]


def signatures(model: AdversarialModel, ratio: DensityRatio | None, sampling: Mapping) -> Signatures:
    """Each signature's function and the named specs of its inputs.

    Args:
        model: trained; its averaged generator is what samples.
        ratio: None leaves out what rejects.
        sampling: as in `config.sampling`.
    """
    shape = model.generator.output_shape[1:]
    latents = tf.TensorSpec([None, model.generator.input_shape[-1]], tf.float32, "latents")
    samples = tf.TensorSpec([None, *shape], tf.float32, "samples")
    plain = Plain(model, ratio, sampling)
    named: Signatures = {
        "serving_default": (plain.serving_default, [latents]),
        "generate": (plain.generate, [NUM_SAMPLES, SEED]),
        "score": (plain.score, [samples]),
    }
    if ratio is not None:
        rejecting = Rejecting(model, ratio, sampling)
        named["drs"] = (rejecting.drs, [NUM_SAMPLES, SEED, GAMMA_PERCENTILE])
        named["obrs"] = (rejecting.obrs, [NUM_SAMPLES, SEED, BUDGET])
        named["propose"] = (rejecting.propose, [latents, tf.TensorSpec([None], tf.float32, "uniforms")])
        if len(shape) == 3:
            named["drs_png"] = (rejecting.drs_png, [NUM_SAMPLES, SEED, GAMMA_PERCENTILE])
        if ratio.held_out is not None:
            named["mh"] = (rejecting.mh, [NUM_SAMPLES, SEED, CHAIN_LENGTH])
    return named


class Plain:
    """What any model offers."""

    def __init__(self, model: AdversarialModel, ratio: DensityRatio | None, sampling: Mapping):
        self.model, self.ratio, self.sampling = model, ratio, sampling

    def serving_default(self, latents):
        with _checked(_has_rows(latents), _is_finite(latents, "latents")):
            return {"samples": self.model(tf.identity(latents))}

    def generate(self, num_samples, seed):
        with _checked(self._num_samples_in_range(num_samples)):
            batch_size = self.sampling["batch_size"]
            return {"samples": generate(self.model.propose, tf.identity(num_samples), seed=seed, batch_size=batch_size)}

    def score(self, samples):
        with _checked(_has_rows(samples), _is_finite(samples, "samples")):
            samples = tf.identity(samples)
            logits = {"logits": self.model.discriminator(samples, training=False)}
            return logits if self.ratio is None else logits | {"log_ratio": self.ratio(samples)}

    def _num_samples_in_range(self, num_samples):
        return _is_in_range(num_samples, 1, self.sampling["max_samples"], "num_samples")


class Rejecting(Plain):
    """What a model with a density ratio offers besides. The burn-in is drawn here, once, and kept in the export."""

    def __init__(self, model: AdversarialModel, ratio: DensityRatio, sampling: Mapping):
        super().__init__(model, ratio, sampling)
        draw = tf.function(burn_in, autograph=False)
        seed = noise.fold_in([model.seed, 0], BURN_IN)
        ascending = draw(model.propose, ratio, sampling["burn_in"], seed=seed, batch_size=sampling["batch_size"])
        self.burn_in = tf.Variable(ascending, trainable=False, name="burn_in")
        if ratio.held_out is not None:
            self.starts = tf.Variable(ratio.held_out, trainable=False, name="mh_starts")

    def drs(self, num_samples, seed, gamma_percentile):
        return self._drs(num_samples, seed, gamma_percentile)._asdict()

    def drs_png(self, num_samples, seed, gamma_percentile):
        draws = self._drs(num_samples, seed, gamma_percentile)
        pixels = tf.cast(tf.round(tf.clip_by_value((draws.samples + 1.0) * 127.5, 0.0, 255.0)), tf.uint8)
        png = tf.map_fn(tf.io.encode_png, pixels, fn_output_signature=tf.string)
        return {"image_bytes": png, "acceptance_rate": draws.acceptance_rate, "num_proposed": draws.num_proposed}

    def obrs(self, num_samples, seed, budget):
        in_range = _is_in_range(budget, 1, self.sampling["max_proposals_per_sample"], "budget")
        with _checked(self._num_samples_in_range(num_samples), in_range):
            return obrs.budgeted_rejection(
                budget=tf.identity(budget), burn_in=self.burn_in.value(), **self._request(num_samples, seed)
            )._asdict()

    def mh(self, num_samples, seed, chain_length):
        in_range = _is_in_range(chain_length, 1, self.sampling["max_chain_length"], "chain_length")
        with _checked(self._num_samples_in_range(num_samples), in_range):
            return mh.metropolis_hastings(
                self.model.propose,
                self.ratio,
                tf.identity(num_samples),
                seed=seed,
                start_log_ratios=self.starts.value(),
                chain_length=tf.identity(chain_length),
                batch_size=self.sampling["batch_size"],
                max_chains=self.sampling["max_samples"],
            )._asdict()

    def propose(self, latents, uniforms):
        """Rows in, rows out, so that a server may batch it; the percentile is the config's."""
        is_paired = tf.debugging.Assert(
            tf.shape(latents)[0] == tf.shape(uniforms)[0],
            ["latents and uniforms must have as many rows as each other."],
        )
        in_unit = tf.debugging.Assert(
            tf.reduce_all((uniforms >= 0.0) & (uniforms < 1.0)), ["uniforms must be in [0, 1), got", uniforms]
        )
        with _checked(_has_rows(latents), _is_finite(latents, "latents"), is_paired, in_unit):
            samples = self.model(tf.identity(latents))
            log_ratio = finite_or_impossible(self.ratio(samples))
            ascending = self.burn_in.value()
            largest = tf.maximum(ascending[-1], log_ratio)
            probability = drs.acceptance_probability(
                log_ratio, largest, ascending, self.sampling["gamma_percentile"], self.sampling["maximum_percentile"]
            )
            probability = tf.where(tf.math.is_inf(log_ratio), 0.0, probability)
            return {"samples": samples, "accept_probability": probability, "accepted": uniforms < probability}

    def _drs(self, num_samples, seed, gamma_percentile):
        in_range = _is_in_range(gamma_percentile, 0, 100, "gamma_percentile")
        with _checked(self._num_samples_in_range(num_samples), in_range):
            return drs.discriminator_rejection(
                gamma_percentile=tf.identity(gamma_percentile),
                maximum_percentile=self.sampling["maximum_percentile"],
                burn_in=self.burn_in.value(),
                **self._request(num_samples, seed),
            )

    def _request(self, num_samples, seed) -> dict:
        """What the rejection samplers take alike."""
        return dict(
            propose=self.model.propose,
            log_ratio=self.ratio,
            num_samples=tf.identity(num_samples),
            seed=seed,
            batch_size=self.sampling["batch_size"],
            max_proposals=num_samples * self.sampling["max_proposals_per_sample"],
        )


def _checked(*assertions: tf.Operation | None):
    """What is computed under it waits for the assertions; TensorFlow raises them as InvalidArgumentError."""
    return tf.control_dependencies([assertion for assertion in assertions if assertion is not None])


def _is_in_range(value: tf.Tensor, low: float, high: float, name: str):
    return tf.debugging.Assert((value >= low) & (value <= high), [f"{name} must be in {low} .. {high}, got", value])


def _is_finite(values: tf.Tensor, name: str):
    return tf.debugging.Assert(tf.reduce_all(tf.math.is_finite(values)), [f"{name} must be finite numbers."])


def _has_rows(values: tf.Tensor):
    return tf.debugging.Assert(tf.shape(values)[0] > 0, ["at least one row is needed, got none."])
