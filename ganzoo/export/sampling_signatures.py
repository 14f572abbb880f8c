"""The signatures of an export: graph code with its inputs checked, from a model, its density ratio and its limits."""

from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf

from ganzoo import noise
from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.bases.generative import with_labels
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.export.encoded_pictures import png
from ganzoo.export.request_checks import finite, is_finite, is_in_range, rows, rows_fit, under
from ganzoo.sampling import drs, mh, obrs, per_class
from ganzoo.sampling.proposals import burn_in, finite_or_impossible, generate

NUM_SAMPLES = tf.TensorSpec([], tf.int32, "num_samples")
SEED = tf.TensorSpec([2], tf.int32, "seed")
GAMMA_PERCENTILE = tf.TensorSpec([], tf.float32, "gamma_percentile")
BUDGET = tf.TensorSpec([], tf.float32, "budget")
CHAIN_LENGTH = tf.TensorSpec([], tf.int32, "chain_length")
UNIFORMS = tf.TensorSpec([None], tf.float32, "uniforms")
LABELS = tf.TensorSpec([None], tf.int64, "labels")
CATEGORIES = tf.TensorSpec([None], tf.int64, "categories")

Signatures = dict[str, tuple[Callable[..., dict[str, tf.Tensor]], list[tf.TensorSpec]]]


def signatures(model: AdversarialModel, ratio: DensityRatio | None, sampling: Mapping) -> Signatures:
    """Each signature's function and the named specs of its inputs.

    The inputs of a conditional model's signatures end in the labels, but for `propose_inputs`, which takes none.

    Args:
        model: trained; its averaged generator is what samples.
        ratio: None leaves out what rejects.
        sampling: as in `config.sampling`.
    """
    shape = model.generator.output_shape[1:]
    latents = tf.TensorSpec([None, model.latent_dim], tf.float32, "latents")
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
        named["propose"] = (rejecting.propose, [latents, UNIFORMS])
        if len(shape) == 3:
            named["drs_png"] = (rejecting.drs_png, [NUM_SAMPLES, SEED, GAMMA_PERCENTILE])
        if ratio.held_out is not None:
            named["mh"] = (rejecting.mh, [NUM_SAMPLES, SEED, CHAIN_LENGTH])
    if model.num_classes is not None:
        named = {name: (function, [*specs, LABELS]) for name, (function, specs) in named.items()}
    if ratio is not None:
        named["propose_inputs"] = (rejecting.propose_inputs, [NUM_SAMPLES, SEED])
    if model.codes is not None:
        coded = Coded(model, ratio, sampling)
        continuous = tf.TensorSpec([None, model.codes.continuous], tf.float32, "continuous")
        named["generate_from_codes"] = (coded.generate_from_codes, [CATEGORIES, continuous, SEED])
        named["recognise"] = (coded.recognise, [samples])
    return named


def are_rows(specs: Sequence[tf.TensorSpec]) -> bool:
    """Whether each input is any number of rows, so that those of several requests can be put into one."""
    return all(spec.shape.rank and spec.shape[0] is None for spec in specs)


class Plain:
    """What any model offers. `labels` are int64 [rows] of a conditional model, one for each sample; else not given."""

    def __init__(self, model: AdversarialModel, ratio: DensityRatio | None, sampling: Mapping):
        self.model, self.ratio, self.sampling = model, ratio, sampling

    def serving_default(self, latents, *labels):
        with under(*self._rows_fit(latents, "latents", *labels)):
            return {"samples": finite(self.model(with_labels(tf.identity(latents), *labels)), "samples")}

    def generate(self, num_samples, seed, *labels):
        with under(*self._is_request(num_samples, *labels)):
            draw = dict(seed=seed, batch_size=self.sampling["batch_size"], labels=labels[0] if labels else None)
            return {"samples": generate(self.model.propose, tf.identity(num_samples), **draw)}

    def score(self, samples, *labels):
        with under(*self._rows_fit(samples, "samples", *labels)):
            samples = tf.identity(samples)
            logits = self.model.discriminator(with_labels(samples, *labels), training=False)
            scores = {"logits": finite(logits, "logits")}
            return scores if self.ratio is None else scores | {"log_ratio": self._log_ratio(samples, *labels)}

    def _log_ratio(self, samples, *labels):
        return finite(self.ratio(samples, *labels), "log_ratio")

    def _rows_fit(self, values, name, *labels):
        """Of a request of rows: as many as there may be, finite, each with its label."""
        yield rows_fit(values, self.sampling["max_rows"])
        yield is_finite(values, name)
        yield from self._labels_fit(rows(values), *labels)

    def _is_request(self, num_samples, *labels):
        in_range = is_in_range(num_samples, 1, self.sampling["max_samples"], "num_samples")
        return in_range, *self._labels_fit(num_samples, *labels)

    def _labels_fit(self, wanted, *labels):
        """As many labels as wanted, and each a class."""
        for of_rows in labels:
            count = tf.size(of_rows)
            last = self.model.num_classes - 1
            yield tf.debugging.Assert(
                count == wanted, ["there must be a label for each of", wanted, "samples, got", count]
            )
            is_class = tf.reduce_all((of_rows >= 0) & (of_rows <= last))
            yield tf.debugging.Assert(is_class, [f"labels must be in 0 .. {last}, got", of_rows])


