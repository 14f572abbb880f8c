"""The signatures of a sampling model: graph code that checks its inputs, from a model, its density ratio and limits."""

from collections.abc import Mapping, Sequence

import tensorflow as tf

from ganzoo import noise
from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.bases.generative import with_labels
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.export.encoded_pictures import png
from ganzoo.export.inputs import SAMPLING
from ganzoo.export.request_checks import checked, finite
from ganzoo.export.signature import Shared, Signature, Signatures
from ganzoo.networks import style
from ganzoo.sampling import drs, mh, obrs, per_class
from ganzoo.sampling.proposals import burn_in, finite_or_impossible, generate

STYLES_AVERAGED = 10_000


def signatures(
    model: AdversarialModel,
    ratio: DensityRatio | None,
    sampling: Mapping,
    classes: Sequence[int] | None = None,
) -> Signatures:
    """The signatures of a sampling model, by name.

    The signatures of a conditional model take `labels` as their last input. `propose_inputs` alone takes no labels.

    Args:
        model: the trained model; its averaged generator makes the samples.
        ratio: the model's density ratio; None leaves out the signatures that reject.
        sampling: as in `config.sampling`.
        classes: the labels by which requests ask for the model's classes 0, 1, ...; None is these numbers themselves.
    """
    networks = Networks(model, ratio)
    basic = BasicSignatures(networks, sampling)
    offered = {
        basic.serving_default: ("latents",),
        basic.generate: ("num_samples", "seed"),
        basic.score: ("samples",),
    }
    if ratio is not None:
        rejection = RejectionSignatures(networks, sampling)
        offered[rejection.drs] = ("num_samples", "seed", "gamma_percentile")
        offered[rejection.obrs] = ("num_samples", "seed", "budget")
        offered[rejection.propose] = ("latents", "uniforms")
        if len(model.generator.output_shape) == 4:
            offered[rejection.drs_png] = ("num_samples", "seed", "gamma_percentile")
        if ratio.held_out is not None:
            offered[rejection.mh] = ("num_samples", "seed", "chain_length")
    if model.num_classes is not None:
        offered = {function: (*names, "labels") for function, names in offered.items()}
    if ratio is not None:
        offered[rejection.propose_inputs] = ("num_samples", "seed")
    if model.codes is not None:
        codes = CodeSignatures(networks, sampling)
        offered[codes.generate_from_codes] = ("categories", "continuous", "seed")
        offered[codes.recognise] = ("samples",)
    if has_styles(model):
        styles = StyleSignatures(networks, sampling)
        offered[styles.generate_from_styles] = ("num_samples", "seed", "truncation", "style_mixing")
        offered[styles.mix_styles] = ("latents", "fine_latents", "crossover", "truncation")
    numbers = {**sampling, **sizes(model, classes)}
    named = {}
    for function, names in offered.items():
        inputs = tuple(SAMPLING[name].settled(numbers) for name in names)
        named[function.__name__] = Signature(checked(function, inputs), inputs)
    return named


def sizes(model: AdversarialModel, classes: Sequence[int] | None = None) -> dict[str, object]:
    """The sizes of a model that the table of inputs names (`ganzoo.export.inputs.Input`); `classes` as there."""
    named = {"latent_dim": model.latent_dim, "sample_shape": tuple(model.generator.output_shape[1:])}
    if model.num_classes is not None:
        named["num_classes"] = model.num_classes
        named["classes"] = None if classes is None else tuple(classes)
    if model.codes is not None:
        named |= {"num_categories": model.codes.categories, "num_continuous": model.codes.continuous}
    if has_styles(model):
        named["num_styles"] = style.parts(model.ema_generator).layers
    return named


def has_styles(model: AdversarialModel) -> bool:
    """Whether the model's samples come from styles that its latents alone determine."""
    return style.parts(model.ema_generator) is not None


class Networks:
    """A model's networks and its density ratio, and the functions by which the signatures share them.

    Attributes:
        model: the trained model.
        ratio: the model's density ratio, or None.
        samples: the model's samples of latents float32 [rows, d], and of labels int64 [rows] if it is conditional.
        propose: the model's `propose`.
        log_ratio: the ratio's `log_ratio`; None without a ratio.
    """

    def __init__(self, model: AdversarialModel, ratio: DensityRatio | None):
        self.model, self.ratio = model, ratio
        rows = () if model.num_classes is None else (tf.TensorSpec([None], tf.int64),)
        number, stream = tf.TensorSpec([], tf.int32), tf.TensorSpec([2], tf.int32)
        made = tf.TensorSpec([None, *model.generator.output_shape[1:]])
        self.samples = Shared(self._samples, tf.TensorSpec([None, model.latent_dim]), *rows)
        self.propose = Shared(model.propose, stream, number, number, *rows)
        self.log_ratio = None if ratio is None else Shared(ratio.log_ratio, made, *rows)

    def _samples(self, latents, *labels):
        return self.model(with_labels(latents, *labels))