class Coded(Plain):
    """What a model with latent codes offers besides."""

    def generate_from_codes(self, categories, continuous, seed):
        codes, wanted = self.model.codes, tf.size(categories)
        is_paired = tf.debugging.Assert(
            rows(continuous) == wanted, ["categories and continuous must have as many rows as each other."]
        )
        is_category = tf.debugging.Assert(
            tf.reduce_all((categories >= 0) & (categories < codes.categories)),
            [f"categories must be in 0 .. {codes.categories - 1}, got", categories],
        )
        is_in_limit = rows_fit(categories, self.sampling["max_rows"], "the number of categories")
        with under(is_in_limit, is_finite(continuous, "continuous"), is_paired, is_category):
            latents = self.model.latents_of(seed, tf.identity(categories), continuous)
            return {"samples": finite(self.model(latents), "samples")}

    def recognise(self, samples):
        with under(*self._rows_fit(samples, "samples")):
            category_logits, continuous = self.model.recognise(tf.identity(samples), training=False)
            probabilities = finite(tf.nn.softmax(category_logits), "category_probabilities")
            return {"category_probabilities": probabilities, "continuous": finite(continuous, "continuous")}


class Rejecting(Plain):
    """What a model with a density ratio offers besides. The burn-in is drawn here, once, and kept in the export."""

    def __init__(self, model: AdversarialModel, ratio: DensityRatio, sampling: Mapping):
        super().__init__(model, ratio, sampling)
        draw = tf.function(burn_in, autograph=False)
        options = dict(batch_size=sampling["batch_size"], num_classes=model.num_classes)
        seed = noise.fold_in([model.seed, 0], noise.Fitting.BURN_IN)
        ascending = draw(model.propose, ratio, sampling["burn_in"], seed=seed, **options)
        self.burn_in = tf.Variable(ascending, trainable=False, name="burn_in")
        # Of the burn-in's length and the same for every request: no request pays for it.
        self.budgets = [tf.Variable(of, trainable=False, name="budgets") for of in obrs.budgets_of(ascending)]
        if ratio.held_out is not None:
            self.starts = tf.Variable(ratio.held_out, trainable=False, name="mh_starts")

    def drs(self, num_samples, seed, gamma_percentile, *labels):
        return self._drs(num_samples, seed, gamma_percentile, *labels)._asdict()

    def drs_png(self, num_samples, seed, gamma_percentile, *labels):
        draws = self._drs(num_samples, seed, gamma_percentile, *labels)._asdict()
        image_bytes = png(draws.pop("samples"))
        del draws["log_ratio"]
        return {"image_bytes": image_bytes, **draws}

    def obrs(self, num_samples, seed, budget, *labels):
        in_range = is_in_range(budget, 1, self.sampling["max_proposals_per_sample"], "budget")
        with under(*self._is_request(num_samples, *labels), in_range):
            sampler = per_class.budgeted_rejection if labels else obrs.budgeted_rejection
            budgets = obrs.Budgets(*(of.value() for of in self.budgets))
            kept = dict(budgets=budgets, budget=tf.identity(budget))
            return sampler(**kept, **self._request(num_samples, seed, *labels))._asdict()

    def mh(self, num_samples, seed, chain_length, *labels):
        in_range = is_in_range(chain_length, 1, self.sampling["max_chain_length"], "chain_length")
        with under(*self._is_request(num_samples, *labels), in_range):
            chains = mh.metropolis_hastings(
                self.model.propose,
                self.ratio,
                tf.identity(num_samples),
                seed=seed,
                start_log_ratios=self.starts.value(),
                chain_length=tf.identity(chain_length),
                batch_size=self.sampling["batch_size"],
                max_chains=self.sampling["max_samples"],
                labels=labels[0] if labels else None,
            )
            return chains._asdict() | ({"labels": tf.identity(labels[0])} if labels else {})

    def propose(self, latents, uniforms, *labels):
        """Rows in, rows out, so that a server may batch it; the percentiles are the config's.

        Args:
            latents: float32 [rows, d].
            uniforms: float32 [rows], in [0, 1).
            *labels: int64 [rows], of a conditional model.

        Returns:
            For each row, float32 [rows] where nothing else is said:

            - samples: float32 [rows, ...], the proposals.
            - log_ratio: D, what `score` says of the sample. Where `score` would refuse because D is not finite, -inf.
            - threshold: T, the log ratio of which one half is accepted: the burn-in's at `gamma_percentile`.
            - maximum: M, the burn-in's largest log ratio, or D where that is larger. Below a `maximum_percentile` of
              100, M is the burn-in's log ratio at that percentile, and T is at most M.
            - accept_probability: p = sigmoid(F(min(D, M)) - F(T)) with F(x) = x - M - log(1 - exp(x - M - 1e-8)).
              The paper's gamma is F(T). 0 where D is -inf.
            - accepted: bool [rows], uniforms < p.

            T and, but for a D that is larger, M are constants of the export, of a conditional model those of the class.

        Raises:
            InvalidArgumentError: for rows that are too many or too few or not as many everywhere, for latents that are
                not finite, uniforms outside [0, 1), labels that are no classes, and samples that are not finite.
        """
        is_paired = tf.debugging.Assert(
            rows(latents) == rows(uniforms), ["latents and uniforms must have as many rows as each other."]
        )
        in_unit = tf.debugging.Assert(
            tf.reduce_all((uniforms >= 0.0) & (uniforms < 1.0)), ["uniforms must be in [0, 1), got", uniforms]
        )
        with under(*self._rows_fit(latents, "latents", *labels), is_paired, in_unit):
            samples = finite(self.model(with_labels(tf.identity(latents), *labels)), "samples")
            log_ratio = finite_or_impossible(self.ratio(samples, *labels))
            ascending = self.burn_in.value()
            largest = tf.gather(ascending[:, -1], labels[0]) if labels else ascending[-1]
            percentiles = self.sampling["gamma_percentile"], self.sampling["maximum_percentile"]
            threshold, maximum = drs.threshold_and_maximum(
                tf.maximum(largest, log_ratio), ascending, *percentiles, *labels
            )
            probability = drs.probability_within(log_ratio, threshold, maximum)
            probability = tf.where(tf.math.is_inf(log_ratio), 0.0, probability)
            return {
                "samples": samples,
                "accept_probability": probability,
                "accepted": uniforms < probability,
                "log_ratio": log_ratio,
                "threshold": tf.broadcast_to(threshold, tf.shape(log_ratio)),
                "maximum": maximum,
            }

    def propose_inputs(self, num_samples, seed):
        """The `latents` float32 [num_samples, d] and the `uniforms` float32 [num_samples] of a seed's first proposals.

        `drs` proposes from these rows in this order and compares with these numbers, so that `propose` says of them
        what `drs` did. Latents are the model's own, which need not be normal (`dcgan`, `infogan`).
        """
        with under(*self._is_request(num_samples)):
            count, uniform_seed = tf.identity(num_samples), noise.fold_in(seed, noise.Request.UNIFORMS)
            return {"latents": self.model.latents(seed, count), "uniforms": noise.uniform(uniform_seed, count)}

    def _drs(self, num_samples, seed, gamma_percentile, *labels):
        in_range = is_in_range(gamma_percentile, 0, 100, "gamma_percentile")
        with under(*self._is_request(num_samples, *labels), in_range):
            sampler = per_class.discriminator_rejection if labels else drs.discriminator_rejection
            return sampler(
                burn_in=self.burn_in.value(),
                gamma_percentile=tf.identity(gamma_percentile),
                maximum_percentile=self.sampling["maximum_percentile"],
                **self._request(num_samples, seed, *labels),
            )

    def _request(self, num_samples, seed, *labels) -> dict:
        """What the rejection samplers take alike."""
        return dict(
            propose=self.model.propose,
            log_ratio=self.ratio,
            **(dict(labels=tf.identity(labels[0])) if labels else dict(num_samples=tf.identity(num_samples))),
            seed=seed,
            batch_size=self.sampling["batch_size"],
            max_proposals=num_samples * self.sampling["max_proposals_per_sample"],
        )