class BasicSignatures:
    """The signatures of every model, on checked inputs.

    `labels` are int64 [rows], one for each sample of a conditional model. Other models get no labels.
    """

    def __init__(self, networks: Networks, sampling: Mapping):
        self.model, self.networks, self.sampling = networks.model, networks, sampling

    def serving_default(self, latents, *labels):
        return {"samples": finite(self.networks.samples(latents, *labels), "samples")}

    def generate(self, num_samples, seed, *labels):
        draw = dict(seed=seed, batch_size=self.sampling["batch_size"], labels=labels[0] if labels else None)
        return {"samples": generate(self.networks.propose, num_samples, **draw)}

    def score(self, samples, *labels):
        logits = self.model.discriminator(with_labels(samples, *labels), training=False)
        scores = {"logits": finite(logits, "logits")}
        if self.networks.log_ratio is not None:
            scores["log_ratio"] = finite(self.networks.log_ratio(samples, *labels), "log_ratio")
        return scores


class CodeSignatures(BasicSignatures):
    """The further signatures of a model with latent codes."""

    def generate_from_codes(self, categories, continuous, seed):
        return {"samples": finite(self.model(self.model.latents_of(seed, categories, continuous)), "samples")}

    def recognise(self, samples):
        category_logits, continuous = self.model.recognise(samples, training=False)
        probabilities = finite(tf.nn.softmax(category_logits), "category_probabilities")
        return {"category_probabilities": probabilities, "continuous": finite(continuous, "continuous")}


class StyleSignatures(BasicSignatures):
    """The further signatures of a model with styles, of any objective.

    The other signatures take no truncation: their density ratio and burn-in hold for a truncation of 1 alone. The
    average style is computed here once, over 10,000 latents, and kept in the export; the authors average over the
    training instead.
    """

    def __init__(self, networks: Networks, sampling: Mapping):
        super().__init__(networks, sampling)
        self.mapping, self.synthesis, self.layers = style.parts(self.model.ema_generator)
        latents = self.model.latents(noise.root(self.model.seed, noise.Purpose.AVERAGE_STYLE), STYLES_AVERAGED)
        average = tf.reduce_mean(self.mapping(latents), axis=0)
        self.average = tf.Variable(average, trainable=False, name="average_style")

    def generate_from_styles(self, num_samples, seed, truncation, style_mixing):
        """Samples of truncated styles, some of them with a second style in their finer layers.

        Args:
            num_samples: int32 [].
            seed: int32 [2]. With a truncation of 1 and without mixing, the samples are those of `generate`.
            truncation: float32 [], psi: styles w become average + psi (w - average).
            style_mixing: float32 [], the probability that a sample has two styles. The first layer with the second
                style is then any but the first, equally often.
        """
        fine_seed, crossover_seed = (
            noise.fold_in(seed, purpose) for purpose in (noise.Purpose.FINE_LATENTS, noise.Purpose.CROSSOVERS)
        )

        def propose(seed, first_row, row_count):
            latents = (self.model.latents(each, row_count, first_row=first_row) for each in (seed, fine_seed))
            uniforms = noise.uniforms(crossover_seed, row_count, 2, first_row=first_row)
            return self._samples(*latents, style.crossovers(uniforms, style_mixing, self.layers), truncation)

        return {"samples": generate(propose, num_samples, seed=seed, batch_size=self.sampling["batch_size"])}

    def mix_styles(self, latents, fine_latents, crossover, truncation):
        """Samples with two styles: of `latents` up to a layer, and of `fine_latents` from that layer on.

        Args:
            latents: float32 [rows, d].
            fine_latents: float32 [rows, d].
            crossover: int32 [], the first layer with the fine style: 0 is none of the coarse one.
            truncation: as in `generate_from_styles`.
        """
        return {"samples": finite(self._samples(latents, fine_latents, crossover, truncation), "samples")}

    def _samples(self, latents, fine_latents, crossover, truncation):
        average = self.average.value()
        styles = [average + truncation * (self.mapping(each) - average) for each in (latents, fine_latents)]
        return self.synthesis(style.mixed(*styles, crossover, self.layers), training=False)


class RejectionSignatures(BasicSignatures):
    """The further signatures of a model with a density ratio. The burn-in is drawn here once and kept in the export."""

    def __init__(self, networks: Networks, sampling: Mapping):
        super().__init__(networks, sampling)
        draw = tf.function(burn_in, autograph=False)
        options = dict(batch_size=sampling["batch_size"], num_classes=self.model.num_classes)
        seed = noise.root(self.model.seed, noise.Purpose.BURN_IN)
        ascending = draw(self.model.propose, networks.ratio, sampling["burn_in"], seed=seed, **options)
        self.burn_in = tf.Variable(ascending, trainable=False, name="burn_in")
        # Computed once: the budgets are as many as the burn-in's log ratios and the same for every request.
        self.budgets = [tf.Variable(each, trainable=False, name="budgets") for each in obrs.budgets_of(ascending)]
        if networks.ratio.held_out is not None:
            self.starts = tf.Variable(networks.ratio.held_out, trainable=False, name="mh_starts")

    def drs(self, num_samples, seed, gamma_percentile, *labels):
        return self._drs(num_samples, seed, gamma_percentile, *labels)._asdict()

    def drs_png(self, num_samples, seed, gamma_percentile, *labels):
        draws = self._drs(num_samples, seed, gamma_percentile, *labels)._asdict()
        image_bytes = png(draws.pop("samples"))
        del draws["log_ratio"]
        return {"image_bytes": image_bytes, **draws}

    def obrs(self, num_samples, seed, budget, *labels):
        sampler = per_class.budgeted_rejection if labels else obrs.budgeted_rejection
        kept = dict(budgets=obrs.Budgets(*(value.value() for value in self.budgets)), budget=budget)
        return sampler(**kept, **self._request(num_samples, seed, *labels))._asdict()

    def mh(self, num_samples, seed, chain_length, *labels):
        chains = mh.metropolis_hastings(
            self.networks.propose,
            self.networks.log_ratio,
            num_samples,
            seed=seed,
            start_log_ratios=self.starts.value(),
            chain_length=chain_length,
            batch_size=self.sampling["batch_size"],
            max_chains=self.sampling["max_samples"],
            labels=labels[0] if labels else None,
        )
        return chains._asdict() | ({"labels": labels[0]} if labels else {})

    def propose(self, latents, uniforms, *labels):
        """Decides on proposals. Rows in, rows out, so that a server may batch it; the percentiles are the config's.

        Args:
            latents: float32 [rows, d].
            uniforms: float32 [rows], in [0, 1).
            *labels: int64 [rows], of a conditional model.

        Returns:
            For each row, float32 [rows] unless noted:

            - samples: float32 [rows, ...], the proposals.
            - log_ratio: D, the sample's log ratio as in `score`; -inf where `score` would refuse a D that is not
              finite.
            - threshold: T, the log ratio at which half of the proposals are accepted. F(T) is the paper's gamma, the
              percentile `gamma_percentile` of F over the burn-in.
            - maximum: M, the burn-in's largest log ratio, or D if D is larger. Below a `maximum_percentile` of 100, M
              is the burn-in's log ratio at that percentile, and T is at most M.
            - accept_probability: p = sigmoid(F(min(D, M)) - F(T)) with F(x) = x - M - log(1 - exp(x - M - 1e-8)).
              0 where D is -inf.
            - accepted: bool [rows], uniforms < p.

            T and M are constants of the export unless D is larger than M. A conditional model has a T and an M per
            class.

        Raises:
            InvalidArgumentError: for too many or too few rows, inputs with different numbers of rows, latents that are
                not finite, uniforms outside [0, 1), labels that are no classes, and samples that are not finite.
        """
        samples = finite(self.networks.samples(latents, *labels), "samples")
        log_ratio = finite_or_impossible(self.networks.log_ratio(samples, *labels))
        ascending = self.burn_in.value()
        largest = tf.gather(ascending[:, -1], labels[0]) if labels else ascending[-1]
        percentiles = self.sampling["gamma_percentile"], self.sampling["maximum_percentile"]
        level, maximum = drs.level_and_maximum(tf.maximum(largest, log_ratio), ascending, *percentiles, *labels)
        probability = drs.probability_within(log_ratio, level, maximum)
        probability = tf.where(tf.math.is_inf(log_ratio), 0.0, probability)
        return {
            "samples": samples,
            "accept_probability": probability,
            "accepted": uniforms < probability,
            "log_ratio": log_ratio,
            "threshold": drs.threshold(level, maximum),
            "maximum": maximum,
        }

    def propose_inputs(self, num_samples, seed):
        """The `latents` float32 [num_samples, d] and the `uniforms` float32 [num_samples] of a seed's first proposals.

        `drs` proposes from these latents in this order and compares with these uniforms, so that `propose` on them
        repeats the decisions of `drs`. The latents have the model's own distribution, which need not be normal
        (`dcgan`, `infogan`).
        """
        uniforms = noise.uniform(noise.fold_in(seed, noise.Purpose.ACCEPTANCES), num_samples)
        return {"latents": self.model.latents(seed, num_samples), "uniforms": uniforms}

    def _drs(self, num_samples, seed, gamma_percentile, *labels):
        sampler = per_class.discriminator_rejection if labels else drs.discriminator_rejection
        return sampler(
            burn_in=self.burn_in.value(),
            gamma_percentile=gamma_percentile,
            maximum_percentile=self.sampling["maximum_percentile"],
            **self._request(num_samples, seed, *labels),
        )

    def _request(self, num_samples, seed, *labels) -> dict:
        """The arguments that all rejection samplers take."""
        return dict(
            propose=self.networks.propose,
            log_ratio=self.networks.log_ratio,
            **(dict(labels=labels[0]) if labels else dict(num_samples=num_samples)),
            seed=seed,
            batch_size=self.sampling["batch_size"],
            max_proposals=num_samples * self.sampling["max_proposals_per_sample"],
        )
